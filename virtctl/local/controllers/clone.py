"""VirtualMachineClones: a copy of a machine, or of what a snapshot has of one.

A machine with disks on claims is cloned as upstream: by a snapshot, unless the source is one, and a
restore of it to the new name, both of which go when they have done their part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from virtctl.errors import ApiError, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, copies, naming, reconcile, restoring, volumecopies
from virtctl.local.runtime.changes import (
    Announce,
    Change,
    Create,
    Requeue,
    delete,
    status_patch,
)
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.informer import key_of
from virtctl.local.runtime.owners import controller_reference, is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    flag,
    items,
    name_of,
    namespace_of,
    objects,
    put,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import (
    CLONE,
    RESTORE,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
    VIRTUAL_MACHINE,
    Kind,
)

_LOOK_AGAIN = 2.0  # seconds between looks at what a clone waits for
_FAILED = "CloneFailed"
_OVER = {"Succeeded", "Failed"}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A clone and the machine that it is of, as it is or as a snapshot has it.

    ``waits`` tells that the snapshot which it is of is not ready. ``snapshot`` and ``restore`` are
    those that were made for it.
    """

    clone: Document
    source: Document | None = None
    waits: bool = False
    target: Document | None = None
    snapshot: Document | None = None
    restore: Document | None = None

    @property
    def has_disks(self) -> bool:
        """Whether disks are to be copied."""
        return bool(volumecopies.claims(self.source or {}))


class CloneController:
    """Clones machines."""

    name = "clone"
    component = "clone-controller"

    def __init__(self) -> None:
        self._targets: dict[Key, Key] = {}

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Clones, what is made for them, and what is made by them."""
        made = reconcile.owner(CLONE)
        return (
            Watched(CLONE, reconcile.itself),
            Watched(SNAPSHOT, made),
            Watched(RESTORE, made),
            Watched(VIRTUAL_MACHINE, self._made),
        )

    def _made(self, machine: Document) -> Iterable[Key]:
        """The clone that a machine is from."""
        return (key for target, key in self._targets.items() if target == key_of(machine))

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The clone of ``key`` and its source."""
        try:
            clone = service.get(CLONE, *key)
        except NotFound:
            self._targets = {name: one for name, one in self._targets.items() if one != key}
            return None
        target = target_name(clone)
        self._targets[Key(key.namespace, target)] = key
        source, waits = _source(service, clone)
        return Seen(
            clone=clone,
            source=source,
            waits=waits,
            target=service.find(VIRTUAL_MACHINE, key.namespace, target),
            snapshot=service.find(SNAPSHOT, key.namespace, snapshot_name(clone)),
            restore=service.find(RESTORE, key.namespace, restore_name(clone)),
        )

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """What to change about one clone."""
        clone = seen.clone
        phase = text(clone, "status", "phase")
        if is_deleting(clone) or phase in _OVER:
            forgotten = phase == "Succeeded" and seen.target is None and not is_deleting(clone)
            return [delete(CLONE, clone)] if forgotten else []
        if seen.restore is not None:
            return list(_restored(seen, now))
        if seen.waits:
            return [*_report(seen, now, "SnapshotInProgress"), Requeue(_LOOK_AGAIN)]
        if seen.source is None:
            return [*_pending(seen, now), Requeue(_LOOK_AGAIN)]
        return self._make(seen, seen.source, now)

    def _make(self, seen: Seen, source: Document, now: float) -> Sequence[Change]:
        """The next step of a clone that can be."""
        clone = seen.clone
        event, problem = _problem(seen, source)
        if problem:
            said = Announce(about=clone, reason=event, message=problem, warning=event == _FAILED)
            return [*_report(seen, now, "Failed", problem), said]
        try:
            made = build_target(clone, source)
        except ApiError as error:
            return list(_report(seen, now, "Failed", f"the patches do not fit: {error}"))
        if seen.has_disks:
            return list(_copy(seen, made, now))
        return [
            Create(kind=VIRTUAL_MACHINE, document=made),
            *_report(seen, now, "Succeeded"),
            _completed(clone),
        ]

    def refused(
        self, seen: Seen, change: reconcile.Doable, error: ApiError, now: float
    ) -> Sequence[reconcile.Doable]:
        """Why the copy could not be made."""
        del change
        message = f"failed creating target VM: {error}"
        said = Announce(
            about=seen.clone, reason="TargetVMCreationFailed", message=message, warning=True
        )
        return [said, *_report(seen, now, "CreatingTargetVM")]


