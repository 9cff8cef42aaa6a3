"""Lines of watch responses."""

from __future__ import annotations

BOOKMARK = "BOOKMARK"
ERROR = "ERROR"


def build_line(type_: str, encoded: bytes) -> bytes:
    """One line of a watch response around an encoded object."""
    return b'{"type":"%s","object":%s}\n' % (type_.encode(), encoded)
