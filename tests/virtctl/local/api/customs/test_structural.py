"""Structural schemas: shapes and checks."""

import pytest

from tests.fakes import definitions
from virtctl.local.api.customs.structural import root_shape, schema_causes, shape_of_schema


def test_a_root_has_identity_and_metadata():
    shape = root_shape(definitions.SCHEMA)
    assert {"apiVersion", "kind", "metadata", "spec", "status"} <= set(shape.fields)
    assert "finalizers" in shape.fields["metadata"].fields


def test_lists_and_maps():
    spec = root_shape(definitions.SCHEMA).fields["spec"]
    assert spec.required == ("size",)
    assert spec.fields["tags"].keys == ()
    assert (spec.fields["parts"].keys, spec.fields["parts"].merge_key) == (("name",), "name")
    assert spec.fields["extra"].is_open
    assert [rule.message for rule in spec.rules] == ["is too large"]
    assert spec.is_ruled
    words = {"type": "object", "additionalProperties": {"type": "string"}}
    assert shape_of_schema(words).values.json == "string"
    assert shape_of_schema({"type": "object", "additionalProperties": True}).is_open
    assert shape_of_schema({"x-kubernetes-int-or-string": True}).json == "int-or-string"
    assert shape_of_schema({"x-kubernetes-preserve-unknown-fields": True}).json == ""
    assert shape_of_schema({"type": "object", "x-kubernetes-map-type": "atomic"}).is_atomic


def test_embedded_resources_have_identity():
    embedded = {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {}}
    assert "kind" in shape_of_schema(embedded).fields


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
            {"type": "object", "additionalProperties": {}},
            "S.additionalProperties.type",
            "must not be empty",
        ),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "additionalProperties": {"type": "string"},
            },
            "S.additionalProperties",
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
    (cause,) = schema_causes(schema, "S")
    assert cause.field == field
    assert message in cause.message


def test_a_good_schema():
    assert list(schema_causes(definitions.SCHEMA, "S")) == []
