"""Structural schemas, read into shapes.

Reference: apiextensions.k8s.io/v1, structural schemas. A structural schema says the type of every
value outside of ``allOf``, ``anyOf``, ``oneOf`` and ``not``, which only add conditions.
"""

from __future__ import annotations

from dataclasses import replace

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
    shape = _shape(schema)
    return replace(shape, is_nullable=True) if schema.get("nullable") is True else shape


def _shape(schema: Document) -> Shape:
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
    is_anything = not (members or rules or isinstance(values, dict) or schema.get(EMBEDDED))
    if is_anything and is_open:
        return ANY_OBJECT
    shape = Shape(
        json="object",
        fields=members,
        required=tuple(str(name) for name in documents.items(schema, "required")),
        values=_values(values),
        is_open=is_open,
        is_atomic=schema.get(MAP_TYPE) == "atomic",
        rules=rules,
    )
    return _resource(shape) if schema.get(EMBEDDED) is True else shape


def _values(values: JsonValue) -> Shape | None:
    """The shape of what may have any name; objects among it are empty where nothing is said."""
    if isinstance(values, dict):
        return shape_of_schema(values)
    return Shape() if values is True else None


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
