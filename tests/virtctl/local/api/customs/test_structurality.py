import pytest

from virtctl.local.api.customs.structurality import structural_causes
from virtctl.models.documents import Document


def of(**members: object) -> Document:
    return {"type": "object", "properties": members}  # type: ignore[dict-item]


def test_types_outside_of_conditions_make_a_schema_structural() -> None:
    size = {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}
    made = of(size=size, names={"type": "array", "items": {"type": "string"}})
    assert list(structural_causes(made, "s")) == []


@pytest.mark.parametrize(
    ("schema", "field", "problem"),
    [
        ({"type": "string"}, "s.type", "must be object at the root"),
        (of(a={}), "s.properties[a].type", "must not be empty for specified object fields"),
        (of(a={"type": "array"}), "s.properties[a].items", "must be specified"),
        (
            {**of(a={"type": "string"}), "anyOf": [{"type": "object"}]},
            "s.anyOf[0].type",
            "must be empty to be structural",
        ),
        (
            {**of(), "not": {"properties": {"b": {}}}},
            "s.properties[b]",
            "because it is defined in s.not.properties[b]",
        ),
        (of(a={"type": "string", "pattern": "("}), "s.properties[a].pattern", "regular expression"),
        (of(kind={"type": "integer"}), "s.properties[kind].type", "must be string"),
        (
            of(metadata={"type": "object", "properties": {"labels": {"type": "object"}}}),
            "s.properties[metadata]",
            "anything other than name and generateName",
        ),
    ],
)
def test_what_is_not_structural(schema: Document, field: str, problem: str) -> None:
    (cause,) = structural_causes(schema, "s")
    assert cause.field == field
    assert problem in cause.message
