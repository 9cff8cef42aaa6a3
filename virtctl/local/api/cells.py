"""How the cells of tables read objects, and the columns that most kinds have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue
from virtctl.wire import tables
from virtctl.wire.tables import Cell, Column

NAME = Column("Name", tables.name_cell, format="name")
AGE = Column("Age", tables.created)


def at(*path: str) -> Cell:
    """The value at ``path``; null when absent, which prints as an empty cell."""

    def read(item: Document, now: datetime) -> JsonValue:
        del now
        return documents.find(item, *path)

    return read


def text(*path: str, absent: str = "") -> Cell:
    """The value at ``path`` as text, or ``absent``."""

    def read(item: Document, now: datetime) -> JsonValue:
        del now
        value = documents.find(item, *path)
        return absent if value in {None, ""} else str(value)

    return read


def pure(read: Callable[[Document], JsonValue]) -> Cell:
    """A cell that needs no clock."""

    def cell(item: Document, now: datetime) -> JsonValue:
        del now
        return read(item)

    return cell


def condition_status(item: Document, type_: str) -> JsonValue:
    """The status of a condition; None when absent."""
    for condition in documents.objects(item, "status", "conditions"):
        if condition.get("type") == type_:
            return condition.get("status")
    return None


def joined(values: list[str], absent: str = "<none>") -> str:
    """``values`` in one cell."""
    return ",".join(values) if values else absent


def size(*fields: str) -> Cell:
    """How many entries the maps at ``fields`` have together."""
    return pure(lambda item: sum(len(documents.child(item, field)) for field in fields))
