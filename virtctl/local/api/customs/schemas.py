"""Schemas of definitions, checked as apiextensions checks them: structure, defaults, rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from virtctl.errors import Cause
from virtctl.local.api.customs import keyedlists
from virtctl.local.api.customs.causes import forbidden, invalid, required, unsupported
from virtctl.local.api.customs.placing import is_shared, parts
from virtctl.local.api.customs.structural import EMBEDDED, MAP_TYPE, OPEN, RULES, shape_of_schema
from virtctl.local.api.customs.structurality import structural_causes
from virtctl.local.api.customs.validations import compile_causes, told_causes
from virtctl.local.api.customs.values import value_causes
from virtctl.local.api.schema import unknown_fields
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_UNSERVED = (
    "id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref",
)  # fmt: skip
"""Words of JSON Schema that may not be used."""
_WITH_STATUS = frozenset({
    "description", "type", "format", "title", "maximum", "exclusiveMaximum", "minimum",
    "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems",
    "multipleOf", "required", "items", "properties", "externalDocs", "example", OPEN, RULES,
})  # fmt: skip
"""What the root may say where the status is written on its own."""
_IDENTITY = frozenset({"apiVersion", "kind", "metadata"})


def schema_causes(spec: Document) -> Iterator[Cause]:
    """What is wrong with the schemas of all versions of a kind."""
    versions = list(documents.objects(spec, "versions"))
    for position, version in enumerate(versions):
        if not isinstance(documents.find(version, "schema", "openAPIV3Schema"), dict):
            yield required(f"spec.versions[{position}].schema.openAPIV3Schema")
    shared = is_shared(versions, "schema")
    for part in parts(spec, "schema"):
        schema = documents.find(part.version, "schema", "openAPIV3Schema")
        if not isinstance(schema, dict):
            continue
        holders = versions if shared else [part.version]
        has_status = any(
            documents.find(each, "subresources", "status") is not None for each in holders
        )
        path = f"{part.path}.openAPIV3Schema"
        if has_status:
            yield from _status_causes(schema, path)
        yield from root_causes(schema, path)


def _status_causes(schema: Document, path: str) -> Iterator[Cause]:
    """The root says little where the status is written on its own, by its part of the schema."""
    if documents.text(schema, "type") not in {"", "object"}:
        problem = (
            'only "object" is allowed as the type at the root of the schema if the status '
            "subresource is enabled"
        )
        yield invalid(f"{path}.type", schema["type"], problem)
    said = {name for name, value in schema.items() if value not in (None, False, "", [], {})}
    if said - _WITH_STATUS:
        names = " ".join(sorted(_WITH_STATUS))
        problem = (
            f"only [{names}] fields are allowed at the root of the schema if the status "
            "subresource is enabled"
        )
        yield invalid(path, dict.fromkeys(sorted(said)), problem)


def root_causes(schema: Document, path: str) -> Iterator[Cause]:
    """Why ``schema`` can't be that of a kind."""
    if schema.get("nullable") is True:
        yield forbidden(f"{path}.nullable", "nullable cannot be true at the root")
    told = list(_node_causes(schema, _Place(path, is_root=True)))
    found: list[Cause] = []
    if not _says(schema, _UNSERVED) and not _says(schema, ("$schema",)):
        found = list(structural_causes(schema, path))
        found = found or list(_default_causes({**schema, EMBEDDED: True}, path))
    yield from (*found, *told)
    if not told and _says(schema, ("$schema",)):
        yield invalid(path, "", "OpenAPIV3Schema 'schema' is not supported")
    if not found and not told:
        yield from compile_causes({**schema, EMBEDDED: True}, path)


def _says(schema: Document, words: tuple[str, ...]) -> bool:
    """Whether one of ``words`` is used here or below, or elements have a schema each."""
    if any(schema.get(word) not in (None, "", {}) for word in words):
        return True
    if isinstance(schema.get("items"), list):
        return True
    return any(_says(inner, words) for inner in _below(schema))


def _below(schema: Document) -> Iterator[Document]:
    for inner in documents.child(schema, "properties").values():
        if isinstance(inner, dict):
            yield inner
    for name in ("items", "additionalProperties", "not"):
        found = schema.get(name)
        if isinstance(found, dict):
            yield found
    for name in ("allOf", "anyOf", "oneOf"):
        yield from documents.objects(schema, name)


@dataclass(frozen=True)
class _Place:
    """Where a part of a schema is, and what holds there.

    ``no_default`` says why there may be no defaults; ``uncorrelated`` is the outermost list above
    whose elements can't be told from one another after a change.
    """

    path: str
    is_root: bool = False
    in_metadata: bool = False
    no_default: str = ""
    uncorrelated: str = ""

    def at(self, step: str) -> _Place:
        return replace(self, path=f"{self.path}{step}", is_root=False)


