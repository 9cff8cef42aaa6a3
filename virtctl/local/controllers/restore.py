"""VirtualMachineRestores: a machine as a snapshot has it, in its old place or a new one.

For each disk in the snapshot a new claim is filled from the copy; when all are, the machine gets
its definition with those claims, in one step; where it had a data volume of its own, a new one has
the claim. Claims that it had before stay, but for those of its own data volumes, and those whose
names the new ones are to have (``InPlace``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace

from virtctl.errors import ApiError, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import (
    backendstorage,
    conditions,
    copies,
    fillings,
    reconcile,
    restoring,
    volumecopies,
)
from virtctl.local.runtime.changes import (
    Announce,
    Change,
    Create,
    Requeue,
    delete,
    patch,
    patch_of,
    status_patch,
)
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import (
    controller_of,
    controller_reference,
    is_controlled_by,
    is_deleting,
)
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.times import seconds, stamp
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
    text,
    uid_of,
)
from virtctl.models.kinds import (
    DATA_VOLUME,
    PVC,
    RESTORE,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)

_LOOK_AGAIN = 2.0  # seconds between looks at what a restore waits for
_LAST = "restore.kubevirt.io/lastRestoreUID"
_LOCK = "restoreInProgress"
_SOON = 0.1  # seconds
_GRACE = 300.0  # seconds that a target has to be stopped in
_DONE = "Operation complete"
_RUNS = "Restore target VMI still exists, please stop the restore target to proceed with restore"
_WAIT = (
    "Waiting for target VM to be powered off. "
    "Please stop the restore target to proceed with restore"
)
_WAIT_A_WHILE = f"{_WAIT}, or the operation will fail after 5m0s"
_TOO_LATE = (
    "Restore target failed to be ready within 5m0s. "
    "Please power off the target VM before attempting restore"
)
_NOT_OFF = "Restore target VMI must be powered off before restore operation"
_STOPS = "Automatically stopping restore target for restore operation"
_SETTLED = {"Succeeded", "WaitForFirstConsumer", "PendingPopulation"}


@dataclass(frozen=True)
class _Words:
    """What is said of a restore that is not done: the reasons of Progressing and of Ready.

    ``waits`` makes Progressing False, ``failed`` says that nothing more will be done.
    """

    progressing: str
    ready: str = ""
    waits: bool = False
    failed: bool = False


_FILLING = _Words("Creating new PVCs", "Waiting for new PVCs")
_MAKING = _Words("Updating target spec", "Waiting for target update")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A restore, the snapshot that it is from, and the machine that it is to.

    ``claims`` are those of its disks that exist, ``volumes`` the data volumes that have their
    names, ``data_volumes`` the target's own that it does not need any more, ``states`` earlier
    claims of its firmware and TPM when there is a restored one.
    """

    restore: Document
    snapshot: Document | None = None
    content: Document | None = None
    target: Document | None = None
    instance: Document | None = None
    claims: dict[str, Document] = field(default_factory=dict)
    volumes: dict[str, Document] = field(default_factory=dict)
    data_volumes: tuple[Document, ...] = ()
    states: tuple[Document, ...] = ()

    @property
    def source(self) -> Document:
        """The machine in the snapshot."""
        return child(self.content or {}, "spec", "source", "virtualMachine")

    @property
    def disks(self) -> tuple[restoring.Disk, ...]:
        """What is to become of the disks in the snapshot."""
        return restoring.disks(self.restore, self.content or {})

    @property
    def target_name(self) -> str:
        """Name of the machine that is restored."""
        return text(self.restore, "spec", "target", "name")


