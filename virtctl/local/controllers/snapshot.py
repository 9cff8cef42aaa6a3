"""VirtualMachineSnapshots: a machine's definition and disks (api.md §1.5).

The definition is kept in a VirtualMachineSnapshotContent. For each claim of the machine there is a
VolumeSnapshot, which the node takes (``node.snapshots``), all of one machine in the same moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import backendstorage, conditions, fillings, reconcile, volumecopies
from virtctl.local.runtime.changes import (
    Announce,
    Change,
    Create,
    Requeue,
    delete,
    patch,
    status_patch,
)
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import finalizers, is_deleting, with_finalizer, without_finalizer
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.times import seconds, stamp
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    flag,
    items,
    name_of,
    namespace_of,
    objects,
    text,
    uid_of,
)
from virtctl.models.kinds import (
    PVC,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
    VOLUME_SNAPSHOT,
)
from virtctl.wire.quantities import parse_duration

_PROTECTION = "snapshot.kubevirt.io/vmsnapshot-protection"
_SOURCE_PROTECTION = "snapshot.kubevirt.io/snapshot-source-protection"
_CONTENT_PROTECTION = "snapshot.kubevirt.io/vmsnapshotcontent-protection"
_DEADLINE = "5m0s"
_LOOK_AGAIN = 5.0  # seconds between looks for a machine that is not there
_LOCKED = ("True", "Source locked and operation in progress")
_LOCK = "snapshotInProgress"
_VOLUMES = ("spec", "template", "spec", "volumes")
_KEPT_METADATA = (
    "name", "namespace", "uid", "labels", "annotations", "creationTimestamp", "resourceVersion",
    "generation",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A snapshot, the machine that it is of, and its content; a content alone has lost it.

    ``claims`` are those of the machine's volumes, ``parts`` the snapshots of its volumes, by name;
    ``state`` is the claim of its firmware and TPM.
    """

    snapshot: Document | None = None
    machine: Document | None = None
    instance: Document | None = None
    content: Document | None = None
    claims: dict[str, Document] = field(default_factory=dict)
    state: Document | None = None
    parts: dict[str, Document] = field(default_factory=dict)


