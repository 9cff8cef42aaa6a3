"""Watches over the store: selection, replay, bookmarks and the end of history."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec

from virtctl.errors import Gone
from virtctl.local.api.contract import WatchEvent
from virtctl.local.store.broadcast import Subscription, TooOld
from virtctl.local.store.log import Change, ChangeType
from virtctl.models.documents import Document, put
from virtctl.models.kinds import Kind
from virtctl.wire.selectors import Selection
from virtctl.wire.status import build_status

_decoder = msgspec.json.Decoder(dict)

_TIMER_SLACK = 0.05  # seconds
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


def too_old(revision: int, oldest: int) -> Gone:
    """The answer to a watch or list at a forgotten revision."""
    return Gone(f"too old resource version: {revision} ({oldest})")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one watcher. ``change`` is None for bookmarks and errors."""

    type: str
    value: bytes
    change: Change | None


def bookmark(kind: Kind, revision: int, *, initial_end: bool = False) -> Delivery:
    """A bookmark at ``revision``; ``initial_end`` closes the replay of current objects."""
    metadata: Document = {"resourceVersion": str(revision), "creationTimestamp": None}
    if initial_end:
        metadata["annotations"] = {INITIAL_EVENTS_END: "true"}
    mark: Document = {
        "kind": kind.name,
        "apiVersion": kind.api_version,
        "metadata": metadata,
    }
    return Delivery("BOOKMARK", msgspec.json.encode(mark), None)


class Feed:
    """The deliveries of one watch, in batches."""

    def __init__(
        self, subscription: Subscription, selection: Selection, initial: list[Delivery]
    ) -> None:
        self._subscription = subscription
        self._selection = selection
        self._initial = [*initial]
        self._ended = False
        self._timer: asyncio.TimerHandle | None = None

    async def batch(self, timeout: float | None = None) -> list[Delivery] | None:  # noqa: ASYNC109
        """What has come; [] after ``timeout`` seconds of nothing; None at the end."""
        if self._initial:
            found, self._initial = self._initial, []
            return found
        if self._ended:
            return None
        if timeout is not None:
            self._wake_in(timeout)
        if not await self._subscription.wait():
            self._ended = True
            return None
        return self._collect()

    def _wake_in(self, seconds: float) -> None:
        """Wake the reader then. A timer that is set for that time already is kept.

        With a thousand watches, a timer and a scope for each event of each would be most of the
        work.
        """
        loop = asyncio.get_running_loop()
        wanted = loop.time() + seconds
        if self._timer is not None:
            late = self._timer.when() - wanted
            if abs(late) < _TIMER_SLACK and not self._timer.cancelled():
                return
            self._timer.cancel()
        self._timer = loop.call_at(wanted, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._subscription.wake()

    def _collect(self) -> list[Delivery]:
        try:
            changes = self._subscription.pending()
        except TooOld:
            self._ended = True
            gone = build_status(Gone("the watch fell behind; list again"))
            return [Delivery("ERROR", msgspec.json.encode(gone), None)]
        if not self._selection:
            return [Delivery(change.type.value, change.value, change) for change in changes]
        return [found for change in changes if (found := self._select(change)) is not None]

    def _select(self, change: Change) -> Delivery | None:
        """``change`` as a watcher with a selector sees it: objects enter and leave its view."""
        now = change.type is not ChangeType.DELETED and self._matches(change.value)
        before = change.previous is not None and self._matches(change.previous)
        if now:
            return Delivery("MODIFIED" if before else "ADDED", change.value, change)
        if not before:
            return None
        if change.type is ChangeType.DELETED or change.previous is None:
            return Delivery("DELETED", change.value, change)
        last = _decoder.decode(change.previous)
        put(last, str(change.revision), "metadata", "resourceVersion")
        return Delivery("DELETED", msgspec.json.encode(last), None)

    def _matches(self, value: bytes) -> bool:
        return self._selection.matches(_decoder.decode(value))

    def close(self) -> None:
        """End the watch and wake its reader; may be called twice."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._subscription.close()


class DocumentWatch:
    """A feed as an async iterator of decoded events; fulfils ``service.Watch``."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._queue: deque[Delivery] = deque()

    def __aiter__(self) -> AsyncIterator[WatchEvent]:
        return self

    async def __anext__(self) -> WatchEvent:
        while not self._queue:
            found = await self._feed.batch()
            if found is None:
                raise StopAsyncIteration
            self._queue.extend(found)
        delivery = self._queue.popleft()
        return WatchEvent(delivery.type, _decoder.decode(delivery.value))

    def close(self) -> None:
        """End the watch; what was queued is dropped."""
        self._queue.clear()
        self._feed.close()
