"""Watch responses: lines of JSON, bookmarks, and when a client must list again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from virtctl.errors import ApiError
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire.status import parse_status

BOOKMARK = "BOOKMARK"
ERROR = "ERROR"


def build_line(type_: str, encoded: bytes) -> bytes:
    """One line of a watch response around an encoded object."""
    return b'{"type":"%s","object":%s}\n' % (type_.encode(), encoded)


@dataclass(frozen=True)
class WatchLine:
    """A decoded line."""

    type: str
    object: Document

    @property
    def revision(self) -> str:
        """The ``resourceVersion`` to go on from."""
        return documents.text(self.object, "metadata", "resourceVersion")

    def error(self) -> ApiError | None:
        """What an ERROR line says; 410 means: list again."""
        return parse_status(self.object) if self.type == ERROR else None


class LineReader:
    """Cuts a byte stream into watch lines; no I/O."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[WatchLine]:
        """The lines that ``data`` completes. Raises ``msgspec.DecodeError`` on garbage."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.strip():
                found = msgspec.json.decode(line, type=dict)
                yield WatchLine(documents.text(found, "type"), documents.child(found, "object"))
