"""A work queue of object keys: each key at most once, delays, and back-off per key."""

from __future__ import annotations

import asyncio
import heapq
from typing import NamedTuple

FIRST_RETRY = 0.05
LONGEST_RETRY = 60.0


class Key(NamedTuple):
    """An object's namespace (empty for cluster scope) and name."""

    namespace: str
    name: str


class WorkQueue:
    """Keys to look at. Times are those of the running event loop.

    A key that is added twice is handed out once, at the earlier of the two times. While a key is
    worked on it may be added again; ``get`` is meant for one consumer.
    """

    def __init__(self) -> None:
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, Key]] = []
        self._failures: dict[Key, int] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._due)

    def add(self, key: Key, after: float = 0.0) -> None:
        """Hand out ``key`` after so many seconds, or earlier if it was already due then."""
        due = asyncio.get_running_loop().time() + after
        known = self._due.get(key)
        if known is not None and known <= due:
            return
        self._due[key] = due
        heapq.heappush(self._heap, (due, key))
        self._changed.set()

    def retry(self, key: Key) -> float:
        """Hand out ``key`` again after a delay that doubles with each failure; returns it."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = min(FIRST_RETRY * float(2**failures), LONGEST_RETRY)
        self.add(key, delay)
        return delay

    def forget(self, key: Key) -> None:
        """The key went well: its next failure is the first again."""
        self._failures.pop(key, None)

    async def get(self) -> Key:
        """The next key that is due; waits for one."""
        while True:
            self._changed.clear()
            wait = self._wait()
            if wait is not None and wait <= 0:
                _, key = heapq.heappop(self._heap)
                del self._due[key]
                return key
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _wait(self) -> float | None:
        """Seconds until the next key is due; None when there is none."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)  # overtaken by an earlier time for the same key
        if not self._heap:
            return None
        return self._heap[0][0] - asyncio.get_running_loop().time()
