"""Records with revisions on any log: compare-and-swap, listing, history and watching.

All methods run in the event loop's thread and none but ``settled`` waits. Until ``group`` is called
a write is on disk when it returns. Afterwards it is at first only in memory, where later reads and
writes find it, and is committed together with those that come at the same time: who acknowledges
it to somebody waits for ``settled`` first, and watchers are told of it only then. When a commit
fails, all that is not on disk yet is taken back, whoever waits is told, and all watchers have to
list again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from virtctl.local.store.broadcast import Broadcast, Subscription, TooOld
from virtctl.local.store.grouping import Group
from virtctl.local.store.log import Change, ChangeType, Key, Log, Record


class Missing(Exception):
    """There is no such record."""


class Present(Exception):
    """There is such a record already."""


class Changed(Exception):
    """The record has another revision than expected."""


_Entry = tuple[Key, Record]


def _namespace(entry: _Entry) -> str:
    return entry[0].namespace


def _key(entry: _Entry) -> Key:
    return entry[0]


class Store:
    """Current records in memory as bytes, every change in the log."""

    def __init__(self, log: Log, *, queue_limit: int = 4096) -> None:
        self._log = log
        self._broadcast = Broadcast(queue_limit)
        self._collections: dict[str, dict[tuple[str, str], Record]] = {}
        for key, record in log.records():
            self._collection(key.collection)[key.namespace, key.name] = record
        self._order: dict[str, list[_Entry]] = {}
        self._revision = log.revision
        self._given = log.revision
        self._durable = log.revision
        self._started = log.revision
        self._changed: dict[str, int] = {}
        self.problem = ""
        """Why the newest write could not be put on disk; empty when it could."""
        self._group: Group | None = None
        self._taken_back: Callable[[Sequence[Change]], None] | None = None

    def group(self, taken_back: Callable[[Sequence[Change]], None] | None = None) -> None:
        """Commit in groups from now on; needs a running event loop.

        ``taken_back`` is told which changes were taken back, newest first, when a commit failed.
        """
        self._taken_back = taken_back
        self._group = Group(self._log, self._landed, self._undo)

    @property
    def unsettled(self) -> bool:
        """Whether there are changes that are not on disk yet."""
        return self._group is not None and bool(self._group.pending)

    async def settled(self) -> None:
        """Wait until all that was written is on disk. Raises ``Unwritable`` if it cannot be."""
        if self._group is not None:
            await self._group.settled()

    def _collection(self, name: str) -> dict[tuple[str, str], Record]:
        return self._collections.setdefault(name, {})

    @property
    def revision(self) -> int:
        """The newest revision."""
        return self._revision

    @property
    def durable(self) -> int:
        """The newest revision that is on disk: watchers are told up to here."""
        return self._durable

    @property
    def next_revision(self) -> int:
        """The revision that the next write gets, for values that hold their own."""
        return self._given + 1

    def changed(self, collection: str) -> int:
        """The revision of the last change of a collection; when opened, that of the whole store."""
        return self._changed.get(collection, self._started)

    @property
    def compacted(self) -> int:
        """Changes up to this revision are forgotten."""
        return self._log.compacted

    def get(self, key: Key) -> Record | None:
        """The record at ``key``."""
        return self._collections.get(key.collection, {}).get((key.namespace, key.name))

    def all(self, collection: str, namespace: str | None = None) -> list[_Entry]:
        """All records of a collection, or of one namespace of it, sorted by namespace and name."""
        order = self._order.get(collection)
        if order is None:
            found = self._collections.get(collection, {})
            order = self._order[collection] = [
                (Key(collection, *where), found[where]) for where in sorted(found)
            ]
        if namespace is None:
            return order.copy()
        start = bisect_left(order, namespace, key=_namespace)
        return order[start : bisect_right(order, namespace, start, key=_namespace)]

    def count(self, collection: str) -> int:
        """How many records a collection holds."""
        return len(self._collections.get(collection, {}))

    def list_at(self, collection: str, revision: int, namespace: str | None = None) -> list[_Entry]:
        """As ``all``, as it was at ``revision``. Raises ``TooOld`` when that is forgotten."""
        if revision >= self._revision:
            return self.all(collection, namespace)
        self._check_kept(revision)
        if revision >= self.changed(collection):  # as most are while somebody turns pages
            return self.all(collection, namespace)
        found = dict(self.all(collection, namespace))
        for change in reversed(self.since(revision)):
            key = change.key
            if key.collection != collection or namespace not in {None, key.namespace}:
                continue
            if change.previous is None:
                found.pop(key, None)
            else:
                found[key] = Record(revision, change.previous)
        return sorted(found.items())

    def since(self, revision: int) -> list[Change]:
        """The changes after ``revision``. Raises ``TooOld`` when some are forgotten."""
        pending = self._group.pending if self._group is not None else ()
        return self._durable_since(revision) + [
            each for each in pending if each.revision > revision
        ]

    def _check_kept(self, revision: int) -> None:
        if revision < self._log.compacted or self._log.lost(revision):
            raise TooOld

    def _durable_since(self, revision: int) -> list[Change]:
        self._check_kept(revision)
        # What another thread is writing may be in the log already, and is not told yet.
        return [each for each in self._log.since(revision) if each.revision <= self._durable]

    def create(self, key: Key, value: bytes) -> Record:
        """Store a new record. Raises ``Present``."""
        if self.get(key) is not None:
            raise Present
        return self._commit(key, ChangeType.ADDED, value, None)

    def update(self, key: Key, value: bytes, expected: int | None = None) -> Record:
        """Replace a record; with ``expected``, only at that revision.

        Raises ``Missing`` and ``Changed``.
        """
        current = self._expect(key, expected)
        return self._commit(key, ChangeType.MODIFIED, value, current.value)

    def delete(self, key: Key, value: bytes | None = None, expected: int | None = None) -> Record:
        """Remove a record; ``value`` is what watchers see last. Raises ``Missing``, ``Changed``."""
        current = self._expect(key, expected)
        last = current.value if value is None else value
        return self._commit(key, ChangeType.DELETED, last, current.value)

    def _expect(self, key: Key, expected: int | None) -> Record:
        current = self.get(key)
        if current is None:
            raise Missing
        if expected is not None and current.revision != expected:
            raise Changed
        return current

    def _commit(self, key: Key, type_: ChangeType, value: bytes, previous: bytes | None) -> Record:
        current = self.get(key)
        before = 0 if current is None else current.revision
        change = Change(self.next_revision, key, type_, value, previous, before)
        if self._group is None:
            self._log.append((change,))
        self._revision = self._given = change.revision
        self._changed[key.collection] = change.revision
        record = Record(change.revision, value)
        if type_ is not ChangeType.MODIFIED:
            self._order.pop(key.collection, None)
        elif (order := self._order.get(key.collection)) is not None:
            order[bisect_left(order, key, key=_key)] = (key, record)
        if type_ is ChangeType.DELETED:
            del self._collections[key.collection][key.namespace, key.name]
        else:
            self._collection(key.collection)[key.namespace, key.name] = record
        if self._group is None:
            self._landed((change,))
        else:
            self._group.add(change)
        return record

    def _landed(self, changes: Sequence[Change]) -> None:
        """``changes`` are on disk: tell of them."""
        self._durable = changes[-1].revision
        self.problem = ""
        for change in changes:
            self._broadcast.publish(change)

    def _undo(self, changes: Sequence[Change], reason: str) -> None:
        """Nothing of ``changes`` is on disk: be as before them.

        Their revisions are not given again, since somebody may remember what he read at them.
        """
        self.problem = reason
        self._revision = self._durable
        self._given += 1
        for change in reversed(changes):
            key = change.key
            self._changed[key.collection] = self._given
            self._order.pop(key.collection, None)
            if change.previous is None:
                self._collection(key.collection).pop((key.namespace, key.name), None)
            else:
                record = Record(change.before, change.previous)
                self._collection(key.collection)[key.namespace, key.name] = record
        self._broadcast.lose()
        if self._taken_back is not None:
            self._taken_back(changes[::-1])

    def subscribe(
        self, collection: str, namespace: str | None = None, since: int | None = None
    ) -> Subscription:
        """Changes after ``since`` (None: from now on). Raises ``TooOld``."""
        start = self._revision if since is None else since
        known = start >= self._durable and not self._log.lost(start)
        earlier = [] if known else self._durable_since(start)
        subscription = self._broadcast.subscribe(collection, namespace)
        subscription.begin(start)
        subscription.preload(earlier)
        return subscription

    def close(self) -> None:
        """End all subscriptions and close the log; what is written is put on disk before."""
        if self._group is not None:
            self._group.close()
        self._broadcast.close()
        self._log.close()
