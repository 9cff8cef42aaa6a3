"""The simple JSONPath of printer columns and scale paths, compiled to readers.

Read: ``.a.b``, ``..a``, ``.a['x.y']``, ``.a\\.b``, ``[0]``, ``[-1]``, ``[0:2]``, ``[*]`` and
``[?(@.type=='Ready')]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import TypeAlias

from virtctl.errors import InvalidField
from virtctl.models.documents import JsonValue

Step: TypeAlias = Callable[[JsonValue], Iterable[JsonValue]]

_NAME = re.compile(r"\.((?:[^.\[\]\\\s]|\\.)+)")
_QUOTED = re.compile(r"""\[\s*(?:'([^']*)'|"([^"]*)")\s*\]""")
_DEEP = re.compile(r"\.\.((?:[^.\[\]\\\s]|\\.)+)")
_SLICE = re.compile(r"\[\s*(-?[0-9]*)\s*:\s*(-?[0-9]*)\s*\]")
_INDEX = re.compile(r"\[\s*(-?[0-9]+|\*)\s*\]")
_FILTER = re.compile(
    r"""\[\?\(\s*@((?:\.[^.\[\]\s=!]+)+)\s*(?:(==|!=)\s*(?:'([^']*)'|"([^"]*)"|([^\s)]+))\s*)?\)\]"""
)


@cache
def compile_path(path: str) -> tuple[Step, ...]:
    """The steps of ``path``. Raises ``InvalidField`` when it can't be read."""
    rest = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    steps = []
    while rest and rest != ".":
        found = _step(rest)
        if found is None:
            raise InvalidField("jsonPath", path, "must be a simple JSONPath such as `.spec.size`")
        step, length = found
        steps.append(step)
        rest = rest[length:]
    return tuple(steps)


def _step(rest: str) -> tuple[Step, int] | None:
    for pattern, make in _STEPS:
        if match := pattern.match(rest):
            return make(match), match.end()
    return None


def _member(name: str) -> Step:
    def read(value: JsonValue) -> Iterable[JsonValue]:
        return (value[name],) if isinstance(value, dict) and name in value else ()

    return read


def _descendant(name: str) -> Step:
    """Members of that name at any depth, those further out first."""

    def read(value: JsonValue) -> Iterable[JsonValue]:
        if isinstance(value, dict):
            found = [value[name]] if name in value else []
            return [*found, *(hit for _, inner in sorted(value.items()) for hit in read(inner))]
        if isinstance(value, list):
            return [hit for inner in value for hit in read(inner)]
        return ()

    return read


def _slice(begin: str, end: str) -> Step:
    bounds = slice(int(begin) if begin else None, int(end) if end else None)
    return lambda value: value[bounds] if isinstance(value, list) else ()


def _element(index: str) -> Step:
    def read(value: JsonValue) -> Iterable[JsonValue]:
        if index == "*" and isinstance(value, dict):
            return value.values()
        if not isinstance(value, list):
            return ()
        if index == "*":
            return value
        position = int(index)
        return (value[position],) if -len(value) <= position < len(value) else ()

    return read


def _filter(path: str, operator: str, wanted: str | None) -> Step:
    def holds(item: JsonValue) -> bool:
        found = select(path, item)
        if not operator:
            return bool(found)
        return (bool(found) and _spelled(found[0]) == wanted) is (operator == "==")

    def read(value: JsonValue) -> Iterable[JsonValue]:
        return [item for item in value if holds(item)] if isinstance(value, list) else ()

    return read


def _spelled(value: JsonValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _filtered(match: re.Match[str]) -> Step:
    wanted = next((group for group in match.groups()[2:] if group is not None), None)
    return _filter(match[1], match[2] or "", wanted)


def _plain(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)


_STEPS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Step]], ...] = (
    (_DEEP, lambda match: _descendant(_plain(match[1]))),
    (_SLICE, lambda match: _slice(match[1], match[2])),
    (_NAME, lambda match: _member(_plain(match[1]))),
    (_QUOTED, lambda match: _member(match[1] or match[2] or "")),
    (_INDEX, lambda match: _element(match[1])),
    (_FILTER, _filtered),
)


def select(path: str, value: JsonValue) -> list[JsonValue]:
    """All values that ``path`` leads to. Raises ``InvalidField`` when it can't be read."""
    found = [value]
    for step in compile_path(path):
        found = [hit for each in found for hit in step(each)]
    return found


def first(path: str, value: JsonValue) -> JsonValue:
    """The first value that ``path`` leads to; None when there is none."""
    found = select(path, value)
    return found[0] if found else None
