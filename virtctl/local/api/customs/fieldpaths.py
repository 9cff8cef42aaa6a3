"""The simple JSONPath of printer columns and scale paths, compiled to readers.

Read: ``.a.b``, ``.a['x.y']``, ``.a\\.b``, ``[0]``, ``[-1]``, ``[*]`` and ``[?(@.type=='Ready')]``.
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
    if match := _NAME.match(rest):
        return _member(re.sub(r"\\(.)", r"\1", match[1])), match.end()
    if match := _QUOTED.match(rest):
        return _member(match[1] or match[2] or ""), match.end()
    if match := _INDEX.match(rest):
        return _element(match[1]), match.end()
    if match := _FILTER.match(rest):
        wanted = next((group for group in match.groups()[2:] if group is not None), None)
        return _filter(match[1], match[2] or "", wanted), match.end()
    return None


def _member(name: str) -> Step:
    def read(value: JsonValue) -> Iterable[JsonValue]:
        return (value[name],) if isinstance(value, dict) and name in value else ()

    return read


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