def _told(clone: Document, reason: str, message: str) -> Announce:
    return Announce(about=clone, reason=reason, message=message)


def _completed(clone: Document) -> Announce:
    message = f"created target VM {target_name(clone)} for clone {name_of(clone)}"
    return _told(clone, "TargetVMCreated", message)


def _source(service: ApiService, clone: Document) -> tuple[Document | None, bool]:
    """The machine that is copied, and whether the snapshot that has it is not ready."""
    namespace = namespace_of(clone)
    name = text(clone, "spec", "source", "name")
    if text(clone, "spec", "source", "kind") != SNAPSHOT.name:
        return service.find(VIRTUAL_MACHINE, namespace, name), False
    snapshot = service.find(SNAPSHOT, namespace, name)
    if snapshot is None:
        return None, False
    content = text(snapshot, "status", "virtualMachineSnapshotContentName")
    found = service.find(SNAPSHOT_CONTENT, namespace, content) or {}
    machine = child(found, "spec", "source", "virtualMachine")
    is_ready = flag(snapshot, "status", "readyToUse") and bool(machine)
    return (machine, False) if is_ready else (None, True)


def _pending(seen: Seen, now: float) -> Iterator[reconcile.Doable]:
    """There is no source yet; told once."""
    kind, name = (text(seen.clone, "spec", "source", each) for each in ("kind", "name"))
    problem = f"Source doesnt exist: {kind} {namespace_of(seen.clone)}/{name}"
    known = conditions.find_condition(seen.clone, "Ready") or {}
    if text(known, "reason") != problem:
        yield _told(seen.clone, "SourceDoesNotExist", problem)
    yield from _report(seen, now, "", problem)


def target_name(clone: Document) -> str:
    """Name of the copy: as asked for, or made up."""
    asked = text(clone, "spec", "target", "name")
    source = text(clone, "spec", "source", "name")
    return asked or naming.generated(f"clone-{source}-", uid_of(clone))


def _problem(seen: Seen, source: Document) -> tuple[str, str]:
    """An event and why there can be no copy; both empty when there can."""
    clone = seen.clone
    if volumecopies.state_volume(source):
        shown = f"{namespace_of(clone)}/{text(clone, 'spec', 'source', 'name')}"
        unsupported = "Clone of source with backendstorage is not supported"
        if text(clone, "spec", "source", "kind") == SNAPSHOT.name:
            return "SnapshotContentInvalid", f"{unsupported}: snapshot {shown}"
        return "SourceVMWithBackendStorageInvalid", f"{unsupported}: VM {shown}"
    if seen.target is not None:
        return _FAILED, f"VirtualMachine {target_name(clone)} exists already"
    if text(seen.snapshot or {}, "status", "phase") == "Failed":
        failure = conditions.find_condition(seen.snapshot or {}, "Failure") or {}
        return _FAILED, f"the snapshot of the source failed: {text(failure, 'reason')}"
    return "", ""


def snapshot_name(clone: Document) -> str:
    """Name of the snapshot from which a clone gets its disks."""
    if text(clone, "spec", "source", "kind") == SNAPSHOT.name:
        return text(clone, "spec", "source", "name")
    return f"tmp-snapshot-{uid_of(clone)}"


def restore_name(clone: Document) -> str:
    """Name of the restore that makes a clone."""
    return f"tmp-restore-{uid_of(clone)}"


