"""Tables out of rows that are kept encoded with the objects that they show.

Making a row costs far more than sending it, and objects are listed more often than they change. All
of a row stays as it is but the object's age, which is put in when it is sent and another than last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from virtctl.local.http.traffic import ListReply
from virtctl.local.store.log import Record
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire.tables import Column, ListMeta, TableBuilder, created, human_duration

_LATER = timedelta(days=1000)  # every age is spelled otherwise then
_decoder = msgspec.json.Decoder(dict)


@dataclass(slots=True)
class _Row:
    """A row encoded, with the age it was shown with last; ``born`` is Unix time."""

    columns: Sequence[Column]
    value: bytes
    born: float | None = None
    age: bytes = b""
    place: int = 0
    """Where in ``value`` the age is."""

    def grow(self, age: bytes) -> None:
        """Show the age ``age`` from now on."""
        self.value = self.value[: self.place] + age + self.value[self.place + len(self.age) :]
        self.age = age


@lru_cache(maxsize=4096)
def _age(seconds: int) -> bytes:
    return msgspec.json.encode(human_duration(seconds))


def table(
    builder: TableBuilder, api_version: str, records: Sequence[Record], meta: ListMeta
) -> ListReply:
    """The table of ``records``, shown as of ``api_version``."""
    head = builder.build((), meta)
    del head["rows"]
    now, columns = builder.now.timestamp(), builder.columns
    # A text hashes once, and what it is made of for each row.
    form = f"{builder.style.version} {builder.style.include} {api_version}"
    rows: list[bytes] = []
    append = rows.append
    for record in records:
        kept = record.encoded.get(form)
        if not isinstance(kept, _Row) or kept.columns is not columns:
            item = {**_decoder.decode(record.value), "apiVersion": api_version}
            made = _made(builder, item)
            if made is None:
                append(msgspec.json.encode(builder.row(item)))
                continue
            record.encoded[form] = kept = made
        if kept.born is not None:
            age = _age(int(now - kept.born))
            if age is not kept.age:
                kept.grow(age)
        append(kept.value)
    return ListReply(msgspec.json.encode(head)[:-1] + b',"rows":[', rows)


def _made(builder: TableBuilder, item: Document) -> _Row | None:
    """The row of ``item``; None when more than its age depends on when it is looked at."""
    row = builder.row(item)
    cells = documents.items(row, "cells")
    now, later = builder.now, builder.now + _LATER
    aging = [
        position
        for position, column in enumerate(builder.columns)
        if column.cell(item, later) != cells[position]
    ]
    if not aging:
        return _Row(builder.columns, msgspec.json.encode(row))
    column = builder.columns[aging[0]]
    ages = [created(item, moment) for moment in (now, later)]
    if len(aging) > 1 or ages != [column.cell(item, moment) for moment in (now, later)]:
        return None
    born = datetime.fromisoformat(documents.text(item, "metadata", "creationTimestamp"))
    encoded = [msgspec.json.encode(cell) for cell in cells]
    first, rest = encoded[: aging[0]], encoded[aging[0] + 1 :]
    before = b'{"cells":[' + b"".join(cell + b"," for cell in first)
    after = b"".join(b"," + cell for cell in rest)
    shown = msgspec.json.encode(row.get("object"))
    value = before + after + b'],"object":' + shown + b"}"
    return _Row(builder.columns, value, born.timestamp(), place=len(before))
