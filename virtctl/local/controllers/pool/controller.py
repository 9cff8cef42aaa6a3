"""The VirtualMachinePool controller: observe a pool, decide, in one place (api.md §1.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from virtctl.errors import ApiError, InvalidField, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.controllers.pool import scaling, updating
from virtctl.local.controllers.pool.seen import FINALIZER, Seen, Storage, template
from virtctl.local.controllers.pool.status import is_paused, report
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Announce, Change, Create, Delete, patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import (
    controller_of,
    finalizers,
    is_controlled_by,
    is_deleting,
    references,
    with_finalizer,
    without_finalizer,
)
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    name_of,
    namespace_of,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import (
    CONTROLLER_REVISION,
    DATA_VOLUME,
    POOL,
    PVC,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)
from virtctl.wire.labelselectors import read_selector


class PoolController:
    """VirtualMachinePool to VirtualMachines."""

    name = "pool"
    component = "virtualmachinepool-controller"

    def __init__(self) -> None:
        self._pools: dict[Key, str] = {}

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Pools, their machines, and the instances of those."""
        return (
            Watched(POOL, reconcile.itself),
            Watched(VIRTUAL_MACHINE, self._machine_seen),
            Watched(VIRTUAL_MACHINE_INSTANCE, self._instance_seen),
        )

    def _machine_seen(self, vm: Document) -> Iterable[Key]:
        keys = tuple(reconcile.owner(POOL)(vm))
        if keys:
            self._pools[Key(namespace_of(vm), name_of(vm))] = keys[0].name
        return keys

    def _instance_seen(self, vmi: Document) -> Iterable[Key]:
        owner = controller_of(vmi)
        if owner is not None:
            pool = self._pools.get(Key(namespace_of(vmi), text(owner, "name")))
            if pool is not None:
                yield Key(namespace_of(vmi), pool)

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The pool of ``key`` and what belongs to it; None when its selector is no good."""
        try:
            pool = service.get(POOL, *key)
            selector = read_selector(child(pool, "spec", "selector"))
        except (NotFound, InvalidField):
            return None
        if not selector.matches(strings(template(pool), "metadata", "labels")):
            return None
        every = service.list(VIRTUAL_MACHINE, key.namespace).items
        ours = [vm for vm in every if is_controlled_by(vm, pool)]
        fits = [vm for vm in ours if selector.matches(strings(vm, "metadata", "labels"))]
        return Seen(
            pool=pool,
            machines=tuple(fits),
            detached=tuple(vm for vm in ours if vm not in fits),
            taken=frozenset(name_of(vm) for vm in every),
            instances=_instances(service, key.namespace, fits),
            revisions={
                name_of(one): one
                for one in service.list(CONTROLLER_REVISION, key.namespace).items
                if is_controlled_by(one, pool)
            },
            storage=_storage(service, key.namespace, fits),
        )

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """What to change about one pool."""
        if is_deleting(seen.pool):
            return [*_close(seen), *report(seen, now)]
        made: list[Change] = []
        if FINALIZER not in finalizers(seen.pool):
            made.append(patch(POOL, seen.pool, with_finalizer(seen.pool, FINALIZER)))
        made.extend(_detach(seen))
        made.extend(scaling.release(seen))
        if not is_paused(seen.pool):
            made.extend(scaling.scale(seen, now))
            if scaling.is_stable(seen) and not seen.leaving:
                made.extend(updating.update(seen, now))
        made.extend(report(seen, now))
        return made

    def refused(
        self, seen: Seen, change: reconcile.Doable, error: ApiError, now: float
    ) -> Sequence[reconcile.Doable]:
        """What was refused is a failure of the pool."""
        reason, during, what = _meaning(change)
        failure = condition(
            "ReplicaFailure", "True", reason=reason, message=f"error during {during}: {error}"
        )
        return [*_said(seen, what, error), *report(seen, now, failure)]


def _instances(
    service: ApiService, namespace: str, machines: list[Document]
) -> dict[str, Document]:
    uids = {uid_of(vm) for vm in machines}
    found = {}
    for vmi in service.list(VIRTUAL_MACHINE_INSTANCE, namespace).items:
        owner = controller_of(vmi)
        if owner is not None and text(owner, "uid") in uids:
            found[name_of(vmi)] = vmi
    return found


def _storage(
    service: ApiService, namespace: str, machines: list[Document]
) -> dict[str, tuple[Storage, ...]]:
    names = {uid_of(vm): name_of(vm) for vm in machines}
    found: dict[str, tuple[Storage, ...]] = {}
    for kind in (PVC, DATA_VOLUME):
        for one in service.list(kind, namespace).items:
            owner = controller_of(one)
            name = names.get(text(owner, "uid")) if owner is not None else None
            if name is not None:
                found[name] = (*found.get(name, ()), Storage(kind, one))
    return found


def _close(seen: Seen) -> Iterator[Change]:
    """The pool goes: its machines are the garbage collector's, or stay when orphaned."""
    for vm in seen.machines:
        yield from scaling.let_go(seen, vm, preserve=False)
    if FINALIZER in finalizers(seen.pool):
        yield patch(POOL, seen.pool, without_finalizer(seen.pool, FINALIZER))


def _detach(seen: Seen) -> Iterator[Change]:
    for vm in seen.detached:
        kept: list[JsonValue] = [
            one for one in references(vm) if text(one, "uid") != uid_of(seen.pool)
        ]
        body: Document = {"metadata": {"ownerReferences": kept or None}}
        yield patch(VIRTUAL_MACHINE, vm, body)
        yield from scaling.let_go(seen, vm, preserve=False)


def _meaning(change: reconcile.Doable) -> tuple[str, str, str]:
    """Reason of the failure, during what it happened, and the reason of the event."""
    if isinstance(change, Create):
        return "FailedScaleOut", "scale out", "FailedCreate"
    if isinstance(change, Delete):
        return "FailedScaleIn", "scale in", "FailedDelete"
    return "FailedUpdate", "VM update", "FailedUpdate"


def _said(seen: Seen, reason: str, error: ApiError) -> Iterator[Announce]:
    verb = {"FailedCreate": "creating", "FailedDelete": "deleting"}.get(reason, "updating")
    message = f"Error {verb} VM: {error}"
    yield Announce(about=seen.pool, reason=reason, message=message, warning=True)
