"""Tables for terminals: columns of a server's ``Table``, aligned as kubectl aligns them."""

from __future__ import annotations

from collections.abc import Sequence

from virtctl.models.documents import Document, JsonValue, integer, items, objects, text

_GAP = 3


def grid(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines with aligned columns; the last column is not padded."""
    if not rows:
        return []
    count = max(len(row) for row in rows)
    widths = [max(len(row[i]) if i < len(row) else 0 for row in rows) for i in range(count)]
    return [
        "".join(
            cell if i == len(row) - 1 else cell.ljust(widths[i] + _GAP)
            for i, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]


class TableView:
    """Rows of Tables, picked and completed for printing.

    ``wide`` shows columns of lower priority, ``namespaced`` puts the namespace first, ``prefix``
    goes before each name (``virtualmachine.kubevirt.io/``), ``labels`` puts labels last.
    """

    def __init__(
        self,
        *,
        wide: bool = False,
        namespaced: bool = False,
        prefix: str = "",
        labels: bool = False,
    ) -> None:
        self.wide = wide
        self.namespaced = namespaced
        self.prefix = prefix
        self.labels = labels
        self._columns: list[int] = []
        self._names: list[str] = []

    def header(self, table: Document) -> list[str]:
        """Column titles; remembers the columns for rows of Tables that bring none (watches)."""
        definitions = list(objects(table, "columnDefinitions"))
        if definitions:
            shown = [
                i for i, d in enumerate(definitions) if self.wide or not integer(d, "priority")
            ]
            self._columns = shown
            self._names = [text(definitions[i], "name").upper() for i in shown]
        first = ["NAMESPACE"] if self.namespaced else []
        return [*first, *self._names, *(["LABELS"] if self.labels else [])]

    def rows(self, table: Document) -> list[list[str]]:
        """Cells of each row."""
        return [self._row(row) for row in objects(table, "rows")]

    def _row(self, row: Document) -> list[str]:
        cells = items(row, "cells")
        shown = [_cell(cells[i]) if i < len(cells) else "" for i in self._columns]
        if shown and self.prefix:
            shown[0] = self.prefix + shown[0]
        if self.namespaced:
            shown.insert(0, text(row, "object", "metadata", "namespace"))
        if self.labels:
            shown.append(_labels(row))
        return shown


def _labels(row: Document) -> str:
    from_object = row.get("object")
    metadata = from_object.get("metadata") if isinstance(from_object, dict) else None
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    if not isinstance(labels, dict) or not labels:
        return "<none>"
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _cell(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    # a line break would tear the row
    return str(value).replace("\n", "\\n")
