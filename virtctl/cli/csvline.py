"""One line of comma-separated values, as strict about quotes as Go's ``encoding/csv``."""

from __future__ import annotations


def fields(line: str) -> list[str]:
    """The values of ``line``; a quoted one may hold commas, and quotes when doubled.

    An empty line has none. Raises ``ValueError`` for a quote in the wrong place.
    """
    found: list[str] = []
    rest: str | None = line or None
    while rest is not None:
        if rest.startswith('"'):
            value, rest = _quoted(rest[1:])
        else:
            value, comma, behind = rest.partition(",")
            if '"' in value:
                raise ValueError('bare " in a value that is not quoted')
            rest = behind if comma else None
        found.append(value)
    return found


def _quoted(text: str) -> tuple[str, str | None]:
    """The value up to its closing quote, and what follows the comma behind it."""
    value = ""
    while True:
        piece, quote, text = text.partition('"')
        value += piece
        if not quote:
            raise ValueError('missing " at the end')
        if not text:
            return value, None
        if text.startswith(","):
            return value, text[1:]
        if not text.startswith('"'):
            raise ValueError('text behind a closing "')
        value, text = value + '"', text[1:]
