"""Values against schemas."""

import pytest

from tests.fakes import definitions
from virtctl.local.api.customs.values import object_causes, value_causes


def said(schema, value, path="spec.x"):
    return [
        (cause.reason, cause.field, cause.message) for cause in value_causes(schema, value, path)
    ]


@pytest.mark.parametrize(
    ("schema", "value", "reason", "message"),
    [
        (
            {"type": "string"},
            5,
            "FieldValueTypeInvalid",
            'Invalid value: "integer": spec.x in body must be of type string: "integer"',
        ),
        ({"type": "integer"}, True, "FieldValueTypeInvalid", "of type integer"),
        ({"type": "object"}, [], "FieldValueTypeInvalid", "of type object"),
        ({"type": "string"}, None, "FieldValueTypeInvalid", '"null"'),
        ({"x-kubernetes-int-or-string": True}, 1.5, "FieldValueTypeInvalid", "integer,string"),
        (
            {"type": "string", "enum": ["a", "b"]},
            "c",
            "FieldValueNotSupported",
            'Unsupported value: "c": supported values: "a", "b"',
        ),
        (
            {"type": "string", "pattern": "^a"},
            "b",
            "FieldValueInvalid",
            "Invalid value: \"b\": spec.x in body should match '^a'",
        ),
        (
            {"type": "string", "maxLength": 1},
            "ab",
            "FieldValueTooLong",
            "Too long: may not be more than 1 byte",
        ),
        ({"type": "string", "minLength": 3}, "ab", "FieldValueInvalid", "at least 3 chars long"),
        ({"type": "integer", "minimum": 2}, 1, "FieldValueInvalid", "greater than or equal to 2"),
        (
            {"type": "integer", "minimum": 2, "exclusiveMinimum": True},
            2,
            "FieldValueInvalid",
            "should be greater than 2",
        ),
        ({"type": "number", "maximum": 2}, 2.5, "FieldValueInvalid", "less than or equal to 2"),
        (
            {"type": "number", "maximum": 2, "exclusiveMaximum": True},
            2,
            "FieldValueInvalid",
            "should be less than 2",
        ),
        ({"type": "integer", "multipleOf": 4}, 6, "FieldValueInvalid", "a multiple of 4"),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 1},
            ["a", "b"],
            "FieldValueTooMany",
            "Too many: 2: must have at most 1 items",
        ),
        (
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
            [],
            "FieldValueInvalid",
            "at least 1 items",
        ),
        ({"type": "object", "minProperties": 1}, {}, "FieldValueInvalid", "at least 1 properties"),
        ({"type": "object", "maxProperties": 0}, {"a": 1}, "FieldValueTooMany", "Too many: 1"),
    ],
)
def test_what_does_not_fit(schema, value, reason, message):
    ((why, field, text),) = said(schema, value)
    assert (why, field) == (reason, "spec.x")
    assert message in text


@pytest.mark.parametrize(
    ("schema", "value", "own", "message"),
    [
        (
            {"type": "integer", "anyOf": [{"minimum": 5}, {"maximum": 2}]},
            3,
            ["spec.x in body should be greater than or equal to 5"],
            '"spec.x" must validate at least one schema (anyOf)',
        ),
        (
            {"type": "integer", "oneOf": [{"minimum": 1}, {"maximum": 5}]},
            3,
            [],
            "one and only one schema (oneOf). Found 2 valid alternatives",
        ),
        (
            {"type": "integer", "oneOf": [{"minimum": 5}]},
            3,
            ["greater than or equal to 5"],
            "Found none valid",
        ),
        (
            {"type": "integer", "allOf": [{"minimum": 5}]},
            3,
            ["greater than or equal to 5"],
            "must validate all the schemas (allOf)",
        ),
        ({"type": "string", "not": {"enum": ["a"]}}, "a", [], "must not validate the schema (not)"),
        (
            {"type": "integer"},
            1.5,
            ['of type integer: "number"'],
            "Checked value must be of type integer (default format) in spec.x",
        ),
        ({"type": "integer", "format": "int32"}, 2**31, [], "type integer with format int32"),
        ({"type": "integer", "format": "int64"}, 2**63, ['"float64"'], "with format int64"),
    ],
)
def test_what_is_told_of_no_field(schema, value, own, message):
    *before, (why, field, text) = said(schema, value)
    assert (why, field) == ("FieldValueInvalid", "<nil>")
    assert message in text
    assert len(before) == len(own)
    assert all(part in told for part, (_, _, told) in zip(own, before, strict=True))


