"""Threads take turns by name: what is done to one pod waits for what is being done to it already.

A thread cannot be stopped, so that one whose caller was cancelled still works; whoever comes next
must not begin before it has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Turns:
    """A lock for each name that is in use."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def take(self, name: str, work: Callable[[], T]) -> T:
        """Do ``work`` alone of all with this name, and return what it does."""
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            return work()

    def forget(self, name: str) -> None:
        """The name is not used any more; a turn that is being taken is not disturbed."""
        with self._guard:
            lock = self._locks.get(name)
            if lock is not None and not lock.locked():
                del self._locks[name]
