"""Bounds of texts and lists."""

import pytest

from virtctl.local.api import bounds
from virtctl.models.base import Fact

SHORT = Fact(min_length=2, max_length=3, pattern="^a")
FEW = Fact(min_items=1, max_items=2)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("ab", []),
        ("abcd", ["Too long: may not be more than 3 bytes"]),
        ("a", ['Invalid value: "a": x in body should be at least 2 chars long']),
        ("ba", ["Invalid value: \"ba\": x in body should match '^a'"]),
    ],
)
def test_texts(value, said):
    assert [cause.message for cause in bounds.text_causes(SHORT, value, "x")] == said


@pytest.mark.parametrize(
    ("value", "keys", "found"),
    [
        ([1], None, []),
        ([], None, [("FieldValueInvalid", "x")]),
        ([1, 2, 3], None, [("FieldValueTooMany", "x")]),
        ([1, 1], None, []),
        ([1, 1], (), [("FieldValueDuplicate", "x[1]")]),
        ([{"a": 1, "b": 2}, {"a": 1, "b": 3}], ("a",), [("FieldValueDuplicate", "x[1]")]),
        ([{"a": 1, "b": 2}, {"a": 1, "b": 3}], ("a", "b"), []),
    ],
)
def test_lists(value, keys, found):
    causes = bounds.list_causes(FEW, keys, value, "x")
    assert [(cause.reason, cause.field) for cause in causes] == found