def _node_causes(schema: Document, place: _Place) -> Iterator[Cause]:
    yield from _word_causes(schema, place)
    yield from _map_causes(schema, place)
    yield from keyedlists.list_causes(schema, place.path)
    yield from told_causes(schema, place.path)
    inner = schema.get("items")
    if isinstance(inner, dict):
        yield from _node_causes(inner, place.at(".items"))
    for name in ("allOf", "anyOf", "oneOf"):
        for position, condition in enumerate(documents.items(schema, name)):
            if isinstance(condition, dict):
                yield from _node_causes(condition, place.at(f".{name}[{position}]"))
    unwanted = schema.get("not")
    if isinstance(unwanted, dict):
        yield from _node_causes(unwanted, place.at(".not"))


def _word_causes(schema: Document, place: _Place) -> Iterator[Cause]:
    path, type_ = place.path, documents.text(schema, "type")
    if type_ and type_ not in _TYPES:
        yield unsupported(f"{path}.type", type_, _TYPES)
    if type_ == "null":
        problem = "type cannot be set to null, use nullable as an alternative"
        yield forbidden(f"{path}.type", problem)
    if place.no_default and schema.get("default") is not None:
        yield forbidden(f"{path}.default", f"must not be set {place.no_default}")
    for word in _UNSERVED:
        if schema.get(word) not in (None, "", {}) or (word == "additionalItems" and word in schema):
            yield forbidden(f"{path}.{word}", f"{word} is not supported")
    if isinstance(schema.get("items"), list):
        yield forbidden(f"{path}.items", "items must be a schema object and not an array")
    if place.in_metadata and schema.get(EMBEDDED) is True:
        yield forbidden(f"{path}.{EMBEDDED}", "must not be used inside of resource meta")
    if schema.get("uniqueItems") is True:
        problem = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(f"{path}.uniqueItems", problem)
    if schema.get(OPEN) is False:
        yield invalid(f"{path}.{OPEN}", schema[OPEN], "must be true or undefined")


def _map_causes(schema: Document, place: _Place) -> Iterator[Cause]:
    path, members = place.path, documents.child(schema, "properties")
    values = schema.get("additionalProperties")
    if members and values not in (None, True):
        problem = "additionalProperties and properties are mutual exclusive"
        yield forbidden(f"{path}.additionalProperties", problem)
    if isinstance(values, dict):
        below = place.at(".additionalProperties")
        if place.in_metadata:
            reason = "inside additionalProperties applying to object metadata"
            below = replace(below, no_default=reason)
        yield from _node_causes(values, below)
    is_resource = place.is_root or schema.get(EMBEDDED) is True
    for name, member in members.items():
        below = place.at(f".properties[{name}]")
        if is_resource and name in _IDENTITY:
            reason = f"in top-level {name}" if place.is_root else place.no_default
            below = replace(below, in_metadata=True, no_default=reason)
        if isinstance(member, dict):
            yield from _node_causes(member, below)
    kind = schema.get(MAP_TYPE)
    if kind is None:
        return
    type_ = documents.text(schema, "type")
    if type_ != "object":
        problem = f"must be object if {MAP_TYPE} is specified"
        where = f"{path}.type"
        yield invalid(where, type_, problem) if type_ else required(where, problem)
    if kind not in {"atomic", "granular"}:
        yield unsupported(f"{path}.{MAP_TYPE}", kind, ("atomic", "granular"))


def _default_causes(schema: Document, path: str) -> Iterator[Cause]:
    """Defaults that the schema itself does not allow."""
    default = schema.get("default")
    if default is not None:
        where = f"{path}.default"
        if isinstance(default, dict) and unknown_fields(shape_of_schema(schema), default):
            yield invalid(where, default, "must not have unknown fields")
        yield from _value_causes(schema, default, where)
    inner = schema.get("items")
    if isinstance(inner, dict):
        yield from _default_causes(inner, f"{path}.items")
    for name, member in documents.child(schema, "properties").items():
        if isinstance(member, dict):
            yield from _default_causes(member, f"{path}.properties[{name}]")


def _value_causes(schema: Document, default: JsonValue, where: str) -> Iterator[Cause]:
    if schema.get(EMBEDDED) is True and isinstance(default, dict):
        missing = [name for name in ("apiVersion", "kind") if not default.get(name)]
        yield from (required(f"{where}.{name}") for name in missing)
        if missing:
            return
    for cause in value_causes(schema, default, where):
        if cause.reason != "FieldValueDuplicate":  # sets are not looked at
            yield cause
