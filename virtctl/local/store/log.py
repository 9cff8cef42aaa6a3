"""The log that a store writes to: what one change is, and what a log must be able to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol


class Key(NamedTuple):
    """Where a record lives. ``namespace`` is empty for cluster scope."""

    collection: str
    namespace: str
    name: str


class Unwritable(Exception):
    """A log cannot be written now; nothing of what was to be appended is kept."""


class ChangeType(StrEnum):
    """What happened; the values are those of Kubernetes watch events."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Record:
    """A stored value and the revision that wrote it.

    ``encoded`` keeps what readers made of the value: it is a cache and takes no part in equality.
    """

    revision: int
    value: bytes
    encoded: dict[object, object] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change. ``value`` is the new value, or the last one of a deleted record.

    ``previous`` is the value before, which revision ``before`` wrote; None for an addition.
    ``encoded`` lets all readers share what one of them made of the change (a watch line, say): it
    is a cache and takes no part in equality.
    """

    revision: int
    key: Key
    type: ChangeType
    value: bytes
    previous: bytes | None
    before: int = field(default=0, compare=False)
    encoded: dict[object, object] = field(default_factory=dict, compare=False, repr=False)


class Log(Protocol):
    """Durable storage of current records and of a bounded history of changes."""

    def records(self) -> Iterator[tuple[Key, Record]]:
        """All current records, in no particular order."""

    @property
    def revision(self) -> int:
        """The highest revision ever given; survives a restart."""

    @property
    def compacted(self) -> int:
        """The history is complete for changes after this revision."""

    def append(self, changes: Sequence[Change]) -> None:
        """Commit ``changes`` together; they are durable when this returns.

        May be called in another thread than the rest. Raises ``Unwritable``.
        """

    def since(self, revision: int) -> list[Change]:
        """The changes after ``revision``, oldest first; ``revision`` is at least ``compacted``."""

    def lost(self, revision: int) -> bool:
        """Whether ``revision`` may have been given, to a change that the disk then lost."""

    def close(self) -> None:
        """Release files; the log cannot be used afterwards."""
