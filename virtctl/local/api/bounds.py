"""Bounds of texts and lists that a schema sets, in the words of apiextensions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import msgspec

from virtctl.errors import Cause
from virtctl.models.base import Fact
from virtctl.models.documents import JsonValue


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _shown(value: JsonValue) -> str:
    return msgspec.json.encode(value).decode()


def text_causes(fact: Fact, value: str, path: str) -> Iterator[Cause]:
    """How a text at ``path`` is too long, too short or not of the pattern."""
    if fact.max_length is not None and len(value) > fact.max_length:
        problem = f"Too long: may not be more than {fact.max_length} bytes"
        yield Cause("FieldValueTooLong", problem, path)
    found = []
    if fact.min_length is not None and len(value) < fact.min_length:
        found.append(f"{path} in body should be at least {fact.min_length} chars long")
    if fact.pattern and not _compiled(fact.pattern).search(value):
        found.append(f"{path} in body should match '{fact.pattern}'")
    for problem in found:
        yield Cause("FieldValueInvalid", f"Invalid value: {_shown(value)}: {problem}", path)


def list_causes(
    fact: Fact, keys: tuple[str, ...] | None, value: list[JsonValue], path: str
) -> Iterator[Cause]:
    """How a list at ``path`` is too long or too short, and which of its elements are twins.

    ``keys`` tell elements apart; without any the whole element does, and with None nothing does.
    """
    if fact.max_items is not None and len(value) > fact.max_items:
        problem = f"Too many: {len(value)}: must have at most {fact.max_items} items"
        yield Cause("FieldValueTooMany", problem, path)
    if fact.min_items is not None and len(value) < fact.min_items:
        problem = f"{path} in body should have at least {fact.min_items} items"
        yield Cause("FieldValueInvalid", f"Invalid value: {len(value)}: {problem}", path)
    if keys is None or len(value) < 2:
        return
    seen: set[str] = set()
    for position, item in enumerate(value):
        identity = item
        if keys and isinstance(item, dict):
            identity = {key: item[key] for key in keys if key in item}
        shown = _shown(identity)
        if shown in seen:
            yield Cause("FieldValueDuplicate", f"Duplicate value: {shown}", f"{path}[{position}]")
        seen.add(shown)
