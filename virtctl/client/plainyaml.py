"""The plain part of YAML that tools write kubeconfig files in, read without importing PyYAML.

Block mappings and sequences of plain, single-quoted or simple double-quoted scalars. Whatever goes
beyond that (flow collections, anchors, block scalars, tags, tabs, comments within lines) is left to
PyYAML by answering None: it costs 12 ms, a sixth of what ``virtctl start`` may take.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from virtctl.models.documents import Document, JsonValue

_KEY = re.compile(r"([A-Za-z][\w./-]*):(?: +(.*))?$")
_PLAIN = re.compile(r"[A-Za-z/][\w./:@+=,-]*(?: [\w./:@+=,-]+)*$")
_WORDS = {"true": True, "false": False, "null": None}
_AMBIGUOUS = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false", "null"})


class _Line(NamedTuple):
    indent: int
    text: str


class _NotPlainError(Exception):
    """The text needs a whole YAML parser."""


def parse(text: str) -> Document | None:
    """The mapping in ``text``; None when it is not written in the plain part of YAML."""
    try:
        lines = [_line(raw) for raw in text.split("\n") if raw.strip() and not _skipped(raw)]
        if not lines:
            return None
        value, end = _block(lines, 0, lines[0].indent)
        return value if end == len(lines) and isinstance(value, dict) else None
    except _NotPlainError:
        return None


def _skipped(raw: str) -> bool:
    return raw.startswith("#")


def _line(raw: str) -> _Line:
    text = raw.lstrip(" ")
    if "\t" in raw or "\r" in raw or text.startswith(("---", "...", "%", "#")):
        raise _NotPlainError
    return _Line(len(raw) - len(text), text.rstrip(" "))


def _block(lines: list[_Line], start: int, indent: int) -> tuple[JsonValue, int]:
    if lines[start].text.startswith("- ") or lines[start].text == "-":
        return _sequence(lines, start, indent)
    return _mapping(lines, start, indent)


def _sequence(lines: list[_Line], start: int, indent: int) -> tuple[JsonValue, int]:
    found: list[JsonValue] = []
    position = start
    while position < len(lines) and lines[position].indent == indent:
        text = lines[position].text
        if not text.startswith("- "):
            break
        inner = text[2:].lstrip(" ")
        if _KEY.match(inner):
            # the mapping that begins behind the dash goes on at that column
            column = indent + len(text) - len(inner)
            lines[position] = _Line(column, inner)
            value, position = _mapping(lines, position, column)
        else:
            value, position = _scalar(inner), position + 1
        found.append(value)
    return found, position


def _mapping(lines: list[_Line], start: int, indent: int) -> tuple[JsonValue, int]:
    found: Document = {}
    position = start
    while position < len(lines) and lines[position].indent == indent:
        matched = _KEY.match(lines[position].text)
        if matched is None:
            if lines[position].text.startswith("- "):
                break
            raise _NotPlainError
        key, rest = matched[1], matched[2]
        if key.lower() in _AMBIGUOUS or key in found:
            raise _NotPlainError
        position += 1
        if rest:
            found[key] = _scalar(rest)
        elif position < len(lines) and _belongs(lines[position], indent):
            found[key], position = _block(lines, position, lines[position].indent)
        else:
            found[key] = None
    if position < len(lines) and lines[position].indent > indent:
        raise _NotPlainError
    return found, position


def _belongs(line: _Line, indent: int) -> bool:
    """Whether a line is the value of a key at ``indent``; a sequence may stand at that column."""
    return line.indent > indent or (line.indent == indent and line.text.startswith("- "))


def _scalar(text: str) -> JsonValue:
    if text == "{}":
        return {}
    if text == "[]":
        return []
    if text in _WORDS:
        return _WORDS[text]
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        inner = text[1:-1]
        if "\\" in inner or text[0] in inner:
            raise _NotPlainError
        return inner
    if (
        _PLAIN.match(text)
        and not text.endswith(":")
        and ": " not in text
        and text.lower() not in _AMBIGUOUS
    ):
        return text
    raise _NotPlainError
