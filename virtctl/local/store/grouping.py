"""Group commit: changes that come together are put on disk together.

While commits are quick they are made in the event loop, right after all that is ready has run: a
thread would cost more than it spares. On a slow disk they are made in a thread, so that readers
are answered meanwhile, and what comes in that time is the next group.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from virtctl.local.store.log import Change, Log, Unwritable

log = logging.getLogger(__name__)

_SLOW_SECONDS = 0.002  # how long the event loop may stand still for a commit
_NEWEST = 0.25  # what the newest commit weighs in the average


class Group:
    """Changes on their way to a log.

    ``landed`` is told of changes that are on disk, ``undo`` of all that had to be given up.
    """

    def __init__(
        self,
        target: Log,
        landed: Callable[[Sequence[Change]], None],
        undo: Callable[[Sequence[Change], str], None],
    ) -> None:
        self._log = target
        self._landed = landed
        self._undo = undo
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Change] = []
        self._flying: list[Change] = []
        self._flight: Future[None] | None = None
        self._handle: asyncio.Handle | None = None
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._thread: ThreadPoolExecutor | None = None
        self._seconds = 0.0
        self._closing = False

    @property
    def pending(self) -> list[Change]:
        """What is not on disk yet, oldest first."""
        return self._flying + self._waiting

    @property
    def slow(self) -> bool:
        """Whether commits take too long for the event loop."""
        return self._seconds > _SLOW_SECONDS

    def add(self, change: Change) -> None:
        """Put ``change`` on disk soon."""
        self._waiting.append(change)
        if not self._flying and self._handle is None:
            self._handle = self._loop.call_soon(self._start)

    async def settled(self) -> None:
        """Wait until all that was added is on disk. Raises ``Unwritable``."""
        if not self._flying and not self._waiting:
            return
        newest = (self._waiting or self._flying)[-1].revision
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append((newest, waiter))
        await waiter

    def close(self) -> None:
        """Put everything on disk now, and end the thread."""
        self._closing = True
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        if self._flight is not None:
            flight, self._flight = self._flight, None
            self._ended(flight.exception())
        while self._waiting:
            self._flying, self._waiting = self._waiting, []
            self._ended(self._append(self._flying))
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _start(self) -> None:
        self._handle = None
        self._flying, self._waiting = self._waiting, []
        if not self.slow:
            self._ended(self._append(self._flying))
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "store")
        self._flight = self._thread.submit(self._write, self._flying)
        self._flight.add_done_callback(self._tell)

    def _write(self, changes: Sequence[Change]) -> None:
        error = self._append(changes)
        if error is not None:
            raise error

    def _append(self, changes: Sequence[Change]) -> BaseException | None:
        started = time.perf_counter()
        try:
            self._log.append(changes)
        except Exception as error:  # noqa: BLE001 - whatever it was, it was not committed
            return error
        finally:
            took = time.perf_counter() - started
            self._seconds += _NEWEST * (took - self._seconds)
        return None

    def _tell(self, flight: Future[None]) -> None:
        """Called in the thread."""
        try:
            self._loop.call_soon_threadsafe(self._returned, flight)
        except RuntimeError:
            return  # the loop has ended; ``close`` looks at the flight itself

    def _returned(self, flight: Future[None]) -> None:
        if flight is self._flight:
            self._flight = None
            self._ended(flight.exception())

    def _ended(self, error: BaseException | None) -> None:
        """A commit is over."""
        done, self._flying = self._flying, []
        if error is None:
            self._landed(done)
            self._release(done[-1].revision, None)
            if self._waiting and self._handle is None and not self._closing:
                self._handle = self._loop.call_soon(self._start)
            return
        lost, self._waiting = done + self._waiting, []
        log.error("%d changes are given up: %s", len(lost), error)
        self._undo(lost, str(error))
        self._release(lost[-1].revision, error)

    def _release(self, revision: int, error: BaseException | None) -> None:
        ready = [waiter for newest, waiter in self._waiters if newest <= revision]
        self._waiters = [each for each in self._waiters if each[0] > revision]
        for waiter in ready:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(Unwritable(str(error)))
