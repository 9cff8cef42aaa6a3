"""Work for objects, one task for each at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Errands:
    """The tasks that are under way, by the uid of the object that each is for."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, uid: str) -> bool:
        return uid in self._tasks

    def begin(self, uid: str, work: Coroutine[None, None, None], name: str) -> None:
        """Start ``work`` for an object that has none under way."""
        task = asyncio.create_task(work, name=name)
        self._tasks[uid] = task
        task.add_done_callback(lambda _: self._tasks.pop(uid, None))

    async def end(self) -> None:
        """Cancel all, and wait until they have ended."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
