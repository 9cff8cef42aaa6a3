"""Launchers outlive whoever started them; the daemon adopts them and reaps them when they end.

Without that, a machine whose init does not reap at once would keep zombies around for seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import threading
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_INTERVAL = 2.0  # seconds


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


async def reap_orphans(interval: float = _INTERVAL) -> None:
    """Reap ended children that nobody waited for during ``interval`` seconds, for ever.

    Whoever started a child waits for it at once; what is a zombie for longer was adopted.
    """
    before: set[int] = set()
    while True:
        await asyncio.sleep(interval)
        now = zombies()
        for pid in before & now:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # noqa: ASYNC222 - it does not wait
        before = now


def zombies() -> set[int]:
    """Our children that have ended and were not waited for."""
    found: set[int] = set()
    if not _is_any():
        return found
    for thread in threading.enumerate():
        path = Path(f"/proc/self/task/{thread.native_id}/children")
        with contextlib.suppress(OSError):
            for pid in path.read_text().split():
                with contextlib.suppress(OSError):
                    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    if stat[0] == "Z":
                        found.add(int(pid))
    return found


def _is_any() -> bool:
    """Whether there is one at all (waitid(2)): mostly there is none, and that is quickly said."""
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # there is no child
        return False
