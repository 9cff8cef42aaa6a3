"""Watches over the store: selection, replay, bookmarks and the end of history."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

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

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


def too_old(revision: int, oldest: int) -> Gone:
    """The answer to a watch or list at a forgotten revision."""
    return Gone(f"too old resource version: {revision} ({oldest})")


class Delivery(NamedTuple):
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
        self._initial = deque(initial)
        self._ended = False

    async def batch(self) -> list[Delivery] | None:
        """What has come, as soon as something has; None at the end."""
        if not self._initial and not self._ended:
            await self._subscription.wait()
        return self.take()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever there may be something to take after all was taken."""
        self._subscription.listen(listener)
        if self._initial and not self._subscription.ready:
            listener()

    @property
    def more(self) -> bool:
        """Whether there is something to take, be it the end."""
        return self._ended or bool(self._initial) or self._subscription.ready

    def take(self, most: int | None = None) -> list[Delivery] | None:
        """What has come, or ``most`` changes of it, without waiting; None at the end."""
        if self._subscription.closed:
            self._ended = True
        if self._ended:
            return None
        if self._initial:
            count = len(self._initial)
            return [self._initial.popleft() for _ in range(min(most or count, count))]
        try:
            changes = self._subscription.pending(most)
        except TooOld:
            self._ended = True
            gone = build_status(Gone("the watch fell behind; list again"))
            return [Delivery("ERROR", msgspec.json.encode(gone), None)]
        if not self._selection:
            return [Delivery(change.type.value, change.value, change) for change in changes]
        return [found for change in changes if (found := self._select(change)) is not None]

    def _select(self, change: Change) -> Delivery | None:
        """``change`` as a watcher with a selector sees it: objects enter and leave its view."""
        now = change.type is not ChangeType.DELETED and self._matches(change, "value", change.value)
        before = change.previous is not None and self._matches(change, "previous", change.previous)
        if now:
            return Delivery("MODIFIED" if before else "ADDED", change.value, change)
        if not before:
            return None
        if change.type is ChangeType.DELETED or change.previous is None:
            return Delivery("DELETED", change.value, change)
        return Delivery("DELETED", _left(change, change.previous), change)

    def _matches(self, change: Change, what: str, value: bytes) -> bool:
        """Whether it is selected; it is decoded once for all who want to know."""
        document = change.encoded.get(what)
        if not isinstance(document, dict):
            change.encoded[what] = document = _decoder.decode(value)
        return self._selection.matches(document)

    def close(self) -> None:
        """End the watch and wake its reader; may be called twice."""
        self._ended = True
        self._subscription.close()


def _left(change: Change, previous: bytes) -> bytes:
    """What watchers see last of an object that is no longer selected: as it was, at that time."""
    made = change.encoded.get("left")
    if not isinstance(made, bytes):
        last = _decoder.decode(previous)
        put(last, str(change.revision), "metadata", "resourceVersion")
        change.encoded["left"] = made = msgspec.json.encode(last)
    return made


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
