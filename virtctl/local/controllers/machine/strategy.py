"""Run strategies: whether a VMI is started, stopped or left alone (api.md §3.1). Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from virtctl.local.controllers.machine.seen import (
    RunStrategy,
    Seen,
    has_start_request,
    has_stop_request,
    is_alive,
    is_final,
    phase,
    requests,
    run_strategy,
    start_failures,
    was_running,
)
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.times import seconds, stamp
from virtctl.models.documents import Document, text, uid_of

BACKOFF_STEP = 10.0  # seconds, times the square of the number of failures
BACKOFF_LIMIT = 300.0
_STARTED_AGAIN = {RunStrategy.ALWAYS, RunStrategy.RERUN_ON_FAILURE, RunStrategy.ONCE}
"""Strategies whose failed starts are counted; others hold none."""


class Move(Enum):
    """What to do now."""

    NONE = auto()
    START = auto()
    STOP = auto()
    SWITCH_ON = auto()  # a Halted machine was asked to start: its strategy becomes Always


@dataclass(frozen=True)
class Verdict:
    """The move, after how many seconds to look again, and whether a Start is to follow a stop."""

    move: Move = Move.NONE
    wait: float = 0.0
    start_after: bool = False


def consider(seen: Seen, now: float) -> Verdict:
    """What the run strategy asks for."""
    strategy = run_strategy(seen.vm)
    return _DECISIONS[strategy](seen, now)


def _always(seen: Seen, now: float) -> Verdict:
    if seen.vmi is None:
        return _start(seen, now)
    if has_stop_request(seen.vm, seen.vmi) or is_final(seen.vmi):
        return _stop(seen.vmi)
    return Verdict()


def _rerun_on_failure(seen: Seen, now: float) -> Verdict:
    if seen.vmi is not None:
        if has_stop_request(seen.vm, seen.vmi) or is_final(seen.vmi):
            verdict = _stop(seen.vmi)
            failed = phase(seen.vmi) == "Failed" and verdict.move is Move.STOP
            return Verdict(verdict.move, start_after=failed)
        return Verdict()
    return _start_when_new(seen, now)


def _once(seen: Seen, now: float) -> Verdict:
    if seen.vmi is not None:
        return _stop(seen.vmi) if has_stop_request(seen.vm, seen.vmi) else Verdict()
    return _start(seen, now)


def _manual(seen: Seen, now: float) -> Verdict:
    if seen.vmi is not None:
        return _stop(seen.vmi) if has_stop_request(seen.vm, seen.vmi) else Verdict()
    return _start(seen, now) if has_start_request(seen.vm) else Verdict()


def _halted(seen: Seen, now: float) -> Verdict:
    del now
    if has_start_request(seen.vm):
        return Verdict(Move.SWITCH_ON)
    return _stop(seen.vmi) if seen.vmi is not None else Verdict()


def _wait_as_receiver(seen: Seen, now: float) -> Verdict:
    # the source of a migration between clusters is not there yet: no VMI is made for it
    del seen, now
    return Verdict()


_DECISIONS: dict[RunStrategy, Callable[[Seen, float], Verdict]] = {
    RunStrategy.ALWAYS: _always,
    RunStrategy.RERUN_ON_FAILURE: _rerun_on_failure,
    RunStrategy.ONCE: _once,
    RunStrategy.MANUAL: _manual,
    RunStrategy.HALTED: _halted,
    RunStrategy.WAIT_AS_RECEIVER: _wait_as_receiver,
}


def _start_when_new(seen: Seen, now: float) -> Verdict:
    """Start on a request, or when the machine comes from another strategy (or from none)."""
    before = text(seen.vm, "status", "runStrategy")
    if has_start_request(seen.vm) or before != run_strategy(seen.vm):
        return _start(seen, now)
    return Verdict()


def _start(seen: Seen, now: float) -> Verdict:
    left = seconds(text(seen.vm, "status", "startFailure", "retryAfterTimestamp")) - now
    if start_failures(seen.vm) and left > 0:
        return Verdict(wait=left)
    return Verdict(Move.START)


def _stop(vmi: Document) -> Verdict:
    return Verdict() if is_deleting(vmi) else Verdict(Move.STOP)


def pending_requests(seen: Seen, verdict: Verdict) -> list[Document]:
    """The requests that are still to be processed; one is looked at per turn."""
    pending = requests(seen.vm)
    if verdict.move is Move.SWITCH_ON:
        return pending[1:]
    if pending and _is_done(pending[0], seen.vmi):
        pending = pending[1:]
    if verdict.start_after:
        pending = [*pending, {"action": "Start"}]
    return pending


def _is_done(request: Document, vmi: Document | None) -> bool:
    if text(request, "action") == "Stop":
        return vmi is None or text(request, "uid") != uid_of(vmi)
    return is_alive(vmi)


def start_failure(seen: Seen, now: float) -> Document | None:
    """``status.startFailure`` after a look at the VMI; None when there is nothing to hold."""
    known = seen.vm.get("status")
    known = known.get("startFailure") if isinstance(known, dict) else None
    before = known if isinstance(known, dict) else None
    if run_strategy(seen.vm) not in _STARTED_AGAIN:
        return None
    if seen.vmi is None:
        return before
    if was_running(seen.vmi):
        return None
    if not is_final(seen.vmi):
        return before
    if before is not None and text(before, "lastFailedVMIUID") == uid_of(seen.vmi):
        return before
    count = start_failures(seen.vm) + 1
    delay = backoff(count, uid_of(seen.vmi))
    return {
        "consecutiveFailCount": count,
        "lastFailedVMIUID": uid_of(seen.vmi),
        "retryAfterTimestamp": stamp(now + delay),
    }


def backoff(count: int, uid: str) -> float:
    """Seconds to wait after the ``count``-th failure: 10·n², up to half more, at most 300.

    The part that upstream draws at random is taken from the uid, so that deciding stays pure.
    """
    base = BACKOFF_STEP * count * count
    share = hashlib.sha256(uid.encode()).digest()[0] / 255
    return min(base + base / 2 * share, BACKOFF_LIMIT)