class SnapshotController:
    """Captures machines."""

    name = "snapshot"
    component = "snapshot-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Snapshots, their contents, and the snapshots of volumes that belong to them."""
        return (
            Watched(SNAPSHOT, reconcile.itself),
            Watched(SNAPSHOT_CONTENT, _snapshot_of),
            Watched(VOLUME_SNAPSHOT, _whole_of),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The snapshot of ``key`` and what belongs to it."""
        content = None
        for one in service.list(SNAPSHOT_CONTENT, key.namespace).items:
            if key in _snapshot_of(one):
                content = one
        try:
            snapshot = service.get(SNAPSHOT, *key)
        except NotFound:
            return Seen(content=content) if content is not None else None
        name = text(snapshot, "spec", "source", "name")
        machine = service.find(VIRTUAL_MACHINE, key.namespace, name)
        claims = {
            claim: service.find(PVC, key.namespace, claim)
            for claim in volumecopies.claims(machine or {}).values()
        }
        names = [text(one, "volumeSnapshotName") for one in _backups(content or {})]
        parts = {one: service.find(VOLUME_SNAPSHOT, key.namespace, one) for one in names}
        return Seen(
            snapshot=snapshot,
            content=content,
            machine=machine,
            instance=service.find(VIRTUAL_MACHINE_INSTANCE, key.namespace, name),
            claims={claim: found for claim, found in claims.items() if found is not None},
            state=_state(service, machine or {}),
            parts={one: found for one, found in parts.items() if found is not None},
        )

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """What to change about one snapshot."""
        if seen.snapshot is None:
            return list(_release_content(seen.content))
        if is_deleting(seen.snapshot):
            return list(_remove(seen, seen.snapshot))
        made: list[Change] = []
        if _PROTECTION not in finalizers(seen.snapshot):
            made.append(patch(SNAPSHOT, seen.snapshot, with_finalizer(seen.snapshot, _PROTECTION)))
        phase = text(seen.snapshot, "status", "phase")
        if phase not in {"Succeeded", "Failed"}:
            made.extend(_capture(seen, seen.snapshot, now))
        elif phase == "Succeeded" and seen.content is not None:
            made.extend(_watch_over(seen, seen.snapshot, seen.content, now))
        return made


def _state(service: ApiService, machine: Document) -> Document | None:
    if not volumecopies.state_volume(machine):
        return None
    selector = f"{backendstorage.LABEL}={name_of(machine)}"
    found = service.list(PVC, namespace_of(machine), labels=selector).items
    return next((claim for claim in found if not is_deleting(claim)), None)


def _snapshot_of(content: Document) -> Iterable[Key]:
    return (Key(namespace_of(content), text(content, "spec", "virtualMachineSnapshotName")),)


def _whole_of(part: Document) -> Iterable[Key]:
    name = text(part, "metadata", "annotations", volumecopies.PART_OF)
    return (Key(namespace_of(part), name),) if name else ()


def _backups(content: Document) -> list[Document]:
    return list(objects(content, "spec", "volumeBackups"))


def content_name(snapshot: Document) -> str:
    """Name of a snapshot's content."""
    return f"vmsnapshot-content-{uid_of(snapshot)}"


def _capture(seen: Seen, snapshot: Document, now: float) -> Iterator[Change]:
    deadline = seconds(text(snapshot, "metadata", "creationTimestamp")) + _patience(snapshot)
    late = bool(_patience(snapshot)) and now >= deadline
    if seen.content is not None and flag(seen.content, "status", "readyToUse"):
        yield from _complete(seen, snapshot, seen.content, now)
    elif late:
        yield from _unlock(seen, snapshot)
        yield from _drop(seen.content)  # what is not ready is of no use, whatever the policy
        yield from _fail(snapshot, now)
    elif seen.content is not None:
        yield from _take(seen, snapshot, seen.content, now)
        if _patience(snapshot) and _backups(seen.content):
            yield Requeue(min(_LOOK_AGAIN, deadline - now))
    else:
        yield from _begin(seen, snapshot, now)


def _begin(seen: Seen, snapshot: Document, now: float) -> Iterator[Change]:
    """Lock the machine and write down what it is."""
    problem = _unlockable(seen, snapshot)
    if seen.machine is None or problem:
        report = _Report("InProgress", ("False", problem), facts=_of_source(seen))
        yield from _status(snapshot, report, now)
        yield Requeue(_LOOK_AGAIN)
        return
    if volumecopies.claims(seen.machine) or seen.state is not None:
        lock: Document = {"status": {_LOCK: name_of(snapshot)}}
        yield patch(VIRTUAL_MACHINE, seen.machine, lock, subresource="status")
        if _SOURCE_PROTECTION not in finalizers(seen.machine):
            protected = with_finalizer(seen.machine, _SOURCE_PROTECTION)
            yield patch(VIRTUAL_MACHINE, seen.machine, protected)
    document = build_content(snapshot, seen.machine, seen.claims, seen.state)
    yield Create(kind=SNAPSHOT_CONTENT, document=document)
    said = f"Successfully created VirtualMachineSnapshotContent {content_name(snapshot)}"
    reason = "SuccessfulVirtualMachineSnapshotContentCreate"
    yield Announce(about=snapshot, reason=reason, message=said)
    facts = _of_source(seen) | _indicated(_expected(seen.instance))
    yield from _status(snapshot, _Report("InProgress", _LOCKED, facts=facts), now)


def _unlockable(seen: Seen, snapshot: Document) -> str:
    """Why the machine cannot be captured now; empty when it can."""
    if seen.machine is None:
        return "Source does not exist"
    holder = text(seen.machine, "status", _LOCK)
    where = f"source {namespace_of(seen.machine)}/{name_of(seen.machine)}"
    for claim in volumecopies.claims(seen.machine).values():
        why = _incomplete(seen.claims.get(claim))
        if why:
            return f"Source not locked {where} {why}: {claim}"
    if holder not in {"", name_of(snapshot)}:
        return f'Source not locked snapshot "{holder}" in progress'
    return ""


def _incomplete(claim: Document | None) -> str:
    if claim is None:
        return "volume doesnt exist"
    if is_deleting(claim):
        return "volume is being deleted"
    if text(claim, "status", "phase") != "Bound":
        return "volume not bound"
    return "" if fillings.is_filled(claim) else "volume not populated"


def _of_source(seen: Seen) -> Document:
    return {} if seen.machine is None else {"sourceUID": uid_of(seen.machine)}


def _take(seen: Seen, snapshot: Document, content: Document, now: float) -> Iterator[Change]:
    """Have all volumes copied; the content is ready when they are."""
    told: list[JsonValue] = []
    ready = True
    for backup in _backups(content):
        name = text(backup, "volumeSnapshotName")
        part = seen.parts.get(name)
        if part is None:
            made = volumecopies.build_part(backup, content, snapshot)
            yield Create(kind=VOLUME_SNAPSHOT, document=made)
            message = f"Successfully created VolumeSnapshot {name}"
            yield Announce(about=content, reason="SuccessfulVolumeSnapshotCreate", message=message)
        ready = ready and flag(part or {}, "status", "readyToUse")
        told.append(_told(name, part or {}))
    status: Document = {**child(content, "status"), "readyToUse": ready}
    status["error"] = _error(content, _part_error(told), now)
    if told:
        status["volumeSnapshotStatus"] = told
    if ready:
        moments = [text(one, "status", "creationTime") for one in seen.parts.values()]
        status["creationTime"] = min(moments, default=stamp(now))
    yield from _content_status(content, status)
    if status["error"] is not None or find(snapshot, "status", "error") is not None:
        facts: Document = {"error": status["error"], **_of_source(seen)}
        progressing = _LOCKED if status["error"] is None else ("False", "In error state")
        yield from _status(snapshot, _Report("InProgress", progressing, facts=facts), now)


def _content_status(content: Document, status: Document) -> Iterator[Change]:
    """``error`` is left out where it is None."""
    kept: Document = {key: value for key, value in status.items() if value is not None}
    yield from status_patch(SNAPSHOT_CONTENT, content, kept)


def _part_error(told: Sequence[JsonValue]) -> str:
    for one in told:
        if isinstance(one, dict) and (message := text(one, "error", "message")):
            return f"VolumeSnapshot {text(one, 'volumeSnapshotName')} error: {message}"
    return ""


def _error(content: Document, message: str, now: float) -> Document | None:
    """A content's error, which keeps its time as long as it says the same."""
    if not message:
        return None
    known = child(content, "status", "error")
    return known if text(known, "message") == message else {"time": stamp(now), "message": message}


def _watch_over(seen: Seen, snapshot: Document, content: Document, now: float) -> Iterator[Change]:
    """A snapshot is of no use any more once a copy of one of its disks is gone."""
    names = [text(one, "volumeSnapshotName") for one in _backups(content)]
    missing = [name for name in names if name not in seen.parts]
    if not missing or is_deleting(content):
        return
    message = f"VolumeSnapshots ({','.join(missing)}) missing"
    error = _error(content, message, now)
    if text(content, "status", "error", "message") != message:
        for name in missing:
            said = f"VolumeSnapshot {name} no longer exists"
            yield Announce(
                about=content, reason="VolumeSnapshotMissing", message=said, warning=True
            )
    told: list[JsonValue] = [_told(name, seen.parts[name]) for name in names if name in seen.parts]
    status: Document = {**child(content, "status"), "readyToUse": False, "error": error}
    yield from _content_status(content, {**status, "volumeSnapshotStatus": told})
    report = _Report("Succeeded", ("False", "In error state"), facts={"error": error})
    yield from _status(snapshot, report, now)


def _told(name: str, part: Document) -> Document:
    entry: Document = {
        "volumeSnapshotName": name,
        "readyToUse": flag(part, "status", "readyToUse"),
    }
    for field_ in ("creationTime", "error"):
        value = find(part, "status", field_)
        if value is not None:
            entry[field_] = value
    return entry


def _unlock(seen: Seen, snapshot: Document) -> Iterator[Change]:
    machine = seen.machine or {}
    if text(machine, "status", _LOCK) == name_of(snapshot):
        yield patch(VIRTUAL_MACHINE, machine, {"status": {_LOCK: None}}, subresource="status")
        if _SOURCE_PROTECTION in finalizers(machine):
            yield patch(VIRTUAL_MACHINE, machine, without_finalizer(machine, _SOURCE_PROTECTION))


def _patience(snapshot: Document) -> float:
    """Seconds until a snapshot that is not ready has failed; 0 for ever."""
    given = text(snapshot, "spec", "failureDeadline", default=_DEADLINE)
    return parse_duration(given).total_seconds()


def _complete(seen: Seen, snapshot: Document, content: Document, now: float) -> Iterator[Change]:
    machine = child(content, "spec", "source", "virtualMachine")
    facts: Document = {
        "creationTime": text(content, "status", "creationTime"),
        "sourceUID": uid_of(machine),
        "virtualMachineSnapshotContentName": name_of(content),
        "error": None,
    }
    included = [text(one, "volumeName") for one in _backups(content)]
    volumes = [text(one, "name") for one in objects(machine, *_VOLUMES)]
    excluded: list[JsonValue] = [name for name in volumes if name not in included]
    listed: Document = {"includedVolumes": [*included]} if included else {}
    facts["snapshotVolumes"] = listed | ({"excludedVolumes": excluded} if excluded else {})
    found = sorted(_indications(seen, snapshot))
    copied = {"persistentVolumeClaim", "dataVolume", "memoryDump"}
    if any(copied & set(one) for one in objects(machine, *_VOLUMES) if one.get("name") in excluded):
        found.append("PartialSnapshot")
    facts |= _indicated(found)
    yield from _unlock(seen, snapshot)
    done = _Report("Succeeded", ("False", "Operation complete"), ("True", "Ready"), facts)
    yield from _status(snapshot, done, now)


# What clients see of each is KubeVirt's; it has none for a freeze that failed.
_SAID = {
    "Online": (
        "Snapshot taken while the VM was running. Consistency depends on guest-agent quiescing."
    ),
    "GuestAgent": (
        "Guest agent was active and attempted to quiesce the filesystem for "
        "application consistency."
    ),
    "NoGuestAgent": (
        "Guest agent was not available. Snapshot is crash-consistent and may not be "
        "application-consistent."
    ),
    "QuiesceFailed": "The guest agent could not freeze the guest's file systems.",
    "Paused": (
        "Snapshot taken while the VM was paused. Snapshot is crash-consistent and "
        "may not be application-consistent."
    ),
    "PartialSnapshot": (
        "Not all snapshotable volumes were included in the snapshot. Check "
        "status.snapshotVolumes for excluded volumes and VM VolumeSnapshotStatus for details."
    ),
}


def _indicated(found: Sequence[str]) -> Document:
    """Indications in both of the fields that tell of them."""
    if not found:
        return {}
    return {
        "indications": [*found],
        "sourceIndications": [{"indication": one, "message": _SAID[one]} for one in found],
    }


def _expected(instance: Document | None) -> list[str]:
    """How a snapshot of a machine will be taken, as far as its state tells beforehand."""
    if instance is None:
        return []
    if conditions.holds(instance, "Paused"):
        return ["Online", "Paused"]
    if conditions.find_condition(instance, "AgentConnected") is not None:
        return ["GuestAgent", "Online"]
    return ["NoGuestAgent", "Online"]


def _indications(seen: Seen, snapshot: Document) -> Iterator[str]:
    """How the snapshot was taken, by those who took it."""
    ways = [
        text(one, "metadata", "annotations", volumecopies.QUIESCED) for one in seen.parts.values()
    ]
    if seen.parts:
        if any(ways):
            yield "Online"
            yield from (one for one in _SAID if one != "Online" and one in ways)
    else:
        known = [str(one) for one in items(snapshot, "status", "indications")]
        yield from known or _expected(seen.instance)


def _fail(snapshot: Document, now: float) -> Iterator[Change]:
    message = "snapshot deadline exceeded"
    failed = _Report("Failed", ("False", "Operation failed"), failure=message)
    yield from _status(snapshot, failed, now)


@dataclass(frozen=True)
class _Report:
    """How a snapshot is. ``progressing`` and ``ready`` are a condition's status and reason."""

    phase: str
    progressing: tuple[str, str]
    ready: tuple[str, str] = ("False", "Not ready")
    facts: Document = field(default_factory=dict)
    failure: str = ""


def _status(snapshot: Document, report: _Report, now: float) -> Iterator[Change]:
    wanted = [
        condition(kind, status, reason=reason)
        for kind, (status, reason) in (
            ("Progressing", report.progressing),
            ("Ready", report.ready),
        )
    ]
    if report.failure:
        wanted.append(condition("Failure", "True", reason=report.failure))
    known = objects(snapshot, "status", "conditions")
    status: Document = {
        **child(snapshot, "status"),
        "phase": report.phase,
        "readyToUse": report.ready[0] == "True",
        "conditions": conditions.merged(known, wanted, now),
        **report.facts,
    }
    told: Document = {key: value for key, value in status.items() if value is not None}
    yield from status_patch(SNAPSHOT, snapshot, told)


def build_content(
    snapshot: Document,
    machine: Document,
    claims: Mapping[str, Document],
    state: Document | None = None,
) -> Document:
    """The machine as it is now, and what of its claims is to be copied, as a content.

    ``state`` is the claim of its firmware and TPM.
    """
    metadata: Document = {
        key: value for key, value in child(machine, "metadata").items() if key in _KEPT_METADATA
    }
    spec: Document = {
        "virtualMachineSnapshotName": name_of(snapshot),
        "source": {
            "virtualMachine": {
                "metadata": deepcopy(metadata),
                "spec": deepcopy(child(machine, "spec")),
                "status": deepcopy(child(machine, "status")),
            }
        },
    }
    backups: list[JsonValue] = [
        volumecopies.build_backup(volume, claims[claim], snapshot)
        for volume, claim in volumecopies.claims(machine).items()
        if claim in claims
    ]
    if state is not None:
        volume = volumecopies.state_volume(machine)
        backups.append(volumecopies.build_backup(volume, state, snapshot))
    if backups:
        spec["volumeBackups"] = backups
    return {
        "apiVersion": SNAPSHOT_CONTENT.api_version,
        "kind": SNAPSHOT_CONTENT.name,
        "metadata": {
            "name": content_name(snapshot),
            "namespace": namespace_of(snapshot),
            "finalizers": [_CONTENT_PROTECTION],
        },
        "spec": spec,
    }


def _remove(seen: Seen, snapshot: Document) -> Iterator[Change]:
    """The snapshot goes, and its content with it unless that is to stay."""
    yield from _unlock(seen, snapshot)
    ready = flag(seen.content or {}, "status", "readyToUse")
    if not ready or text(snapshot, "spec", "deletionPolicy") != "Retain":
        yield from _drop(seen.content)
    if _PROTECTION in finalizers(snapshot):
        yield patch(SNAPSHOT, snapshot, without_finalizer(snapshot, _PROTECTION))


def _drop(content: Document | None) -> Iterator[Change]:
    if content is None:
        return
    if not is_deleting(content):
        yield delete(SNAPSHOT_CONTENT, content)
    yield from _release_content({**content, "metadata": _deleted(content)})


def _deleted(document: Document) -> Document:
    return {**child(document, "metadata"), "deletionTimestamp": "now"}


def _release_content(content: Document | None) -> Iterator[Change]:
    """Let go of a content that is to go; the copies of its disks go after it, being its own."""
    if content is not None and is_deleting(content) and _CONTENT_PROTECTION in finalizers(content):
        body = without_finalizer(content, _CONTENT_PROTECTION)
        yield patch(SNAPSHOT_CONTENT, content, body)
