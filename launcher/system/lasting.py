"""Processes that outlive whoever started them, named so that a reused pid is not taken for one.

``Lasting`` goes into the files that remember such processes: the field names are part of them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time

import msgspec

from launcher.system import process

_TICK = 0.005


class Lasting(msgspec.Struct, frozen=True, kw_only=True):
    """A process for good: its pid with its start time, in clock ticks since boot."""

    pid: int
    started: int


def note(pid: int) -> Lasting:
    """What to remember of a process that was just started; one that has ended runs no more."""
    return Lasting(pid=pid, started=process.start_time(pid) or 0)


def runs(known: Lasting | None) -> bool:
    """Whether it is still that process."""
    return known is not None and process.start_time(known.pid) == known.started


def end(known: Lasting | None, seconds: float) -> None:
    """Ask a process to end, kill it after ``seconds``, and reap it; what does not run is fine."""
    if known is None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not runs(known):
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(known.pid, number)
        deadline = time.monotonic() + seconds
        while runs(known) and time.monotonic() < deadline:
            time.sleep(_TICK)
    with contextlib.suppress(ChildProcessError):  # somebody else's child
        os.waitpid(known.pid, os.WNOHANG)
