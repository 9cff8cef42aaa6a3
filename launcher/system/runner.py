"""Carry out plans: journal, do, look again, and take back on failure."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeAlias

from launcher.errors import HostError, PlanFailed, VerifyFailed
from launcher.net import difference, verify
from launcher.net.model import NetState
from launcher.ops.base import Op, Plan, Undo
from launcher.system import namespaces
from launcher.system.journal import Journal
from launcher.system.perform import perform as _perform

Perform: TypeAlias = Callable[[Op], None]


def apply(
    name: str,
    desired: NetState,
    observe: Callable[[], NetState],
    journal: Journal,
    *,
    netns: str = "",
    perform: Perform = _perform,
) -> Plan:
    """Make a network the desired one and return what was done, nothing when it was that already.

    ``observe`` reads the network that the ops change, before and after. Raises ``PlanFailed`` when
    an op fails and ``VerifyFailed`` when the network differs afterwards; both times everything
    done has been taken back.
    """
    observed = observe()
    ops = difference.plan(desired, observed)
    run(name, ops, difference.undo(ops, observed), journal, netns=netns, perform=perform)
    if found := verify.mismatches(desired, observe()):
        roll_back(name, journal, perform=perform)
        raise VerifyFailed(found)
    journal.finish(name)
    return ops


def run(
    name: str,
    ops: Plan,
    undo: Undo,
    journal: Journal,
    *,
    netns: str = "",
    perform: Perform = _perform,
) -> None:
    """Carry out ops, in a named network namespace when given; the caller finishes the journal.

    When an op fails, what was done is taken back and ``PlanFailed`` raised.
    """
    journal.begin(name, ops, undo, netns)
    for step, op in enumerate(ops):
        journal.doing(name, step)
        try:
            with _inside(netns):
                perform(op)
        except (HostError, OSError) as error:
            told = str(error)
            try:
                roll_back(name, journal, perform=perform)
            except HostError as second:
                told += f"; moreover, {second}"
            raise PlanFailed(_first_line(op), told) from error


def roll_back(name: str, journal: Journal, *, perform: Perform = _perform) -> None:
    """Take back what was begun of a plan, also in a later process.

    All of it is tried; raises ``HostError`` with what could not be taken back.
    """
    netns, ops = journal.to_undo(name)
    failures = []
    if not netns or namespaces.exists(netns):
        for op in ops:
            try:
                with _inside(netns):
                    perform(op)
            except (HostError, OSError) as error:
                failures.append(f"`{_first_line(op)}`: {error}")
    if failures:
        raise HostError(f"{name} was not taken back completely: " + "; ".join(failures))
    journal.undone(name)


def _first_line(op: Op) -> str:
    return op.describe().partition("\n")[0]


def _inside(netns: str) -> contextlib.AbstractContextManager[None]:
    return namespaces.in_netns(netns) if netns else contextlib.nullcontext()