class RestoreController:
    """Restores machines."""

    name = "restore"
    component = "restore-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Restores, the claims that are filled for them, and the data volumes that have these."""
        return (
            Watched(RESTORE, reconcile.itself),
            Watched(PVC, _restore_of),
            Watched(DATA_VOLUME, _restore_of),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The restore of ``key`` and what it is about."""
        try:
            restore = service.get(RESTORE, *key)
        except NotFound:
            return _abandoned(service, key)
        snapshot = service.find(
            SNAPSHOT, key.namespace, text(restore, "spec", "virtualMachineSnapshotName")
        )
        content = text(snapshot or {}, "status", "virtualMachineSnapshotContentName")
        target = text(restore, "spec", "target", "name")
        found = Seen(
            restore=restore,
            snapshot=snapshot,
            content=service.find(SNAPSHOT_CONTENT, key.namespace, content),
            target=service.find(VIRTUAL_MACHINE, key.namespace, target),
            instance=service.find(VIRTUAL_MACHINE_INSTANCE, key.namespace, target),
        )
        names = [one.claim for one in found.disks]
        claims = {name: service.find(PVC, key.namespace, name) for name in names}
        old = restoring.left_behind(found.target or {}, found.source, found.disks)
        data_volumes = [service.find(DATA_VOLUME, key.namespace, name) for name in old]
        new = [one.claim for one in found.disks if one.template]
        volumes = {name: service.find(DATA_VOLUME, key.namespace, name) for name in new}
        return replace(
            found,
            claims={name: claim for name, claim in claims.items() if claim is not None},
            volumes={name: volume for name, volume in volumes.items() if volume is not None},
            data_volumes=tuple(
                one
                for one in data_volumes
                if one is not None and is_controlled_by(one, found.target or {})
            ),
            states=_states(service, found),
        )

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """What to change about one restore."""
        if not seen.restore:
            return [_unlock(seen.target)] if seen.target is not None else []
        if _is_over(seen.restore):
            # a target that it made is there by now
            made = flag(seen.restore, "status", "complete") and not is_deleting(seen.restore)
            return [*_owned(seen)] if made else ()
        if seen.disks and _is_restored(seen):
            return [*_owned(seen), *_finish(seen, now)]
        hindered = _hindered(seen, now)
        if hindered:
            return [*_owned(seen), *hindered]
        begun = [*_owned(seen), *_lock(seen), *_clear(seen), *_fill(seen)]
        if any(not _is_filled(seen, one.claim) for one in seen.disks):
            return [*begun, *_report(seen, now, _FILLING), Requeue(_LOOK_AGAIN)]
        return [*_owned(seen), *self._make(seen, now)]

    def _make(self, seen: Seen, now: float) -> Sequence[Change]:
        """The machine, when its disks are filled; their data volumes are there before it is."""
        volumes = [
            Create(
                kind=DATA_VOLUME,
                document=restoring.build_volume(one, seen.source, seen.restore),
            )
            for one in seen.disks
            if one.template and one.claim not in seen.volumes
        ]
        if volumes or not all(_settled(one) for one in seen.volumes.values()):
            said = _report(seen, now, _MAKING)
            return [*volumes, *said, Requeue(_LOOK_AGAIN)]
        try:
            made = list(_restore(seen))
        except ApiError as error:
            return [*_refuse(seen, f"Invalid patches: {error}", now), Requeue(_LOOK_AGAIN)]
        if seen.target is None and seen.disks:  # its disks become its own when it is there
            return [*made, *_report(seen, now, _MAKING), Requeue(_SOON)]
        return [*made, *_finish(seen, now)]

    def refused(
        self, seen: Seen, change: reconcile.Doable, error: ApiError, now: float
    ) -> Sequence[reconcile.Doable]:
        """Why the machine could not be restored."""
        del change
        return _refuse(seen, str(error), now)


def _states(service: ApiService, found: Seen) -> tuple[Document, ...]:
    restored = {one.claim for one in found.disks}
    volume = volumecopies.state_volume(found.source)
    if not volume or all(one.volume != volume for one in found.disks):
        return ()
    selector = f"{backendstorage.LABEL}={found.target_name}"
    claims = service.list(PVC, namespace_of(found.restore), labels=selector).items
    return tuple(one for one in claims if name_of(one) not in restored)


def _restore_of(made: Document) -> Iterable[Key]:
    name = text(made, "metadata", "annotations", restoring.RESTORE_NAME)
    return (Key(namespace_of(made), name),) if name else ()


def _settled(volume: Document) -> bool:
    """Whether a data volume has taken the claim that is filled for it."""
    return not is_deleting(volume) and text(volume, "status", "phase") in _SETTLED


def _abandoned(service: ApiService, key: Key) -> Seen | None:
    """A machine that is locked for a restore which is gone."""
    for machine in service.list(VIRTUAL_MACHINE, key.namespace).items:
        if text(machine, "status", _LOCK) == key.name:
            return Seen(restore={}, target=machine)
    return None


def _unlock(machine: Document) -> Change:
    return patch(VIRTUAL_MACHINE, machine, {"status": {_LOCK: None}}, subresource="status")


def _is_over(restore: Document) -> bool:
    done = flag(restore, "status", "complete") or conditions.holds(restore, "Failure")
    return done or is_deleting(restore)


def _hindered(seen: Seen, now: float) -> list[Change]:
    """What is done and said while something is in the way; nothing when nothing is."""
    stops, words = _target_ready(seen, now)
    if words is not None:
        again = [] if words.failed else [Requeue(_LOOK_AGAIN)]
        return [*stops, *_report(seen, now, words), *again]
    problem = _not_usable(seen) or _conflict(seen)
    return [*_refuse(seen, problem, now), Requeue(_LOOK_AGAIN)] if problem else []


def _refuse(seen: Seen, problem: str, now: float) -> Sequence[reconcile.Doable]:
    """Say why nothing is done, with an event when that is news."""
    report = _report(seen, now, _Words(problem, waits=True))
    known = conditions.find_condition(seen.restore, "Progressing") or {}
    if text(known, "reason") == problem:
        return list(report)
    said = f"VirtualMachineRestore encountered error {problem}"
    event = "VirtualMachineRestoreError"
    return [Announce(about=seen.restore, reason=event, message=said, warning=True), *report]


def _owned(seen: Seen) -> Iterator[Change]:
    """A restore goes with its target."""
    if seen.target is not None and not items(seen.restore, "metadata", "ownerReferences"):
        reference = controller_reference(VIRTUAL_MACHINE, seen.target)
        yield patch(RESTORE, seen.restore, _owned_by(reference))


def _is_restored(seen: Seen) -> bool:
    """Whether the target says that it is from this restore."""
    return text(seen.target or {}, "metadata", "annotations", _LAST) == _mark(seen)


def _not_usable(seen: Seen) -> str:
    """What is wrong with the snapshot; empty when nothing."""
    name = text(seen.restore, "spec", "virtualMachineSnapshotName")
    shown = f"{namespace_of(seen.restore)}/{name}"
    if seen.snapshot is None:
        return f"VMSnapshot {shown} does not exist"
    if text(seen.snapshot, "status", "phase") == "Failed":
        return f"VMSnapshot {shown} failed and is invalid to use"
    if not flag(seen.snapshot, "status", "readyToUse"):
        return f"VMSnapshot {shown} not ready"
    content = text(seen.snapshot, "status", "virtualMachineSnapshotContentName")
    if seen.content is None:
        return f"VMSnapshotContent {namespace_of(seen.restore)}/{content} does not exist"
    source = text(seen.snapshot, "status", "sourceUID")
    if seen.target is not None and source and source != uid_of(seen.target):
        return "restore source and restore target are different but restore target already exists"
    return ""


def _conflict(seen: Seen) -> str:
    """What machines and claims have against it; empty when nothing."""
    holder = text(seen.target or {}, "status", _LOCK)
    if holder not in {"", name_of(seen.restore)}:
        return f"vm restore {holder} in progress"
    for one in () if _replaces(seen) else seen.disks:
        taken = seen.claims.get(one.claim)
        if taken is not None and not restoring.is_of(taken, seen.restore):
            return f"PersistentVolumeClaim {one.claim} exists already and is not of this restore"
    held = {one.volume for one in seen.disks}
    kept = [name for name in copies.data_volumes(seen.source) if name not in held]
    if kept and not _is_source(seen):
        return (
            f"volume {kept[0]} is on a claim, whose data the snapshot does not have; another "
            "machine cannot be made from it"
        )
    return ""


def _is_source(seen: Seen) -> bool:
    """Whether the target is the machine of which the snapshot is."""
    return seen.target is not None and uid_of(seen.target) == uid_of(seen.source)


def _replaces(seen: Seen) -> bool:
    """Whether the claims in the way are the machine's own, and go."""
    return restoring.is_in_place(seen.restore) and _is_source(seen)


def _target_ready(seen: Seen, now: float) -> tuple[list[Change], _Words | None]:
    """What is done about a target that runs, and what is said of it; None when it does not."""
    if seen.instance is None or seen.target is None:
        return [], None
    policy = text(seen.restore, "spec", "targetReadinessPolicy") or "WaitGracePeriod"
    waited = now - seconds(text(seen.restore, "metadata", "creationTimestamp"))
    if policy == "StopTarget":
        return _stop(seen, seen.target, seen.instance), _Words(_STOPS, waits=True)
    if policy == "FailImmediate":
        return _tell(seen, "Operation failed", _NOT_OFF), _Words(_NOT_OFF, waits=True, failed=True)
    if policy == "WaitGracePeriod" and waited > _GRACE:
        words = _Words(_TOO_LATE, waits=True, failed=True)
        return _tell(seen, "Operation failed", _TOO_LATE), words
    reason = _WAIT_A_WHILE if policy == "WaitGracePeriod" else _WAIT
    return _tell(seen, "RestoreTargetNotReady", reason, _RUNS), _Words(reason, waits=True)


def _stop(seen: Seen, target: Document, instance: Document) -> list[Change]:
    wanted = deepcopy(target)
    _stay_stopped(wanted)
    stops = [
        *_tell(seen, "RestoreTargetNotReady", _STOPS, _STOPS),
        *patch_of(VIRTUAL_MACHINE, target, wanted),
    ]
    if not is_deleting(instance):
        stops.append(delete(VIRTUAL_MACHINE_INSTANCE, instance))
    return stops


def _tell(seen: Seen, event: str, reason: str, message: str = "") -> list[Change]:
    """An event when ``reason`` is news; without a message it tells of a failure."""
    known = conditions.find_condition(seen.restore, "Progressing") or {}
    if text(known, "reason") == reason:
        return []
    said = message or f"VirtualMachineRestore failed {reason}"
    return [Announce(about=seen.restore, reason=event, message=said, warning=True)]


def _lock(seen: Seen) -> Iterator[Change]:
    """The target does not start while its disks are made."""
    if seen.target is not None and text(seen.target, "status", _LOCK) != name_of(seen.restore):
        lock: Document = {"status": {_LOCK: name_of(seen.restore)}}
        yield patch(VIRTUAL_MACHINE, seen.target, lock, subresource="status")


def _clear(seen: Seen) -> Iterator[Change]:
    """Claims whose names the new ones are to have go first, with the data volumes they are of."""
    if text(seen.target or {}, "status", _LOCK) != name_of(seen.restore):
        return  # nobody makes them again once the machine is locked
    old = [seen.claims[one.claim] for one in seen.disks if one.claim in seen.claims]
    for claim in old:
        if restoring.is_of(claim, seen.restore) or is_deleting(claim):
            continue
        owner = controller_of(claim) or {}
        for volume in (*seen.data_volumes, *seen.volumes.values()):
            if text(owner, "uid") == uid_of(volume) and not is_deleting(volume):
                yield delete(DATA_VOLUME, volume)
        yield delete(PVC, claim)


def _fill(seen: Seen) -> Iterator[Change]:
    """The claims that are still to be made; the node fills them from the snapshot's copies."""
    for one in seen.disks:
        if one.claim not in seen.claims:
            yield Create(kind=PVC, document=restoring.build_claim(one, seen.restore))


def _is_filled(seen: Seen, name: str) -> bool:
    claim = seen.claims.get(name)
    return (
        claim is not None
        and restoring.is_of(claim, seen.restore)
        and bool(fillings.wanted(claim))
        and fillings.is_filled(claim)
        and text(claim, "status", "phase") == "Bound"
    )


def _mark(seen: Seen) -> str:
    """What a machine says of the restore that it is from."""
    return f"{name_of(seen.restore)}-{uid_of(seen.restore)}"


def _finish(seen: Seen, now: float) -> Iterator[Change]:
    yield from _own(seen)
    yield from _report(seen, now, None)
    message = f"Successfully completed VirtualMachineRestore {name_of(seen.restore)}"
    yield Announce(about=seen.restore, reason="VirtualMachineRestoreComplete", message=message)


def _own(seen: Seen) -> Iterator[Change]:
    """The machine has its disks, unlocked; data volumes that it no longer names go."""
    target = seen.target
    if target is None:
        return
    if text(target, "status", _LOCK):
        forgotten: Document = {"status": {_LOCK: None, "memoryDumpRequest": None}}
        yield patch(VIRTUAL_MACHINE, target, forgotten, subresource="status")
    for one in seen.data_volumes:
        yield delete(DATA_VOLUME, one)
    for one in seen.states:
        yield delete(PVC, one)
    own = text(seen.restore, "spec", "volumeOwnershipPolicy") != "None"
    reference = _owned_by(controller_reference(VIRTUAL_MACHINE, target))
    for name, claim in seen.claims.items():
        volume = seen.volumes.get(name)
        if volume is not None:
            yield patch(PVC, claim, _owned_by(controller_reference(DATA_VOLUME, volume)))
        elif own:
            yield patch(PVC, claim, reference)
    for volume in seen.volumes.values() if own else ():
        yield patch(DATA_VOLUME, volume, reference)


def _owned_by(reference: Document) -> Document:
    return {"metadata": {"ownerReferences": [reference]}}


def _restore(seen: Seen) -> Iterator[Change]:
    namespace = namespace_of(seen.restore)
    patches = items(seen.restore, "spec", "patches")
    mark = _mark(seen)
    source = restoring.with_claims(seen.source, seen.disks)
    if seen.target is None:
        made = copies.copy_of(source, seen.target_name, namespace)
        _halt(made)
        own = text(seen.restore, "metadata", "annotations", restoring.PATCH)
        made = copies.patched(made, [own] if own else [])
        made["metadata"] = {
            **child(made, "metadata"), "name": seen.target_name, "namespace": namespace,
        }  # fmt: skip
        made = copies.patched(made, patches)
        put(made, mark, "metadata", "annotations", _LAST)
        yield Create(kind=VIRTUAL_MACHINE, document=made)
        return
    wanted = deepcopy(seen.target)
    wanted["spec"] = _running_as(seen.target, child(source, "spec"))
    wanted = copies.patched(wanted, patches)
    put(wanted, mark, "metadata", "annotations", _LAST)
    yield from patch_of(VIRTUAL_MACHINE, seen.target, wanted)


def _halt(machine: Document) -> None:
    """A new machine does not start by being restored."""
    spec = child(machine, "spec")
    if "running" in spec:
        spec["running"] = False
    else:
        spec["runStrategy"] = "Halted"


def _running_as(target: Document, restored: Document) -> Document:
    """A restored spec that starts when the target's did; a target that only ``runs`` is stopped."""
    whether = {"running", "runStrategy"}
    spec: Document = {key: value for key, value in restored.items() if key not in whether}
    before = child(target, "spec")
    if "running" in before:
        spec["running"] = False
    elif "runStrategy" in before:
        spec["runStrategy"] = before["runStrategy"]
    return deepcopy(spec)


def _stay_stopped(machine: Document) -> None:
    """A machine that was stopped to be restored does not start by being so."""
    spec = child(machine, "spec")
    if "running" in spec:
        spec["running"] = False
    elif spec.get("runStrategy") in {"Always", "Once", "RerunOnFailure"}:
        spec["runStrategy"] = "Halted"


def _report(seen: Seen, now: float, words: _Words | None) -> Iterator[reconcile.Doable]:
    """The status: not done for the reasons in ``words``, else done."""
    known = objects(seen.restore, "status", "conditions")
    done = words is None
    if words is None:
        wanted = [
            condition("Progressing", "False", reason=_DONE),
            condition("Ready", "True", reason=_DONE),
        ]
    else:
        moves = "False" if words.waits else "True"
        ready = words.ready or words.progressing
        wanted = [
            condition("Progressing", moves, reason=words.progressing),
            condition("Ready", "False", reason=ready),
        ]
        if words.failed:
            wanted.append(condition("Failure", "True", reason=words.progressing))
    status: Document = {
        **child(seen.restore, "status"),
        "complete": done,
        "conditions": conditions.merged(known, wanted, now),
    }
    told: list[JsonValue] = [one.told() for one in seen.disks]
    if told and not (words is not None and words.waits):
        status["restores"] = told
    if done:
        status["restoreTime"] = stamp(now)
        gone: list[JsonValue] = [name_of(one) for one in seen.data_volumes]
        if gone:
            status["deletedDataVolumes"] = gone
    yield from status_patch(RESTORE, seen.restore, status)
