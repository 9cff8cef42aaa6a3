"""Machines of a pool that are not as its template says. Pure.

A changed template reaches the machines at once, and what runs of them when ``updateStrategy``
says so: by default, no more than ``maxUnavailable`` at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from enum import Enum, auto

from virtctl.local.controllers.pool.scaling import ensure_revision, in_order, selected
from virtctl.local.controllers.pool.seen import (
    REVISION,
    Seen,
    has,
    index_of,
    is_available,
    is_ready,
    replicas,
    revision_of,
    template,
)
from virtctl.local.controllers.pool.template import build_machine
from virtctl.local.runtime.changes import Announce, Change, Delete, Requeue, delete, patch, patch_of
from virtctl.local.runtime.owners import is_deleting
from virtctl.models.documents import (
    Document,
    child,
    ensure,
    find,
    name_of,
    namespace_of,
    put,
    strings,
    uid_of,
)
from virtctl.models.kinds import CONTROLLER_REVISION, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE
from virtctl.wire.quantities import int_or_percent

PATIENCE = 3.0
"""Seconds between two looks whether more instances may be taken down."""

_KEPT_ANNOTATIONS = ("kubevirt.io/pci-topology-version",)


class Lack(Enum):
    """What an instance lacks of its machine."""

    NOTHING = auto()
    LABEL = auto()  # only the name of the revision differs
    RESTART = auto()
    DISKS = auto()  # other data volumes: the machine itself is made anew


@dataclass(frozen=True)
class _Pair:
    """A machine that is up to date, and what runs of it."""

    vm: Document
    vmi: Document | None


def update(seen: Seen, now: float) -> Iterator[Change]:
    """Bring machines up to date, then their instances, then forget revisions nobody is of."""
    if has(seen.pool, "updateStrategy", "unmanaged"):
        yield from prune(seen)
        return
    policy = child(seen.pool, "spec", "updateStrategy", "proactive", "selectionPolicy")
    machines = selected(seen.staying, policy)
    outdated = [vm for vm in machines if is_outdated(seen, vm)]
    if outdated:
        yield from ensure_revision(seen)
        for vm in outdated:
            yield from _rebuild(seen, vm)
    if not has(seen.pool, "updateStrategy", "opportunistic"):
        current = [vm for vm in machines if vm not in outdated]
        ordered = in_order(current, policy, f"{uid_of(seen.pool)} {now}")
        pairs = [_Pair(vm, seen.instances.get(name_of(vm))) for vm in ordered]
        yield from _roll(seen, pairs)
    if not outdated:
        yield from prune(seen)


def is_outdated(seen: Seen, vm: Document) -> bool:
    """Whether a machine was made from another template than the pool has."""
    made_from = seen.revisions.get(revision_of(vm))
    if made_from is None:
        return True
    return child(made_from, "data", "virtualMachineTemplate") != template(seen.pool)


def _rebuild(seen: Seen, vm: Document) -> Iterator[Change]:
    built = build_machine(seen.pool, index_of(vm))
    wanted = deepcopy(vm)
    for field in ("labels", "annotations"):
        put(wanted, child(built, "metadata", field), "metadata", field)
    wanted["spec"] = _with_identity(vm, child(built, "spec"))
    for change in patch_of(VIRTUAL_MACHINE, vm, wanted):
        yield replace(change, admitted=True)
    message = f"Updated VM {namespace_of(vm)}/{name_of(vm)}"
    yield Announce(about=seen.pool, reason="SuccessfulUpdate", message=message)


def _with_identity(vm: Document, spec: Document) -> Document:
    """``spec`` with what a guest knows its machine by."""
    known = child(vm, "spec", "template", "spec", "domain", "firmware")
    for field in ("uuid", "serial"):
        if known.get(field):
            ensure(spec, "template", "spec", "domain", "firmware")[field] = known[field]
    noted = strings(vm, "spec", "template", "metadata", "annotations")
    for annotation in _KEPT_ANNOTATIONS:
        if annotation in noted:
            kept = ensure(spec, "template", "metadata", "annotations")
            kept.setdefault(annotation, noted[annotation])
    return spec


def _roll(seen: Seen, pairs: list[_Pair]) -> Iterator[Change]:
    """Instances that are not ready first, then as many as may be unavailable."""
    broken = [one for one in pairs if not is_ready(one.vm)]
    for one in broken:
        yield from _take(seen, one)
    may_fall = max_unavailable(seen.pool) - sum(not is_available(one.vmi) for one in pairs)
    for one in pairs:
        if one in broken or lack(seen, one.vm, one.vmi) is Lack.NOTHING:
            continue
        if may_fall <= 0:
            yield Requeue(PATIENCE)
            return
        may_fall -= 1
        yield from _take(seen, one)


def _take(seen: Seen, one: _Pair) -> Iterator[Change]:
    if one.vmi is None or is_deleting(one.vmi):
        return
    match lack(seen, one.vm, one.vmi):
        case Lack.NOTHING:
            return
        case Lack.LABEL:
            body: Document = {"metadata": {"labels": {REVISION: revision_of(one.vm)}}}
            yield patch(VIRTUAL_MACHINE_INSTANCE, one.vmi, body)
        case Lack.RESTART:
            yield delete(VIRTUAL_MACHINE_INSTANCE, one.vmi)
        case Lack.DISKS:
            yield Delete(
                kind=VIRTUAL_MACHINE,
                namespace=namespace_of(one.vm),
                name=name_of(one.vm),
                uid=uid_of(one.vm),
                propagation="Foreground",
            )
    message = f"Successfully updated resource {namespace_of(one.vm)}/{name_of(one.vm)}"
    yield Announce(about=seen.pool, reason="SuccessfulDelete", message=message)


def lack(seen: Seen, vm: Document, vmi: Document | None) -> Lack:
    """What ``vmi`` lacks of ``vm``, by the revisions that they were made from."""
    if vmi is None or not revision_of(vm) or revision_of(vm) == revision_of(vmi):
        return Lack.NOTHING
    wanted = seen.revisions.get(revision_of(vm))
    if wanted is None:
        return Lack.NOTHING
    running = seen.revisions.get(revision_of(vmi))
    if running is None:
        return Lack.RESTART
    path = ("data", "virtualMachineTemplate", "spec")
    if find(wanted, *path, "dataVolumeTemplates") != find(running, *path, "dataVolumeTemplates"):
        return Lack.DISKS
    same = find(wanted, *path, "template") == find(running, *path, "template")
    return Lack.LABEL if same else Lack.RESTART


def max_unavailable(pool: Document) -> int:
    """How many instances may be down at once: all unless given, at least one."""
    given = find(pool, "spec", "maxUnavailable")
    total = replicas(pool)
    limit = given if isinstance(given, (int, str)) else total
    return max(int_or_percent(limit, total), 1)


def prune(seen: Seen) -> Iterator[Change]:
    """Forget the revisions that neither a machine nor an instance is of."""
    used = {revision_of(one) for one in (*seen.machines, *seen.instances.values())}
    for name, revision in seen.revisions.items():
        if name not in used:
            yield delete(CONTROLLER_REVISION, revision)
