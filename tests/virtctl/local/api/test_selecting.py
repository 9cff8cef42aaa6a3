import msgspec
import pytest

from virtctl.local.api.selecting import is_selected
from virtctl.wire.selectors import Selection, parse_fields, parse_labels

OBJECTS = (
    {"metadata": {"name": "a", "labels": {"app": "x", "tier": "1"}}, "spec": {"labels": {}}},
    {"metadata": {"name": "a", "labels": {"app": "y"}}},
    {"metadata": {"name": "b", "labels": {}}},
    {"metadata": {"name": "b", "labels": None}},
    {"metadata": {"name": "b"}, "spec": {"app": "x"}},
    {"metadata": {"name": "a", "labels": {"app": 1, "tier": "1"}}},
    {"kind": "List"},
)


@pytest.mark.parametrize("labels", ["", "app=x", "app!=x", "app", "!app", "tier in (1,2),app"])
@pytest.mark.parametrize("fields", ["", "metadata.name=a"])
def test_the_bytes_are_selected_as_the_object_is(labels: str, fields: str) -> None:
    selection = Selection(parse_labels(labels), parse_fields(fields))
    found = [is_selected(msgspec.json.encode(one), selection) for one in OBJECTS]
    assert found == [selection.matches(one) for one in OBJECTS]
    assert any(found) or all(each in labels + fields for each in "=a")
