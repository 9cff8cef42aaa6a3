import pytest

from virtctl.errors import InvalidField
from virtctl.local.api.customs.portions import (
    column_causes,
    field_at,
    scale_causes,
    selectable_causes,
)
from virtctl.models.documents import Document

SCHEMA: Document = {
    "type": "object",
    "properties": {
        "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def version(**portions: object) -> Document:
    made: Document = {"name": "v1", "schema": {"openAPIV3Schema": SCHEMA}, **portions}  # type: ignore[dict-item]
    return {"versions": [made]}


@pytest.mark.parametrize(
    ("place", "type_"), [(".spec.size", "integer"), (".labels['a.b']", "string")]
)
def test_a_path_leads_to_a_field(place: str, type_: str) -> None:
    assert field_at(SCHEMA, place)["type"] == type_


@pytest.mark.parametrize(
    ("place", "problem"),
    [(".spec.color", "valid field"), ("spec", "expected"), (".spec.", "unexpected end")],
)
def test_a_path_that_leads_nowhere(place: str, problem: str) -> None:
    with pytest.raises(InvalidField) as refused:
        field_at(SCHEMA, place)
    assert problem in refused.value.problem


def test_columns() -> None:
    good = {"name": "Size", "type": "integer", "jsonPath": ".spec.size"}
    assert list(column_causes(version(additionalPrinterColumns=[good]))) == []
    bad = {"name": "", "type": "number of", "format": "long", "jsonPath": "spec"}
    found = [cause.field for cause in column_causes(version(additionalPrinterColumns=[bad]))]
    start = "spec.additionalPrinterColumns[0]"
    assert found == [f"{start}.{name}" for name in ("name", "type", "format", "JSONPath")]


def test_replicas_are_in_spec_and_status() -> None:
    scale = {"specReplicasPath": ".status.n", "statusReplicasPath": ".status.n"}
    (cause,) = scale_causes(version(subresources={"scale": scale}))
    assert cause.field == "spec.subresources.scale.specReplicasPath"
    assert "should be a json path under .spec" in cause.message


def test_fields_to_select_by_are_plain_and_named_once() -> None:
    fields = [{"jsonPath": place} for place in (".spec.size", ".spec.size", ".spec")]
    twice, whole = selectable_causes(version(selectableFields=fields))
    assert twice.reason == "FieldValueDuplicate"
    assert "type string, boolean or integer" in whole.message
