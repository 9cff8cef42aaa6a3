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
_SETTLED = {"Succeeded", "WaitForFirstConsumer", "PendingPopulation"}


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
        if is_deleting(seen.restore) or flag(seen.restore, "status", "complete"):
            return ()
        if seen.disks and text(seen.target or {}, "metadata", "annotations", _LAST) == _mark(seen):
            return list(_finish(seen, now))
        waits, stops = _waits_for(seen), list[Change]()
        if not waits:
            stops, waits = _target_ready(seen, now)
        if waits:
            return [*stops, *_report(seen, now, waits), Requeue(_LOOK_AGAIN)]
        begun = [*_lock(seen), *_clear(seen), *_fill(seen)]
        unfilled = [one.claim for one in seen.disks if not _is_filled(seen, one.claim)]
        if unfilled:
            why = "Creating new PVCs" if begun else "Waiting for new PVCs"
            return [*begun, *_report(seen, now, why), Requeue(_LOOK_AGAIN)]
        return self._make(seen, now)

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
            said = _report(seen, now, "Updating target spec")
            return [*volumes, *said, Requeue(_LOOK_AGAIN)]
        try:
            made = list(_restore(seen))
        except ApiError as error:
            return [*_report(seen, now, f"Invalid patches: {error}"), Requeue(_LOOK_AGAIN)]
        if seen.target is None and seen.disks:  # its disks become its own when it is there
            return [*made, *_report(seen, now, "Updating target spec"), Requeue(_SOON)]
        return [*made, *_finish(seen, now)]

    def refused(
        self, seen: Seen, change: reconcile.Doable, error: ApiError, now: float
    ) -> Sequence[reconcile.Doable]:
        """Why the machine could not be restored."""
        del change
        said = Announce(
            about=seen.restore, reason="VirtualMachineRestoreError",
            message=f"VirtualMachineRestore encountered error {error}", warning=True,
        )  # fmt: skip
        return [said, *_report(seen, now, str(error))]


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


def _waits_for(seen: Seen) -> str:
    """What the restore waits for; empty when it can be done."""
    name = text(seen.restore, "spec", "virtualMachineSnapshotName")
    if seen.snapshot is None:
        return f"VirtualMachineSnapshot {name} does not exist"
    if not flag(seen.snapshot, "status", "readyToUse") or seen.content is None:
        return f"VirtualMachineSnapshot {name} is not ready to use"
    return _conflict(seen)


def _conflict(seen: Seen) -> str:
    """What other objects have against it; empty when nothing."""
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
    holder = text(seen.target or {}, "status", _LOCK)
    if holder not in {"", name_of(seen.restore)}:
        return f"VirtualMachineRestore {holder} is in progress"
    return ""


def _is_source(seen: Seen) -> bool:
    """Whether the target is the machine of which the snapshot is."""
    return seen.target is not None and uid_of(seen.target) == uid_of(seen.source)


def _replaces(seen: Seen) -> bool:
    """Whether the claims in the way are the machine's own, and go."""
    return restoring.is_in_place(seen.restore) and _is_source(seen)


def _target_ready(seen: Seen, now: float) -> tuple[list[Change], str]:
    """What is done about a target that runs, and what is said of it; empty when it does not."""
    if seen.instance is None:
        return [], ""
    policy = text(seen.restore, "spec", "targetReadinessPolicy") or "WaitGracePeriod"
    waited = now - seconds(text(seen.restore, "metadata", "creationTimestamp"))
    if policy == "StopTarget" and seen.target is not None:
        wanted = deepcopy(seen.target)
        _stay_stopped(wanted)
        stops: list[Change] = list(patch_of(VIRTUAL_MACHINE, seen.target, wanted))
        if not is_deleting(seen.instance):
            stops.append(delete(VIRTUAL_MACHINE_INSTANCE, seen.instance))
        return stops, "Waiting for target VM to be stopped"
    late = policy == "WaitGracePeriod" and waited >= _GRACE
    if policy == "FailImmediate" or late:
        message = "Restore target failed to be ready" + (f" within {_GRACE:.0f}s" if late else "")
        known = conditions.find_condition(seen.restore, "Progressing") or {}
        return [] if text(known, "reason") == message else [_unready(seen, message)], message
    return [], "Restore target is running, please stop it to proceed"


def _unready(seen: Seen, message: str) -> Announce:
    return Announce(
        about=seen.restore, reason="RestoreTargetNotReady", message=message, warning=True
    )


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
    yield from _report(seen, now, "")
    message = f"Successfully completed VirtualMachineRestore {name_of(seen.restore)}"
    yield Announce(about=seen.restore, reason="VirtualMachineRestoreComplete", message=message)


def _own(seen: Seen) -> Iterator[Change]:
    """The machine has its disks, unlocked; data volumes that it no longer names go."""
    target = seen.target
    if target is None:
        return
    if text(target, "status", _LOCK):
        yield _unlock(target)
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
    wanted["spec"] = deepcopy(child(source, "spec"))
    wanted = copies.patched(wanted, patches)
    _stay_stopped(wanted)
    put(wanted, mark, "metadata", "annotations", _LAST)
    yield from patch_of(VIRTUAL_MACHINE, seen.target, wanted)


def _stay_stopped(machine: Document) -> None:
    """A machine that was stopped to be restored does not start by being so."""
    spec = child(machine, "spec")
    if "running" in spec:
        spec["running"] = False
    elif spec.get("runStrategy") in {"Always", "Once", "RerunOnFailure"}:
        spec["runStrategy"] = "Halted"


def _report(seen: Seen, now: float, waits: str) -> Iterator[reconcile.Doable]:
    known = objects(seen.restore, "status", "conditions")
    done = not waits
    wanted = [
        condition("Progressing", "False" if done else "True", reason=waits or _DONE),
        condition("Ready", "True" if done else "False", reason=waits or _DONE),
    ]
    status: Document = {
        **child(seen.restore, "status"),
        "complete": done,
        "conditions": conditions.merged(known, wanted, now),
    }
    told: list[JsonValue] = [one.told() for one in seen.disks]
    if told:
        status["restores"] = told
    if done:
        status["restoreTime"] = stamp(now)
        gone: list[JsonValue] = [name_of(one) for one in seen.data_volumes]
        if gone:
            status["deletedDataVolumes"] = gone
    yield from status_patch(RESTORE, seen.restore, status)
