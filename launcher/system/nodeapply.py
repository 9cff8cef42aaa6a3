"""Make the network of a node as desired, or leave it as it was.

show, merge, plan, checkpoint, apply, verify, probe; what fails is taken back, also by a later
process when this one dies on the way: the checkpoint is on disk before the first change.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from launcher.errors import HostError, LauncherError, PlanFailed, SpecError, VerifyFailed
from launcher.nmstate import check, merge, plan, schema, shown
from launcher.nmstate.merge import Facts, Goal
from launcher.nmstate.schema import Json, State
from launcher.ops.base import Plan
from launcher.ops.nodelinks import MakeLink
from launcher.system import (
    files,
    leases,
    linkkinds,
    namespaces,
    nodelinks,
    nodeobserve,
    nodeprobes,
    ovs,
)
from launcher.system.nodeobserve import NodePlace
from launcher.system.nodeperform import perform
from launcher.system.nodeprobes import Probe

VERIFY_TIMES, VERIFY_EVERY = 5, 1.0
PROBE_SECONDS = 30.0
_MODULES = {"bond": "bonding", "vlan": "8021q"}
_BACK_TIMES = 3  # putting one thing back may take something from another


@dataclass(frozen=True)
class Conditions:
    """How an application is done. Seconds, and interfaces that no policy may touch."""

    reserved: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()
    verify_every: float = VERIFY_EVERY
    probe_seconds: float = PROBE_SECONDS


@dataclass(frozen=True)
class Applied:
    """What was done: ``ops`` is empty when all was so already; ``notes`` tell what was left out.

    ``desired`` is the state that was made, with names and defaults filled in.
    """

    desired: dict[str, Json]
    ops: Plan = ()
    notes: tuple[str, ...] = ()


class _Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    before: State
    asked: State
    touched: tuple[tuple[str, bool], ...]
    kept: shown.Kept = shown.Kept()


_USUAL = Conditions()


def apply(place: NodePlace, desired: State, conditions: Conditions = _USUAL) -> Applied:
    """Make a node's network as desired.

    Raises ``SpecError`` for what cannot be, before anything is changed; ``PlanFailed``,
    ``VerifyFailed`` or another ``HostError`` when it failed and was taken back.
    """
    files.make_directory(place.directory)
    with files.lock(place.directory / "lock"):
        _recover(place)
        before = nodeobserve.state(place)
        goal = merge.merge(desired, before, _facts(place, conditions))
        if goal.needs_switch and not ovs.runs(place.switch):
            ovs.ensure(place.switch, place.netns)
            before = nodeobserve.state(place)
            goal = merge.merge(desired, before, _facts(place, conditions))
        ops = plan.plan(goal, before)
        _refuse_unknown(ops)
        if ops:
            _carry_out(place, goal, ops, before, conditions)
        _describe(place, goal)
        return Applied(schema.write(goal.desired), ops, goal.notes)


def _refuse_unknown(ops: Plan) -> None:
    """Raise ``SpecError`` for links of kinds that this kernel has not: no later attempt helps."""
    for op in ops:
        if isinstance(op, MakeLink) and not linkkinds.known(op.kind):
            raise SpecError(
                f"interfaces[{op.name}].type",
                f"this machine's kernel makes no links of the kind `{op.kind}`",
                f"use a kernel with the module `{_MODULES.get(op.kind, op.kind)}`",
            )


def preview(place: NodePlace, desired: State, conditions: Conditions = _USUAL) -> Applied:
    """What ``apply`` would do; nothing is done. Raises ``SpecError``."""
    before = nodeobserve.state(place)
    goal = merge.merge(desired, before, _facts(place, conditions))
    return Applied(schema.write(goal.desired), plan.plan(goal, before), goal.notes)


def recover(place: NodePlace) -> bool:
    """Take back what a process that died had begun; whether there was anything.

    Raises ``HostError`` when it cannot be taken back completely.
    """
    if not place.checkpoint.exists():
        return False
    with files.lock(place.directory / "lock"):
        return _recover(place)


def revive(place: NodePlace) -> bool:
    """Start again what a node's policies need and what died: its switch, its DHCP clients.

    Says whether it was the switch: interfaces that it makes have then lost what they had.
    """
    leases.revive(place)
    if ovs.find(place.switch) is None or ovs.runs(place.switch):
        return False
    ovs.ensure(place.switch, place.netns)
    return True


def end(place: NodePlace) -> None:
    """End a node's switch and DHCP clients, and forget what was kept."""
    leases.stop_all(place)
    ovs.stop(place.switch)
    files.remove(place.directory)


