"""Structural schemas: read into shapes, and checked when a definition brings them.

Reference: apiextensions.k8s.io/v1, structural schemas. A structural schema says the type of every
value outside of ``allOf``, ``anyOf``, ``oneOf`` and ``not``, which only add conditions.
"""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.shapes import ANY_OBJECT, ANYTHING, Shape, shape_of
from virtctl.models import documents
from virtctl.models.base import Fact, Rule
from virtctl.models.documents import Document, JsonValue
from virtctl.models.meta import ObjectMeta

OPEN = "x-kubernetes-preserve-unknown-fields"
INT_OR_STRING = "x-kubernetes-int-or-string"
EMBEDDED = "x-kubernetes-embedded-resource"
LIST_TYPE = "x-kubernetes-list-type"
LIST_KEYS = "x-kubernetes-list-map-keys"
MAP_TYPE = "x-kubernetes-map-type"
RULES = "x-kubernetes-validations"
_TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean"})
_COMMON = {"apiVersion": Shape(json="string"), "kind": Shape(json="string")}


def root_shape(schema: Document) -> Shape:
    """The shape of objects with this schema: identity and metadata are always there."""
    return _resource(shape_of_schema(schema))


def _resource(shape: Shape) -> Shape:
    members = {**shape.fields, **_COMMON, "metadata": shape_of(ObjectMeta)}
    return Shape(
        json="object",
        fields=members,
        required=shape.required,
        is_open=shape.is_open,
        rules=shape.rules,
    )


def shape_of_schema(schema: Document) -> Shape:
    """The shape of values with this schema."""
    if schema.get(INT_OR_STRING) is True:
        return Shape(json="int-or-string", fact=Fact(int_or_string=True), rules=_rules(schema))
    type_ = documents.text(schema, "type")
    match type_:
        case "object":
            return _object(schema)
        case "array":
            inner = schema.get("items")
            return Shape(
                json="array",
                items=shape_of_schema(inner) if isinstance(inner, dict) else ANYTHING,
                keys=_keys(schema),
                merge_key=next(iter(_keys(schema) or ()), ""),
                rules=_rules(schema),
            )
        case "":
            return ANYTHING
        case _:
            return Shape(json=type_, rules=_rules(schema))


def _object(schema: Document) -> Shape:
    members = {
        name: shape_of_schema(inner)
        for name, inner in documents.child(schema, "properties").items()
        if isinstance(inner, dict)
    }
    values = schema.get("additionalProperties")
    is_open, rules = schema.get(OPEN) is True, _rules(schema)
    is_anything = not (members or rules or isinstance(values, dict))
    if is_anything and (is_open or values is True):
        return ANY_OBJECT
    shape = Shape(
        json="object",
        fields=members,
        required=tuple(str(name) for name in documents.items(schema, "required")),
        values=shape_of_schema(values) if isinstance(values, dict) else None,
        is_open=is_open or values is True,
        is_atomic=schema.get(MAP_TYPE) == "atomic",
        rules=rules,
    )
    return _resource(shape) if schema.get(EMBEDDED) is True else shape


def _keys(schema: Document) -> tuple[str, ...] | None:
    match schema.get(LIST_TYPE):
        case "map":
            return tuple(str(key) for key in documents.items(schema, LIST_KEYS))
        case "set":
            return ()
        case _:
            return None


def _rules(schema: Document) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            rule=documents.text(rule, "rule"),
            message=documents.text(rule, "message"),
            message_expression=documents.text(rule, "messageExpression"),
            reason=documents.text(rule, "reason", default="FieldValueInvalid"),
            field_path=documents.text(rule, "fieldPath"),
            optional_old_self=rule.get("optionalOldSelf") is True,
        )
        for rule in documents.objects(schema, RULES)
    )


def schema_causes(schema: Document, path: str) -> Iterator[Cause]:
    """Why ``schema`` can't be that of a kind; the wording is apiextensions'."""
    if not schema.get("type"):
        yield _required(f"{path}.type", "must not be empty at the root")
    elif schema["type"] != "object":
        yield _bad(f"{path}.type", schema["type"], "must be object at the root")
    yield from _node_causes(schema, path)


def _node_causes(schema: Document, path: str) -> Iterator[Cause]:
    type_ = schema.get("type")
    if type_ is not None and type_ not in _TYPES:
        choices = ", ".join(f'"{name}"' for name in sorted(_TYPES))
        problem = f'Unsupported value: "{type_}": supported values: {choices}'
        yield Cause("FieldValueNotSupported", problem, f"{path}.type")
    members = documents.child(schema, "properties")
    if members and schema.get("additionalProperties") not in (None, False):
        problem = "additionalProperties and properties are mutual exclusive"
        yield Cause("FieldValueForbidden", f"Forbidden: {problem}", f"{path}.additionalProperties")
    for name, inner in members.items():
        if isinstance(inner, dict):
            where = f"{path}.properties[{name}]"
            yield from _typed_causes(inner, where, "specified object fields")
            yield from _node_causes(inner, where)
    values = schema.get("additionalProperties")
    if isinstance(values, dict):
        where = f"{path}.additionalProperties"
        yield from _typed_causes(values, where, "specified object fields")
        yield from _node_causes(values, where)
    if type_ == "array":
        yield from _list_causes(schema, path)


def _list_causes(schema: Document, path: str) -> Iterator[Cause]:
    inner = schema.get("items")
    if not isinstance(inner, dict):
        yield _required(f"{path}.items", "must be specified")
        return
    yield from _typed_causes(inner, f"{path}.items", "specified array items")
    yield from _node_causes(inner, f"{path}.items")
    if schema.get(LIST_TYPE) != "map":
        return
    keys = documents.items(schema, LIST_KEYS)
    if not keys:
        problem = "must not be empty if x-kubernetes-list-type is map"
        yield _required(f"{path}.{LIST_KEYS}", problem)
    for key in keys:
        if key not in documents.child(inner, "properties"):
            problem = f'entries must all be names of item properties: "{key}"'
            yield _bad(f"{path}.{LIST_KEYS}", key, problem)


def _typed_causes(schema: Document, path: str, what: str) -> Iterator[Cause]:
    if schema.get("type") or schema.get(INT_OR_STRING) is True or schema.get(OPEN) is True:
        return
    yield _required(f"{path}.type", f"must not be empty for {what}")


def _required(path: str, problem: str) -> Cause:
    return Cause("FieldValueRequired", f"Required value: {problem}", path)


def _bad(path: str, value: JsonValue, problem: str) -> Cause:
    return Cause("FieldValueInvalid", f'Invalid value: "{value}": {problem}', path)
