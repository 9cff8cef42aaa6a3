"""Work for objects, one task for each at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from virtctl.local.api.service import ApiService
from virtctl.local.runtime.informer import Informer, Seen, key_of
from virtctl.local.runtime.queue import Key
from virtctl.models.documents import Document, uid_of
from virtctl.models.kinds import Kind

log = logging.getLogger(__name__)


class Errands:
    """The tasks that are under way, by the uid of the object that each is for."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, uid: str) -> bool:
        return uid in self._tasks

    def begin(
        self,
        uid: str,
        work: Coroutine[None, None, None],
        name: str,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Start ``work`` for an object that has none under way; ``then`` is called when it is done.

        Not when it was cancelled, nor when it raised what it should not have, which is logged.
        """
        task = asyncio.create_task(work, name=name)
        self._tasks[uid] = task
        task.add_done_callback(lambda done: self._ended(uid, done, then))

    def _ended(self, uid: str, task: asyncio.Task[None], then: Callable[[], None] | None) -> None:
        self._tasks.pop(uid, None)
        if task.cancelled():
            return
        if task.exception() is not None:
            log.error("%s failed", task.get_name(), exc_info=task.exception())
        elif then is not None:
            then()

    async def end(self) -> None:
        """Cancel all, and wait until they have ended."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


class Caretaker:
    """Does what is to be done for each object of a kind that ``wants`` it.

    ``work`` gets the key and the uid of one, and is begun again as long as the object still wants
    something when it is done.
    """

    def __init__(
        self,
        service: ApiService,
        kind: Kind,
        wants: Callable[[Document], bool],
        work: Callable[[Key, str], Coroutine[None, None, None]],
    ) -> None:
        self._service, self._kind = service, kind
        self._wants, self._work = wants, work
        self._errands = Errands()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await Informer(self._service, self._kind, self._seen).run()
        finally:
            await self._errands.end()

    def _seen(self, seen: Seen) -> None:
        if seen.new is not None:
            self._look(seen.new)

    def _look(self, one: Document) -> None:
        key, uid = key_of(one), uid_of(one)
        if uid in self._errands or not self._wants(one):
            return
        name = f"errand for {self._kind.name} {'/'.join(key)}"
        self._errands.begin(uid, self._work(key, uid), name, lambda: self._again(key, uid))

    def _again(self, key: Key, uid: str) -> None:
        """What was asked for while an errand was under way was not listened to."""
        now = self._service.find(self._kind, *key)
        if now is not None and uid_of(now) == uid:
            self._look(now)
