import pytest

from virtctl.local.api.customs.keyedlists import list_causes
from virtctl.models.documents import Document

KIND, KEYS = "x-kubernetes-list-type", "x-kubernetes-list-map-keys"
NAMED: Document = {
    "type": "object", "required": ["name"], "properties": {"name": {"type": "string"}},
}  # fmt: skip


def test_a_map_of_elements_with_a_required_key_is_well() -> None:
    schema: Document = {"type": "array", KIND: "map", KEYS: ["name"], "items": NAMED}
    assert list(list_causes(schema, "s")) == []


@pytest.mark.parametrize(
    ("schema", "field", "problem"),
    [
        ({"type": "object", KIND: "set"}, "s.type", "must be array if"),
        ({"type": "array", KIND: "bag"}, f"s.{KIND}", 'supported values: "atomic", "set", "map"'),
        ({"type": "array", KEYS: ["name"]}, f"s.{KIND}", "must be map if"),
        ({"type": "array", KIND: "map", "items": NAMED}, f"s.{KEYS}", "must not be empty"),
        ({"type": "array", KIND: "map", KEYS: ["a"], "items": NAMED}, f"s.{KEYS}", "names of item"),
        (
            {"type": "array", KIND: "map", KEYS: ["name"], "items": {**NAMED, "required": []}},
            "s.items.properties[name].default",
            "must have a default or be a required property",
        ),
        (
            {"type": "array", KIND: "set", "items": {"type": "object"}},
            "s.items.x-kubernetes-map-type",
            "must be atomic",
        ),
    ],
)
def test_what_is_no_keyed_list(schema: Document, field: str, problem: str) -> None:
    (cause,) = list_causes(schema, "s")
    assert cause.field == field
    assert problem in cause.message
