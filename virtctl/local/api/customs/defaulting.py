"""Defaults of structural schemas: filled in where a value is missing, outermost first."""

from __future__ import annotations

from copy import deepcopy

from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue


def fill(schema: Document, value: JsonValue) -> None:
    """Fill ``value`` in place. Null counts as missing where it isn't allowed, and goes."""
    if isinstance(value, dict):
        _fill_object(schema, value)
    elif isinstance(value, list):
        inner = schema.get("items")
        if isinstance(inner, dict):
            for item in value:
                fill(inner, item)


def _fill_object(schema: Document, value: Document) -> None:
    members = documents.child(schema, "properties")
    for name, inner in members.items():
        if not isinstance(inner, dict):
            continue
        default = inner.get("default")
        if default is not None and _is_missing(inner, value, name):
            value[name] = deepcopy(default)
        elif name in value and _is_missing(inner, value, name):
            del value[name]
        if name in value:
            fill(inner, value[name])
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        for name in [name for name in value if name not in members]:
            if _is_missing(others, value, name):
                del value[name]
            else:
                fill(others, value[name])


def _is_missing(schema: Document, value: Document, name: str) -> bool:
    if name not in value:
        return True
    return value[name] is None and schema.get("nullable") is not True


def spell_numbers(value: JsonValue) -> JsonValue:
    """``value`` with numbers such as 1.0 as integers, as Go spells them; changed in place."""
    if isinstance(value, dict):
        for name, member in value.items():
            value[name] = spell_numbers(member)
    elif isinstance(value, list):
        value[:] = [spell_numbers(item) for item in value]
    elif isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
        return int(value)
    return value


_LARGEST = 2.0**53  # of the integers that a float holds exactly
