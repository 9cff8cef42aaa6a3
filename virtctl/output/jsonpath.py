"""kubectl's JSONPath templates and custom columns.

Supported: ``{.a.b}``, ``{.a['x.y']}``, ``\\.`` in names, ``[0]``, ``[-1]``, ``[1:3]``, ``[*]``,
``[0,2]``, ``..``, ``*``, filters ``[?(@.x=="y")]`` with == != < <= > >= and bare existence,
``{range ...}...{end}``, quoted literals with ``\\n`` and ``\\t``, and text outside braces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from virtctl.errors import UsageError
from virtctl.models.documents import Document, JsonValue

_NAME = re.compile(r"(?:[^.\[\]{}\\\s]|\\.)+")
_FILTER = re.compile(r"\?\((.*)\)$", re.DOTALL)
_COMPARISON = re.compile(r"(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+)$", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Text(NamedTuple):
    """Literal output."""

    text: str


class Query(NamedTuple):
    """A path whose values are printed."""

    path: str


class Loop(NamedTuple):
    """``range``: the body once for each value of the path."""

    path: str
    body: list[Text | Query | Loop]


Node = Text | Query | Loop


def evaluate(template: str, value: JsonValue) -> str:
    """``template`` filled from ``value``. Raises ``UsageError`` for a broken template."""
    if "{" not in template:
        template = "{" + template + "}"
    nodes, rest = _parse(_tokens(template), 0)
    if rest != -1:
        raise UsageError("jsonpath: `{end}` without `{range}`")
    return _render(nodes, value)


def columns(spec: str) -> list[tuple[str, str]]:
    """``custom-columns=NAME:.metadata.name,...`` as titles and paths. Raises ``UsageError``."""
    found = []
    for part in spec.split(","):
        title, colon, path = part.partition(":")
        if not colon or not title or not path:
            raise UsageError(f"custom-columns: `{part}` must be TITLE:PATH")
        found.append((title, path.strip("{}")))
    return found


def column(path: str, document: Document) -> str:
    """One custom column's cell; ``<none>`` where the path leads nowhere."""
    values = list(select(path if path.startswith((".", "[", "$")) else f".{path}", document))
    return ",".join(_text(value) for value in values) or "<none>"


def _tokens(template: str) -> list[str]:
    """Pieces of the template; those from braces keep their opening brace."""
    pieces = []
    position = 0
    while position < len(template):
        opening = template.find("{", position)
        if opening == -1:
            pieces.append(template[position:])
            break
        if opening > position:
            pieces.append(template[position:opening])
        closing = _closing(template, opening)
        pieces.append(template[opening:closing])
        position = closing + 1
    return pieces


def _closing(template: str, opening: int) -> int:
    quote = ""
    for position in range(opening + 1, len(template)):
        character = template[position]
        if quote:
            quote = "" if character == quote and template[position - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        elif character == "}":
            return position
    raise UsageError(f"jsonpath: `{template[opening:]}` has no closing brace")


def _parse(tokens: list[str], position: int) -> tuple[list[Node], int]:
    """Nodes up to the matching ``{end}``; returns the position after it, or -1 at the end."""
    nodes: list[Node] = []
    while position < len(tokens):
        token = tokens[position]
        position += 1
        inner = token[1:].strip()
        if not token.startswith("{"):
            nodes.append(Text(token))
        elif inner == "end":
            return nodes, position
        elif inner.startswith("range "):
            body, position = _parse(tokens, position)
            if position == -1:
                raise UsageError("jsonpath: `{range}` without `{end}`")
            nodes.append(Loop(inner[6:].strip(), body))
        elif inner[:1] in {'"', "'"}:
            nodes.append(Text(_literal(inner)))
        else:
            nodes.append(Query(inner))
    return nodes, -1


def _literal(quoted: str) -> str:
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), quoted[1:-1])


