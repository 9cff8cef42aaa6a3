"""``meta.k8s.io/v1`` tables: what ``kubectl get`` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

Cell = Callable[[Document, datetime], JsonValue]
"""Reads a cell of an object; the moment is for ages."""


class Include(StrEnum):
    """How much of each object a row carries."""

    NONE = "None"
    METADATA = "Metadata"
    OBJECT = "Object"


@dataclass(frozen=True)
class Column:
    """One column; ``priority`` 1 is shown by ``-o wide`` only."""

    name: str
    cell: Cell
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def definition(self) -> Document:
        """``TableColumnDefinition``."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description or self.name,
            "priority": self.priority,
        }


@dataclass(frozen=True)
class TableStyle:
    """How a client wants its tables: API version and what rows carry."""

    version: str = "v1"
    include: Include = Include.METADATA


@dataclass(frozen=True)
class ListMeta:
    """``metadata`` of a list or table."""

    revision: str = ""
    continue_token: str = ""
    remaining: int = 0

    def document(self) -> Document:
        """``metav1.ListMeta``."""
        found: Document = {"resourceVersion": self.revision}
        if self.continue_token:
            found["continue"] = self.continue_token
        if self.remaining:
            found["remainingItemCount"] = self.remaining
        return found


@dataclass(frozen=True)
class TableBuilder:
    """Builds tables of one kind for one client."""

    columns: Sequence[Column]
    style: TableStyle
    now: datetime
    headers: bool = field(default=True)

    def build(self, objects: Iterable[Document], meta: ListMeta) -> Document:
        """A table with a row for each object."""
        return {
            "kind": "Table",
            "apiVersion": f"meta.k8s.io/{self.style.version}",
            "metadata": meta.document(),
            "columnDefinitions": [column.definition() for column in self.columns]
            if self.headers
            else None,
            "rows": [self.row(item) for item in objects],
        }

    def row(self, item: Document) -> Document:
        """The row of an object."""
        row: Document = {"cells": [column.cell(item, self.now) for column in self.columns]}
        match self.style.include:
            case Include.OBJECT:
                row["object"] = item
            case Include.METADATA:
                row["object"] = partial_metadata(item, self.style.version)
            case Include.NONE:
                row["object"] = None
        return row


def partial_metadata(item: Document, version: str = "v1") -> Document:
    """``PartialObjectMetadata`` of an object."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": item.get("metadata"),
    }


# Up to which age, in seconds, how it is spelled: unit, and the smaller unit if shown.
_SPELLINGS: tuple[tuple[int, tuple[int, str], tuple[int, str] | None], ...] = (
    (120, (1, "s"), None),
    (600, (60, "m"), (1, "s")),
    (180 * 60, (60, "m"), None),
    (8 * 3600, (3600, "h"), (60, "m")),
    (48 * 3600, (3600, "h"), None),
    (8 * 86400, (86400, "d"), (3600, "h")),
    (730 * 86400, (86400, "d"), None),
    (2920 * 86400, (365 * 86400, "y"), (86400, "d")),
)


def human_duration(seconds: float) -> str:
    """An age as kubectl prints it: one unit, or two where one would be coarse."""
    if seconds <= -2:
        return "<invalid>"
    whole = max(int(seconds), 0)
    for limit, (size, unit), smaller in _SPELLINGS:
        if whole < limit:
            rest = whole % size // smaller[0] if smaller else 0
            return f"{whole // size}{unit}" + (f"{rest}{smaller[1]}" if smaller and rest else "")
    return f"{whole // (365 * 86400)}y"


def age(value: JsonValue, now: datetime) -> str:
    """How long ago the timestamp ``value`` was."""
    if not isinstance(value, str) or not value:
        return "<unknown>"
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return "<unknown>"
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return human_duration((now - moment).total_seconds())


def created(item: Document, now: datetime) -> str:
    """The age of an object."""
    return age(documents.text(item, "metadata", "creationTimestamp"), now)


def name_cell(item: Document, now: datetime) -> str:
    """The name of an object."""
    del now
    return documents.name_of(item)
