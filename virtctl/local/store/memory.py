"""A log in memory: for tests and for clusters that need not outlive their process."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from virtctl.local.store.log import Change, ChangeType, Key, Record


class MemoryLog:
    """Keeps at most ``history`` changes."""

    def __init__(self, history: int = 4096) -> None:
        self._records: dict[Key, Record] = {}
        self._history: deque[Change] = deque(maxlen=history)
        self._revision = 0
        self._compacted = 0

    def records(self) -> Iterator[tuple[Key, Record]]:
        yield from self._records.items()

    @property
    def revision(self) -> int:
        return self._revision

    @property
    def compacted(self) -> int:
        return self._compacted

    def append(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if len(self._history) == self._history.maxlen and self._history:
                self._compacted = self._history[0].revision
            self._history.append(change)
            self._revision = change.revision
            if change.type is ChangeType.DELETED:
                del self._records[change.key]
            else:
                self._records[change.key] = Record(change.revision, change.value)

    def since(self, revision: int) -> list[Change]:
        return [change for change in self._history if change.revision > revision]

    def lost(self, revision: int) -> bool:
        return revision < 0  # memory loses everything or nothing

    def close(self) -> None:
        """Nothing to release."""