def test_whole_numbers_and_multiples():
    assert said({"type": "integer"}, 2.0) == []
    assert said({"type": "integer", "format": "int32"}, -(2**31)) == []
    assert said({"type": "number", "multipleOf": 0.1}, 0.3) == []


def test_choices_are_judged_whatever_the_type():
    reasons = [why for why, _, _ in said({"type": "integer", "enum": [1]}, "1")]
    assert reasons == ["FieldValueTypeInvalid", "FieldValueNotSupported"]
    assert said({"enum": [1]}, True)[0][2].endswith('supported values: "1"')


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ({}, ["spec.x.apiVersion", "spec.x.kind"]),
        ({"apiVersion": "a/b/c", "kind": "K k"}, ["spec.x.apiVersion", "spec.x.kind"]),
        ({"apiVersion": "v1", "kind": "Kind"}, []),
    ],
)
def test_embedded_resources(value, fields):
    schema = {"type": "object", "x-kubernetes-embedded-resource": True}
    assert [field for _, field, _ in said(schema, value)] == fields


@pytest.mark.parametrize(
    ("form", "bad"),
    [("date-time", "2026-01-01"), ("cidr", "10.0.0.0")],
)
def test_formats(form, bad):
    ((why, _, text),) = said({"type": "string", "format": form}, bad)
    assert why == "FieldValueTypeInvalid"
    assert f"must be of type {form}" in text


def test_formats_and_patterns_that_are_not_known_fit():
    assert said({"type": "string", "format": "poem"}, "x") == []
    assert said({"type": "string", "pattern": r"\p{Greek}"}, "x") == []


def test_elements_are_named_by_position_and_members_by_name():
    words = {"type": "object", "additionalProperties": {"type": "string"}}
    assert [field for _, field, _ in said(words, {"a": 1})] == ["spec.x.a"]
    listed = {"type": "array", "items": {"type": "object", "required": ["n"]}}
    assert said(listed, [{}]) == [("FieldValueRequired", "spec.x[0].n", "Required value")]


def test_twins():
    spec = definitions.SPEC["properties"]
    assert said(spec["tags"], ["a", "b", "a"]) == [
        ("FieldValueDuplicate", "spec.x[2]", 'Duplicate value: "a"')
    ]
    parts = [{"name": "a"}, {"name": "a", "count": 2}]
    assert said(spec["parts"], parts) == [
        ("FieldValueDuplicate", "spec.x[1]", 'Duplicate value: {"name":"a"}')
    ]


def test_nulls_where_they_are_allowed():
    assert said({"type": "string", "nullable": True}, None) == []


def test_objects():
    assert list(object_causes(definitions.SCHEMA, definitions.widget())) == []
    broken = definitions.widget(size="x", color="blue")
    fields = [cause.field for cause in object_causes(definitions.SCHEMA, broken)]
    assert fields == ["spec.size", "spec.color"]


def test_embedded_objects_keep_their_identity_to_themselves():
    schema = {
        "type": "object",
        "x-kubernetes-embedded-resource": True,
        "properties": {"metadata": {"type": "object"}, "x": {"type": "string"}},
    }
    assert said(schema, {"apiVersion": "v1", "kind": "A", "metadata": 5, "x": "y"}) == []