def _copy(seen: Seen, made: Document, now: float) -> Iterator[Change]:
    """The next step of a clone with disks: the snapshot, then the restore."""
    clone = seen.clone
    if seen.snapshot is None:
        source = {**child(clone, "spec", "source")}
        yield Create(
            kind=SNAPSHOT, document=_temporary(clone, SNAPSHOT, snapshot_name(clone), source=source)
        )
        message = f"created snapshot {snapshot_name(clone)} for clone {name_of(clone)}"
        yield _told(clone, "SnapshotCreated", message)
        yield from _report(seen, now, "SnapshotInProgress")
        return
    if not flag(seen.snapshot, "status", "readyToUse"):
        yield from _report(seen, now, "SnapshotInProgress")
        yield Requeue(_LOOK_AGAIN)
        return
    message = f"snapshot {snapshot_name(clone)} for clone {name_of(clone)} is ready to use"
    yield _told(clone, "SnapshotReady", message)
    # The patches of a restore are for what is below spec; these are told in another way.
    changes: list[JsonValue] = [
        {"op": "add", "path": "/metadata/labels", "value": child(made, "metadata", "labels")},
        {
            "op": "add",
            "path": "/metadata/annotations",
            "value": child(made, "metadata", "annotations"),
        },
    ]
    template = child(made, "spec", "template")
    changes += [
        {"op": "add", "path": "/spec/template/metadata", "value": child(template, "metadata")},
        {
            "op": "add",
            "path": "/spec/template/spec/domain",
            "value": child(template, "spec", "domain"),
        },
    ]
    target: Document = {
        "apiGroup": VIRTUAL_MACHINE.group,
        "kind": VIRTUAL_MACHINE.name,
        "name": target_name(clone),
    }
    spec: Document = {
        "target": target,
        "virtualMachineSnapshotName": snapshot_name(clone),
        "patches": items(clone, "spec", "patches"),
    }
    policy = text(clone, "spec", "volumeNamePolicy")
    if policy:
        spec["volumeRestorePolicy"] = policy
    made_by = _temporary(clone, RESTORE, restore_name(clone), **spec)
    put(made_by, msgspec.json.encode(changes).decode(), "metadata", "annotations", restoring.PATCH)
    yield Create(kind=RESTORE, document=made_by)
    message = f"created restore {restore_name(clone)} for clone {name_of(clone)}"
    yield _told(clone, "RestoreCreated", message)
    yield from _report(seen, now, "RestoreInProgress")


def _restored(seen: Seen, now: float) -> Iterator[Change]:
    """Done when the restore is, whose traces then go; the machine owns its disks."""
    clone = seen.clone
    if not flag(seen.restore or {}, "status", "complete"):
        yield from _report(seen, now, "RestoreInProgress")
        yield Requeue(_LOOK_AGAIN)
        return
    yield from _report(seen, now, "Succeeded")
    message = f"restore {restore_name(clone)} for clone {name_of(clone)} is ready to use"
    yield _told(clone, "RestoreReady", message)
    yield _completed(clone)
    yield _told(clone, "PVCBound", f"all PVC for clone {name_of(clone)} are bound")
    if seen.restore is not None:
        yield delete(RESTORE, seen.restore)
    if seen.snapshot is not None and snapshot_name(clone).startswith("tmp-snapshot-"):
        yield delete(SNAPSHOT, seen.snapshot)


def _temporary(clone: Document, kind: Kind, name: str, **spec: JsonValue) -> Document:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": {
            "name": name,
            "namespace": namespace_of(clone),
            "ownerReferences": [controller_reference(CLONE, clone)],
        },
        "spec": spec,
    }


def build_target(clone: Document, source: Document) -> Document:
    """The copy. Raises ``ApiError`` for patches that do not fit."""
    made = copies.copy_of(source, target_name(clone), namespace_of(clone))
    spec = child(clone, "spec")
    template = child(made, "spec", "template")
    for document, filters in ((made, spec), (template, child(spec, "template"))):
        copies.select(document, "labels", filters, "labelFilters")
        copies.select(document, "annotations", filters, "annotationFilters")
    copies.set_addresses(made, strings(spec, "newMacAddresses"))
    if text(spec, "newSMBiosSerial"):
        serial = text(spec, "newSMBiosSerial")
        put(made, serial, "spec", "template", "spec", "domain", "firmware", "serial")
    return copies.patched(made, items(spec, "patches"))


_WORDS = {
    "": ("False", "Pending"),
    "Failed": ("False", "Failed"),
    "Succeeded": ("False", "Ready"),
}
"""Status and reason of the condition Progressing, by the phase; in others it is going on."""


def _report(seen: Seen, now: float, phase: str, problem: str = "") -> Iterator[reconcile.Doable]:
    """The status; ``problem`` is why nothing is done in the phases that tell of one."""
    clone = seen.clone
    known = objects(clone, "status", "conditions")
    done = phase == "Succeeded"
    moves, reason = _WORDS.get(phase, ("True", "Still processing"))
    wanted = [
        condition("Progressing", moves, reason=reason),
        condition("Ready", "True" if done else "False", reason=problem or reason),
    ]
    status: Document = {
        **child(clone, "status"),
        "conditions": conditions.merged(known, wanted, now),
    }
    if phase:
        status["phase"] = phase
    if phase in {"SnapshotInProgress", "RestoreInProgress"} and not seen.waits:
        status["snapshotName"] = snapshot_name(clone)
    if phase == "RestoreInProgress":
        status["restoreName"] = restore_name(clone)
    if done:
        status["targetName"] = target_name(clone)
        for name in ("snapshotName", "restoreName"):
            status.pop(name, None)
    yield from status_patch(CLONE, clone, status)
