"""What schemas say of lists: sets, maps and the keys of their elements."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.customs.causes import forbidden, invalid, required, unsupported
from virtctl.local.api.customs.structural import LIST_KEYS, LIST_TYPE, MAP_TYPE
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

_KINDS = ("atomic", "set", "map")


def list_causes(schema: Document, path: str) -> Iterator[Cause]:
    """What is wrong with the kind of a list, as its schema says it."""
    kind, type_ = schema.get(LIST_TYPE), documents.text(schema, "type")
    inner = schema.get("items")
    if kind is not None and type_ != "array":
        problem = f"must be array if {LIST_TYPE} is specified"
        where = f"{path}.type"
        yield invalid(where, type_, problem) if type_ else required(where, problem)
    elif kind == "set" and isinstance(inner, dict):
        yield from _element_causes(inner, f"{path}.items")
    if kind is not None and kind not in _KINDS:
        yield unsupported(f"{path}.{LIST_TYPE}", kind, _KINDS)
    if schema.get(LIST_KEYS) and kind != "map":
        problem = f"must be map if {LIST_KEYS} is non-empty"
        where = f"{path}.{LIST_TYPE}"
        yield required(where, problem) if kind is None else invalid(where, kind, problem)
    if kind == "map":
        yield from _map_causes(schema, path)
    if kind in {"set", "map"} and isinstance(inner, dict) and inner.get("nullable") is True:
        yield forbidden(f"{path}.items.nullable", f"cannot be nullable when {LIST_TYPE} is {kind}")


def _element_causes(inner: Document, path: str) -> Iterator[Cause]:
    """Elements of sets are compared as wholes."""
    problem = f"must be atomic as item of a list with {LIST_TYPE}=set"
    kind = inner.get(LIST_TYPE)
    if inner.get("type") == "array" and kind not in (None, "atomic"):
        yield invalid(f"{path}.{LIST_TYPE}", kind, problem)
    if inner.get("type") == "object" and inner.get(MAP_TYPE) != "atomic":
        yield invalid(f"{path}.{MAP_TYPE}", kind, problem)


def _map_causes(schema: Document, path: str) -> Iterator[Cause]:
    keys, inner = documents.items(schema, LIST_KEYS), schema.get("items")
    if not keys:
        yield required(f"{path}.{LIST_KEYS}", f"must not be empty if {LIST_TYPE} is map")
    if not isinstance(inner, dict):
        yield required(f"{path}.items", f"must have a schema if {LIST_TYPE} is map")
        return
    if inner.get("type") != "object":
        problem = f"must be object if parent array's {LIST_TYPE} is map"
        yield invalid(f"{path}.items.type", documents.text(inner, "type"), problem)
        return
    members = documents.child(inner, "properties")
    for position, key in enumerate(keys):
        member = members.get(str(key))
        if isinstance(member, dict):
            yield from _key_causes(inner, str(key), member, f"{path}.items")
        else:
            problem = "entries must all be names of item properties"
            yield invalid(f"{path}.{LIST_KEYS}", keys, problem)
        if key in keys[:position]:
            yield invalid(f"{path}.{LIST_KEYS}", keys, "must not contain duplicate entries")


def _key_causes(inner: Document, key: str, member: Document, path: str) -> Iterator[Cause]:
    """A key is a plain value that each element has."""
    where, type_ = f"{path}.properties[{key}]", documents.text(member, "type")
    if type_ in {"array", "object"}:
        problem = f"must be a scalar type if parent array's {LIST_TYPE} is map"
        yield invalid(f"{where}.type", "object", problem)
    what = f"this property is in {LIST_KEYS}, so it"
    wanted: list[JsonValue] = documents.items(inner, "required")
    if key not in wanted and member.get("default") is None:
        yield required(f"{where}.default", f"{what} must have a default or be a required property")
    if member.get("nullable") is True:
        yield forbidden(f"{where}.nullable", f"{what} cannot be nullable")
