"""Structural schemas: shapes and checks."""

from tests.fakes import definitions
from virtctl.local.api.customs.structural import root_shape, shape_of_schema


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
    assert not shape_of_schema({"type": "object", "additionalProperties": True}).values.is_open
    assert shape_of_schema({"type": "string", "nullable": True}).is_nullable
    assert shape_of_schema({"x-kubernetes-int-or-string": True}).json == "int-or-string"
    assert shape_of_schema({"x-kubernetes-preserve-unknown-fields": True}).json == ""
    assert shape_of_schema({"type": "object", "x-kubernetes-map-type": "atomic"}).is_atomic


def test_embedded_resources_have_identity():
    embedded = {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {}}
    assert "kind" in shape_of_schema(embedded).fields