@lru_cache(maxsize=1)
def _filters() -> bool:
    """Whether bridges know VLANs: the same in all namespaces of a kernel."""
    return nodelinks.can_filter_vlans()


def _facts(place: NodePlace, conditions: Conditions) -> Facts:
    with namespaces.in_netns(place.netns):
        filters = _filters()
    return Facts(vlan_filtering=filters, switch=not ovs.missing(), reserved=conditions.reserved)


def _carry_out(
    place: NodePlace, goal: Goal, ops: Plan, before: State, conditions: Conditions
) -> None:
    probes = (*nodeprobes.select(place, goal), *conditions.probes)
    checkpoint = _Checkpoint(
        before=before,
        asked=goal.desired,
        touched=tuple(sorted(goal.touched)),
        kept=nodeobserve.read_kept(place),
    )
    files.write(place.checkpoint, msgspec.json.encode(checkpoint))
    try:
        _perform(place, ops)
        _verify(place, goal, conditions.verify_every)
        _probe(probes, conditions.probe_seconds)
    except Exception as error:
        try:
            _roll_back(place, checkpoint)
        except HostError as second:
            raise HostError(f"{error}; moreover, {second}") from error
        raise
    place.checkpoint.unlink(missing_ok=True)


def _perform(place: NodePlace, ops: Plan) -> None:
    for op in ops:
        try:
            perform(op, place)
        except (LauncherError, OSError) as error:
            raise PlanFailed(op.describe().partition("\n")[0], str(error)) from error


def _verify(place: NodePlace, goal: Goal, every: float) -> None:
    """Look at once, and then some times more: some things take a moment to be seen."""
    for turn in range(VERIFY_TIMES):
        if not (found := check.mismatches(goal, nodeobserve.state(place))):
            return
        if turn == VERIFY_TIMES - 1:
            raise VerifyFailed(found)
        time.sleep(every)


def _probe(probes: Sequence[Probe], seconds: float) -> None:
    for probe in probes:
        if problem := probe(seconds):
            raise HostError(problem)


def _recover(place: NodePlace) -> bool:
    try:
        checkpoint = msgspec.json.decode(place.checkpoint.read_bytes(), type=_Checkpoint)
    except FileNotFoundError:
        return False
    except msgspec.DecodeError as error:
        place.checkpoint.unlink()
        raise HostError(f"`{place.checkpoint}` cannot be read: {error}") from error
    _roll_back(place, checkpoint)
    return True


def _roll_back(place: NodePlace, checkpoint: _Checkpoint) -> None:
    """Go back to the checkpoint; all of it is tried. Raises ``HostError`` with what is left."""
    if ovs.find(place.switch) is not None and not ovs.runs(place.switch):
        ovs.ensure(place.switch, place.netns)
    failures: list[str] = []
    for _ in range(_BACK_TIMES):
        now = nodeobserve.state(place)
        goal = plan.back(checkpoint.before, now, checkpoint.touched, checkpoint.asked)
        ops = plan.plan(goal, now)
        failures = [] if ops else failures
        for op in ops:
            try:
                perform(op, place)
            except (LauncherError, OSError) as error:
                failures.append(f"`{op.describe().partition(chr(10))[0]}`: {error}")
        if not ops:
            break
    nodeobserve.write_kept(place, checkpoint.kept)
    place.checkpoint.unlink(missing_ok=True)
    if failures:
        raise HostError("it was not taken back completely: " + "; ".join(failures))


def _describe(place: NodePlace, goal: Goal) -> None:
    """Keep descriptions: the kernel has no place for them."""
    kept = nodeobserve.read_kept(place)
    words = dict(kept.descriptions)
    for each in goal.desired.interfaces:
        if each.state == "absent":
            words.pop(each.name, None)
        elif each.description is not None:
            words[each.name] = each.description
    nodeobserve.write_kept(place, msgspec.structs.replace(kept, descriptions=words))
