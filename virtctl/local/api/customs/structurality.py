"""What makes a schema structural: every value's type is said outside of ``allOf`` and the like.

Reference: apiextensions.k8s.io/v1, structural schemas.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from virtctl.errors import Cause
from virtctl.local.api.customs.causes import forbidden, invalid, required
from virtctl.local.api.customs.expressions import pattern_problem
from virtctl.local.api.customs.structural import (
    EMBEDDED,
    INT_OR_STRING,
    LIST_KEYS,
    LIST_TYPE,
    MAP_TYPE,
    OPEN,
    RULES,
)
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

_EITHER: list[JsonValue] = [{"type": "integer"}, {"type": "string"}]
_NESTED = {
    "type": "must be empty to be structural",
    "default": "must be undefined to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "nullable": "must be false to be structural",
    "additionalProperties": "must be undefined to be structural",
    OPEN: "must be false to be structural",
    EMBEDDED: "must be false to be structural",
    INT_OR_STRING: "must be false to be structural",
    LIST_KEYS: "must be empty to be structural",
    LIST_TYPE: "must be undefined to be structural",
    MAP_TYPE: "must be undefined to be structural",
    RULES: "must be empty to be structural",
}
"""What may not be said where only conditions are, and how that is told."""


class Level(Enum):
    """Where a schema stands, in the words of messages about its type."""

    ROOT = "at the root"
    ITEM = "for specified array items"
    FIELD = "for specified object fields"


def structural_causes(schema: Document, path: str) -> Iterator[Cause]:
    """Why ``schema`` is not structural."""
    yield from _node_causes(schema, Level.ROOT, path)
    yield from _missing_causes(schema, schema, path, path)


def _node_causes(schema: Document, level: Level, path: str) -> Iterator[Cause]:
    inner = schema.get("items")
    if schema.get("type") == "array" and not isinstance(inner, dict):
        yield required(f"{path}.items", "must be specified")
    if isinstance(inner, dict):
        yield from _node_causes(inner, Level.ITEM, f"{path}.items")
    for name, member in documents.child(schema, "properties").items():
        if isinstance(member, dict):
            yield from _node_causes(member, Level.FIELD, f"{path}.properties[{name}]")
    values = schema.get("additionalProperties")
    if values is not None and level is Level.ROOT:
        yield forbidden(f"{path}.additionalProperties", "must not be used at the root")
    if isinstance(values, dict):
        yield from _node_causes(values, Level.FIELD, f"{path}.additionalProperties")
    yield from _open_causes(schema, path)
    yield from _junction_causes(schema, path, is_node=True)
    yield from _type_causes(schema, level, path)
    yield from _identity_causes(schema, level, path)


def _open_causes(schema: Document, path: str) -> Iterator[Cause]:
    if schema.get(INT_OR_STRING) is True:
        for name in (OPEN, EMBEDDED):
            if schema.get(name) is True:
                problem = f"must be false if {INT_OR_STRING} is true"
                yield invalid(f"{path}.{name}", schema[name], problem)
    if schema.get(EMBEDDED) is not True:
        return
    if schema.get("additionalProperties") is not None:
        problem = f"must not be used if {EMBEDDED} is set"
        yield forbidden(f"{path}.additionalProperties", problem)
    if schema.get(OPEN) is not True and not documents.child(schema, "properties"):
        problem = f"must not be empty if {EMBEDDED} is true without {OPEN}"
        yield required(f"{path}.properties", problem)


def _type_causes(schema: Document, level: Level, path: str) -> Iterator[Cause]:
    type_ = documents.text(schema, "type")
    if schema.get(EMBEDDED) is True and type_ != "object":
        problem = f"must be object if {EMBEDDED} is true"
        yield (
            invalid(f"{path}.type", type_, problem) if type_ else required(f"{path}.type", problem)
        )
    elif not type_ and schema.get(INT_OR_STRING) is not True and schema.get(OPEN) is not True:
        yield required(f"{path}.type", f"must not be empty {level.value}")
    if level is Level.ROOT and type_ not in {"", "object"}:
        yield invalid(f"{path}.type", type_, "must be object at the root")


def _identity_causes(schema: Document, level: Level, path: str) -> Iterator[Cause]:
    """Metadata may only be told what names are like, and are of an object."""
    if level is not Level.ROOT and schema.get(EMBEDDED) is not True:
        return
    members = documents.child(schema, "properties")
    for name in ("apiVersion", "kind"):
        if name in members and documents.text(members, name, "type") != "string":
            type_ = documents.text(members, name, "type")
            yield invalid(f"{path}.properties[{name}].type", type_, "must be string")
    metadata = members.get("metadata")
    if not isinstance(metadata, dict):
        return
    where = f"{path}.properties[metadata]"
    if metadata.get("type") != "object":
        yield invalid(f"{where}.type", documents.text(metadata, "type"), "must be object")
    others = set(documents.child(metadata, "properties")) - {"name", "generateName"}
    if level is Level.ROOT and (others or set(metadata) - {"type", "properties", "default"}):
        yield forbidden(
            where,
            "must not specify anything other than name and generateName, but metadata is "
            "implicitly specified",
        )


def _junction_causes(schema: Document, path: str, *, is_node: bool) -> Iterator[Cause]:
    """What is wrong in ``allOf``, ``anyOf``, ``oneOf`` and ``not``, and with patterns.

    A node may say in two ways that it is a number or a text.
    """
    for name in ("anyOf", "allOf", "oneOf"):
        conditions = documents.items(schema, name)
        if is_node and name == "anyOf" and conditions == _EITHER:
            continue
        for position, condition in enumerate(conditions):
            if isinstance(condition, dict):
                is_first = is_node and name == "allOf" and position == 0
                skipped: Document = {}
                if is_first and condition.get("anyOf") == _EITHER:
                    skipped = {"anyOf": []}
                yield from _condition_causes({**condition, **skipped}, f"{path}.{name}[{position}]")
    unwanted = schema.get("not")
    if isinstance(unwanted, dict):
        yield from _condition_causes(unwanted, f"{path}.not")
    pattern = documents.text(schema, "pattern")
    if pattern and (problem := pattern_problem(pattern)):
        text = f"must be a valid regular expression, but isn't: {problem}"
        yield invalid(f"{path}.pattern", pattern, text)


def _condition_causes(schema: Document, path: str) -> Iterator[Cause]:
    yield from _junction_causes(schema, path, is_node=False)
    inner = schema.get("items")
    if isinstance(inner, dict):
        yield from _condition_causes(inner, f"{path}.items")
    members = documents.child(schema, "properties")
    for name, member in members.items():
        if isinstance(member, dict):
            yield from _condition_causes(member, f"{path}.properties[{name}]")
    for name, problem in _NESTED.items():
        if schema.get(name) not in (None, "", False, []):
            yield forbidden(f"{path}.{name}", problem)
    if "metadata" in members:
        problem = "must not be specified in a nested context"
        yield forbidden(f"{path}.properties[metadata]", problem)


def _missing_causes(
    condition: Document, schema: Document, path: str, where: str
) -> Iterator[Cause]:
    """Fields and elements that the conditions at the root speak of, but the schema does not."""
    for name in ("not", "allOf", "anyOf", "oneOf"):
        found = condition.get(name)
        for position, inner in enumerate(found if isinstance(found, list) else [found]):
            if isinstance(inner, dict):
                deeper = f"{where}.{name}" + ("" if name == "not" else f"[{position}]")
                yield from _missing_below(inner, schema, path, deeper)


def _missing_below(condition: Document, schema: Document, path: str, where: str) -> Iterator[Cause]:
    yield from _missing_causes(condition, schema, path, where)
    steps: list[tuple[str, tuple[str, ...]]] = [
        (f".properties[{name}]", ("properties", name))
        for name in documents.child(condition, "properties")
    ]
    if isinstance(condition.get("items"), dict):
        steps.append((".items", ("items",)))
    for step, keys in steps:
        inner, known = documents.find(condition, *keys), documents.find(schema, *keys)
        if not isinstance(known, dict):
            yield required(f"{path}{step}", f"because it is defined in {where}{step}")
        elif isinstance(inner, dict):
            yield from _missing_below(inner, known, f"{path}{step}", f"{where}{step}")
