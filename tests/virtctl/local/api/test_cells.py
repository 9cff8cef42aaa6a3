"""How cells read objects."""

from datetime import UTC, datetime

from virtctl.local.api import cells

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ITEM = {
    "spec": {"a": 5, "empty": ""},
    "data": {"x": "1"},
    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
}


def test_values():
    assert cells.at("spec", "a")(ITEM, NOW) == 5
    assert cells.at("spec", "b")(ITEM, NOW) is None
    assert cells.text("spec", "a")(ITEM, NOW) == "5"
    assert cells.text("spec", "empty", absent="<none>")(ITEM, NOW) == "<none>"
    assert cells.pure(len)(ITEM, NOW) == 3
    assert cells.size("data", "binaryData")(ITEM, NOW) == 1


def test_conditions_and_lists():
    assert cells.condition_status(ITEM, "Ready") == "True"
    assert cells.condition_status(ITEM, "Other") is None
    assert cells.joined(["a", "b"]) == "a,b"
    assert cells.joined([]) == "<none>"
