"""VirtualMachineClones: a copy of a machine, or of what a snapshot has of one.

A machine with disks on claims is cloned as upstream: by a snapshot, unless the source is one, and a
restore of it to the new name, both of which go when they have done their part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from virtctl.local.runtime.owners import controller_reference, is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.times import stamp
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
_OVER = {"Succeeded", "Failed"}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A clone and the machine that it is of, as it is or as a snapshot has it.

    ``snapshot`` and ``restore`` are those that were made for it.
    """

    clone: Document
    source: Document | None = None
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

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Clones, and what is made for them."""
        made = reconcile.owner(CLONE)
        return (
            Watched(CLONE, reconcile.itself),
            Watched(SNAPSHOT, made),
            Watched(RESTORE, made),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The clone of ``key`` and its source."""
        try:
            clone = service.get(CLONE, *key)
        except NotFound:
            return None
        target = target_name(clone)
        return Seen(
            clone=clone,
            source=_source(service, clone),
            target=service.find(VIRTUAL_MACHINE, key.namespace, target),
            snapshot=service.find(SNAPSHOT, key.namespace, snapshot_name(clone)),
            restore=service.find(RESTORE, key.namespace, restore_name(clone)),
        )

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """What to change about one clone."""
        clone = seen.clone
        if is_deleting(clone) or text(clone, "status", "phase") in _OVER:
            return ()
        if seen.restore is not None:
            return list(_restored(seen, now))
        if seen.source is None:
            return [*_report(seen, now, "", "the source is not there yet"), Requeue(_LOOK_AGAIN)]
        return self._make(seen, seen.source, now)

    def _make(self, seen: Seen, source: Document, now: float) -> Sequence[Change]:
        """The next step of a clone that can be."""
        clone = seen.clone
        problem = _problem(seen, source)
        if problem:
            said = Announce(about=clone, reason="CloneFailed", message=problem, warning=True)
            return [*_report(seen, now, "Failed", problem), said]
        try:
            made = build_target(clone, source)
        except ApiError as error:
            return list(_report(seen, now, "Failed", f"the patches do not fit: {error}"))
        if seen.has_disks:
            return list(_copy(seen, made, now))
        message = f"Clone {name_of(clone)} completed"
        return [
            Create(kind=VIRTUAL_MACHINE, document=made),
            *_report(seen, now, "Succeeded", ""),
            Announce(about=clone, reason="TargetVMCreated", message=message),
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
        return [said, *_report(seen, now, "CreatingTargetVM", message)]


def _source(service: ApiService, clone: Document) -> Document | None:
    namespace = namespace_of(clone)
    name = text(clone, "spec", "source", "name")
    if text(clone, "spec", "source", "kind") != SNAPSHOT.name:
        return service.find(VIRTUAL_MACHINE, namespace, name)
    snapshot = service.find(SNAPSHOT, namespace, name) or {}
    if not flag(snapshot, "status", "readyToUse"):
        return None
    content = text(snapshot, "status", "virtualMachineSnapshotContentName")
    found = service.find(SNAPSHOT_CONTENT, namespace, content) or {}
    return child(found, "spec", "source", "virtualMachine") or None


def target_name(clone: Document) -> str:
    """Name of the copy: as asked for, or made up."""
    asked = text(clone, "spec", "target", "name")
    source = text(clone, "spec", "source", "name")
    return asked or naming.generated(f"clone-{source}-", uid_of(clone))


def _problem(seen: Seen, source: Document) -> str:
    """Why there can be no copy; empty when there can."""
    del source
    if seen.target is not None:
        return f"VirtualMachine {target_name(seen.clone)} exists already"
    failed = text(seen.snapshot or {}, "status", "phase") == "Failed"
    why = text(seen.snapshot or {}, "status", "error", "message")
    return f"the snapshot of the source failed: {why}" if failed else ""


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
        yield from _report(seen, now, "SnapshotInProgress", "Snapshot is in progress")
        return
    if not flag(seen.snapshot, "status", "readyToUse"):
        yield from _report(seen, now, "SnapshotInProgress", "Snapshot is in progress")
        yield Requeue(_LOOK_AGAIN)
        return
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
    yield from _report(seen, now, "RestoreInProgress", "Restore is in progress")


def _restored(seen: Seen, now: float) -> Iterator[Change]:
    """Done when the restore is, whose traces then go; the machine owns its disks."""
    clone = seen.clone
    if not flag(seen.restore or {}, "status", "complete"):
        yield from _report(seen, now, "RestoreInProgress", "Restore is in progress")
        yield Requeue(_LOOK_AGAIN)
        return
    yield from _report(seen, now, "Succeeded", "")
    message = f"Clone {name_of(clone)} completed"
    yield Announce(about=clone, reason="TargetVMCreated", message=message)
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


def _report(seen: Seen, now: float, phase: str, waits: str) -> Iterator[reconcile.Doable]:
    clone = seen.clone
    known = objects(clone, "status", "conditions")
    done = phase == "Succeeded"
    wanted = [
        condition("Progressing", "False" if phase in _OVER else "True", reason=waits or "Finished"),
        condition("Ready", "True" if done else "False", reason=waits or "Finished"),
    ]
    status: Document = {
        **child(clone, "status"),
        "conditions": conditions.merged(known, wanted, now),
    }
    if phase:
        status["phase"] = phase
    if done:
        status.update({"targetName": target_name(clone), "creationTime": stamp(now)})
    yield from status_patch(CLONE, clone, status)
