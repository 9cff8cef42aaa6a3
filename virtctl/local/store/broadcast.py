"""Fan-out of changes to watchers, each with a bounded queue.

A watcher that does not keep up is told so (``TooOld``) instead of holding memory for ever; it lists
again, as every Kubernetes client knows how to.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from virtctl.local.store.log import Change


class TooOld(Exception):
    """The watcher missed changes that are no longer kept."""


class Subscription:
    """The changes of one collection, in order. Not for use by two readers."""

    def __init__(
        self, broadcast: Broadcast, collection: str, namespace: str | None, limit: int
    ) -> None:
        self._broadcast = broadcast
        self._collection = collection
        self._namespace = namespace
        self._limit = limit
        self._queue: deque[Change] = deque()
        self._event = asyncio.Event()
        self._listener: Callable[[], object] = self._event.set
        self._after = 0
        self._overflowed = False
        self.closed = False
        """Whether it was ended."""
        self.ready = False
        """Whether there is something to look at, be it the end."""

    @property
    def collection(self) -> str:
        """What is watched."""
        return self._collection

    def begin(self, after: int) -> None:
        """Pass over changes up to revision ``after``: the reader has seen their effect."""
        self._after = after

    def preload(self, changes: Iterable[Change]) -> None:
        """Queue earlier changes, which do not count against the bound."""
        self._queue.extend(change for change in changes if self._wants(change))
        if self._queue:
            self._tell()

    def offer(self, change: Change) -> None:
        """Queue ``change`` when it is of interest."""
        if self._overflowed or not self._wants(change):
            return
        if len(self._queue) >= self._limit:
            self._overflowed = True
        else:
            self._queue.append(change)
        if not self.ready:
            self._tell()

    def _tell(self) -> None:
        if not self.ready:
            self.ready = True
            self._listener()

    def _wants(self, change: Change) -> bool:
        key = change.key
        return (
            change.revision > self._after
            and key.collection == self._collection
            and (self._namespace is None or key.namespace == self._namespace)
        )

    def listen(self, listener: Callable[[], object]) -> None:
        """Call ``listener`` when something comes after all was looked at; now, if it has.

        Nobody can ``wait`` any more then.
        """
        self._listener = listener
        if self.ready:
            listener()

    def pending(self, most: int | None = None) -> list[Change]:
        """Queued changes, ``most`` of them or all, without waiting.

        Raises ``TooOld`` when there are none any more after an overflow.
        """
        queue = self._queue
        if most is None or len(queue) <= most:
            found = list(queue)
            queue.clear()
            self.ready = self._overflowed or self.closed
        else:
            found = [queue.popleft() for _ in range(most)]
        if not found and self._overflowed:
            raise TooOld
        return found

    def lose(self) -> None:
        """Tell the reader, after what is queued, that it missed changes."""
        self._overflowed = True
        self._tell()

    async def wait(self) -> bool:
        """Wait until something is queued; False when the subscription was closed."""
        while not self.ready:
            self._event.clear()
            await self._event.wait()
        return not self.closed

    def close(self) -> None:
        """End the subscription and wake its reader; may be called twice."""
        self.closed = True
        self._queue.clear()
        self._tell()
        self._broadcast.drop(self)


class Broadcast:
    """All open subscriptions."""

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._by_collection: dict[str, set[Subscription]] = {}

    def subscribe(self, collection: str, namespace: str | None = None) -> Subscription:
        """A subscription to changes from now on; ``namespace`` None means all."""
        made = Subscription(self, collection, namespace, self._limit)
        self._by_collection.setdefault(collection, set()).add(made)
        return made

    def publish(self, change: Change) -> None:
        """Hand ``change`` to everyone who wants it."""
        for subscription in self._by_collection.get(change.key.collection, ()):
            subscription.offer(change)

    def drop(self, subscription: Subscription) -> None:
        """Forget ``subscription``."""
        self._by_collection.get(subscription.collection, set()).discard(subscription)

    def lose(self) -> None:
        """Have every reader list again: what it was shown may not be so."""
        for subscriptions in self._by_collection.values():
            for subscription in subscriptions:
                subscription.lose()
        self._by_collection.clear()

    def close(self) -> None:
        """End every subscription."""
        for subscriptions in list(self._by_collection.values()):
            for subscription in list(subscriptions):
                subscription.close()
