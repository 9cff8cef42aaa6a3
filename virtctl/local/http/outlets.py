"""Answers that go on for long, written to many clients without a task of each having to run.

A task that wakes for every event of every watcher would be most of the work of telling a thousand
of them. So who writes does it in turns that are shared by all, straight to the connections.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

_AT_A_TIME = 32  # what is written in one turn of the event loop, which sends it at the turn's end


class Outlet:
    """Takes parts of an answer whose head is sent, at once; ``write`` passes one on.

    The connection tells by ``pause`` and ``resume`` whether the client keeps up.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.write = write
        self.full = False
        """Whether the client has to read first; what is written all the same is kept for it."""
        self._listener: Callable[[], None] | None = None

    def pause(self) -> None:
        """The client does not keep up."""
        self.full = True

    def resume(self) -> None:
        """The client has read what was kept for it."""
        self.full = False
        if self._listener is not None:
            self._listener()

    def listen(self, listener: Callable[[], None] | None) -> None:
        """Call ``listener`` whenever the outlet is not full any more."""
        self._listener = listener


class Turns:
    """What is to be written now, a few at a time, so that others get their turns in between."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._due = False

    def add(self, write: Callable[[], None]) -> None:
        """Call ``write`` soon."""
        self._waiting.append(write)
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._take)

    def _take(self) -> None:
        waiting = self._waiting
        try:
            for _ in range(min(len(waiting), _AT_A_TIME)):
                waiting.popleft()()
        finally:
            self._due = bool(waiting)
            if self._due:
                asyncio.get_running_loop().call_soon(self._take)