def _render(nodes: list[Node], value: JsonValue) -> str:
    parts = []
    for node in nodes:
        if isinstance(node, Text):
            parts.append(node.text)
        elif isinstance(node, Query):
            parts.append(" ".join(_text(found) for found in select(node.path, value)))
        else:
            parts.extend(_render(node.body, found) for found in _each(node.path, value))
    return "".join(parts)


def _each(path: str, value: JsonValue) -> Iterator[JsonValue]:
    found = list(select(path, value))
    if len(found) == 1 and isinstance(found[0], list):
        return iter(found[0])
    return iter(found)


def _text(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def select(path: str, value: JsonValue) -> list[JsonValue]:
    """All values that ``path`` leads to. Raises ``UsageError`` for a path that cannot be read."""
    rest = path.strip().removeprefix("$").removeprefix("@")
    found = [value]
    while rest:
        found, rest = _step(rest, found, path)
    return found


def _step(rest: str, found: list[JsonValue], path: str) -> tuple[list[JsonValue], str]:
    if rest.startswith(".."):
        return [deep for value in found for deep in _descend(value)], rest[1:] if rest[
            2:3
        ] != "[" else rest[2:]
    if rest.startswith("["):
        closing = _bracket(rest, path)
        inner = rest[1:closing].strip()
        return [hit for value in found for hit in _subscript(inner, value)], rest[closing + 1 :]
    rest = rest.removeprefix(".")
    if not rest:
        return found, ""
    if rest.startswith("*"):
        return [hit for value in found for hit in _children(value)], rest[1:]
    match = _NAME.match(rest)
    if match is None:
        if rest.startswith("["):
            return found, rest
        raise UsageError(f"jsonpath: cannot read `{rest}` in `{path}`")
    name = re.sub(r"\\(.)", r"\1", match[0])
    return [v[name] for v in found if isinstance(v, dict) and name in v], rest[match.end() :]


def _bracket(rest: str, path: str) -> int:
    depth, quote = 0, ""
    for position, character in enumerate(rest):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
            if depth == 0:
                return position
    raise UsageError(f"jsonpath: `[` is not closed in `{path}`")


def _descend(value: JsonValue) -> Iterator[JsonValue]:
    yield value
    for inner in _children(value):
        yield from _descend(inner)


def _children(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _subscript(inner: str, value: JsonValue) -> list[JsonValue]:
    if inner == "*":
        return _children(value)
    matched = _FILTER.match(inner)
    if matched:
        return [one for one in _children(value) if _holds(matched[1].strip(), one)]
    if inner[:1] in {'"', "'"}:
        name = inner[1:-1]
        return [value[name]] if isinstance(value, dict) and name in value else []
    if not isinstance(value, list):
        return []
    if "," in inner:
        return [hit for part in inner.split(",") for hit in _subscript(part.strip(), value)]
    return _indexed(inner, value)


def _indexed(inner: str, value: list[JsonValue]) -> list[JsonValue]:
    try:
        if ":" in inner:
            bounds = [int(part) if part.strip() else None for part in inner.split(":")]
            return value[slice(*bounds)]
        position = int(inner)
    except ValueError:
        raise UsageError(f"jsonpath: `[{inner}]` is no subscript") from None
    return [value[position]] if -len(value) <= position < len(value) else []


def _holds(condition: str, value: JsonValue) -> bool:
    compared = _COMPARISON.match(condition)
    if compared is None:
        return bool(select(condition, value))
    left = _operand(compared[1], value)
    right = _operand(compared[3], value)
    if compared[2] in {"==", "!="}:
        return (left == right) is (compared[2] == "==")
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return _ordered(compared[2], (left > right) - (left < right))
    if isinstance(left, str) and isinstance(right, str):
        return _ordered(compared[2], (left > right) - (left < right))
    return False


def _ordered(sign: str, order: int) -> bool:
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[sign]


def _operand(word: str, value: JsonValue) -> JsonValue:
    word = word.strip()
    if word.startswith("@"):
        found = select(word, value)
        return found[0] if found else None
    if word[:1] in {'"', "'"}:
        return _literal(word)
    try:
        loaded: JsonValue = json.loads(word)
    except ValueError:
        return word
    return loaded
