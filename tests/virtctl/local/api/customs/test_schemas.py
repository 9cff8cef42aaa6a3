"""Schemas that definitions bring."""

import pytest

from tests.fakes import definitions
from virtctl.local.api.customs.schemas import root_causes, schema_causes

EITHER = [{"type": "integer"}, {"type": "string"}]
ELEMENT = {"type": "object", "properties": {"k": {"type": "string"}}}
KEYED = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]}


def inside(**schema):
    """A schema with the field ``x``."""
    return {"type": "object", "properties": {"x": schema}}


@pytest.mark.parametrize(
    ("schema", "field", "message"),
    [
        ({}, "S.type", "must not be empty at the root"),
        ({"type": "string"}, "S.type", "must be object at the root"),
        (
            {"type": "object", "properties": {"a": {}}},
            "S.properties[a].type",
            "must not be empty for specified object fields",
        ),
        (
            {"type": "object", "properties": {"a": {"type": "text"}}},
            "S.properties[a].type",
            'Unsupported value: "text"',
        ),
        (
            {"type": "object", "properties": {"a": {"type": "array"}}},
            "S.properties[a].items",
            "must be specified",
        ),
        (
            {"type": "object", "properties": {"a": {"type": "array", "items": {}}}},
            "S.properties[a].items.type",
            "specified array items",
        ),
        (
            inside(type="object", additionalProperties={}),
            "S.properties[x].additionalProperties.type",
            "must not be empty",
        ),
        (
            inside(
                type="object",
                properties={"a": {"type": "string"}},
                additionalProperties={"type": "string"},
            ),
            "S.properties[x].additionalProperties",
            "mutual exclusive",
        ),
        (
            {
                "type": "object",
                "properties": {
                    "a": {
                        "type": "array",
                        "items": {"type": "object"},
                        "x-kubernetes-list-type": "map",
                    }
                },
            },
            "S.properties[a].x-kubernetes-list-map-keys",
            "must not be empty",
        ),
        (
            {
                "type": "object",
                "properties": {
                    "a": {
                        "type": "array",
                        "items": {"type": "object"},
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["n"],
                    }
                },
            },
            "S.properties[a].x-kubernetes-list-map-keys",
            "names of item properties",
        ),
    ],
)
def test_broken_schemas(schema, field, message):
    (cause,) = root_causes(schema, "S")
    assert cause.field == field
    assert message in cause.message


def test_a_good_schema():
    assert list(root_causes(definitions.SCHEMA, "S")) == []


@pytest.mark.parametrize(
    ("schema", "fields"),
    [
        (inside(type="string", allOf=[{"type": "string"}]), ["S.properties[x].allOf[0].type"]),
        (inside(type="string", nullable=True), []),
        (inside(**{"x-kubernetes-int-or-string": True, "anyOf": EITHER}), []),
        (
            inside(anyOf=EITHER),
            ["S.properties[x].type"],
        ),
        (inside(type="string", default=1), ["S.properties[x].default"]),
        (inside(type="object", default={"a": 1}), ["S.properties[x].default"]),
        (
            inside(type="array", items={"type": "string"}, uniqueItems=True),
            ["S.properties[x].uniqueItems"],
        ),
        (inside(type="string", **{"$ref": "#/a"}), ["S.properties[x].$ref"]),
        (inside(type="string", **{"$schema": "a"}), ["S"]),
        (inside(type="string", pattern="["), ["S.properties[x].pattern"]),
        (
            inside(type="object", **{"x-kubernetes-embedded-resource": True}),
            ["S.properties[x].properties"],
        ),
        (
            inside(type="object", **{"x-kubernetes-map-type": "wide"}),
            ["S.properties[x].x-kubernetes-map-type"],
        ),
        (
            inside(type="array", items={"type": "object"}, **{"x-kubernetes-list-type": "set"}),
            ["S.properties[x].items.x-kubernetes-map-type"],
        ),
        (
            inside(type="array", items=ELEMENT, **KEYED),
            ["S.properties[x].items.properties[k].default"],
        ),
        (
            {**inside(type="string"), "oneOf": [{"properties": {"y": {"pattern": "a"}}}]},
            ["S.properties[y]"],
        ),
        (
            {
                "type": "object",
                "properties": {
                    "metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}
                },
            },
            ["S.properties[metadata]"],
        ),
        ({"type": "object", "nullable": True}, ["S.nullable"]),
        (
            {"type": "object", "additionalProperties": {"type": "string"}},
            ["S.additionalProperties"],
        ),
        (
            inside(type="string", **{"x-kubernetes-validations": [{"rule": " "}]}),
            ["S.properties[x].x-kubernetes-validations[0].rule"],
        ),
        (
            inside(
                type="string",
                **{
                    "x-kubernetes-validations": [
                        {"rule": "true", "reason": "Other", "fieldPath": ".y", "message": "a\nb"}
                    ]
                },
            ),
            [
                "S.properties[x].x-kubernetes-validations[0].fieldPath",
                "S.properties[x].x-kubernetes-validations[0].message",
                "S.properties[x].x-kubernetes-validations[0].reason",
            ],
        ),
        (
            inside(
                type="array",
                items={"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf"}]},
            ),
            ["S.properties[x].items.x-kubernetes-validations[0].rule"],
        ),
    ],
)
def test_fields_of_refusals(schema, fields):
    assert sorted(cause.field for cause in root_causes(schema, "S")) == fields


def test_the_root_says_little_beside_a_status():
    schema = {**definitions.SCHEMA, "maxProperties": 9}
    spec = definitions.definition(definitions.version(schema={"openAPIV3Schema": schema}))["spec"]
    (cause,) = schema_causes(spec)
    assert "if the status subresource is enabled" in cause.message
