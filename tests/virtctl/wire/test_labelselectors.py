import pytest

from virtctl.errors import InvalidField
from virtctl.wire.labelselectors import read_requirements, read_selector, spell_selector
from virtctl.wire.selectors import parse_labels

EXPRESSIONS = {
    "matchLabels": {"b": "2", "a": "1"},
    "matchExpressions": [
        {"key": "tier", "operator": "In", "values": ["web", "db"]},
        {"key": "old", "operator": "DoesNotExist"},
        {"key": "env", "operator": "NotIn", "values": ["test"]},
        {"key": "owner", "operator": "Exists"},
    ],
}


def test_empty_selects_everything():
    assert read_selector({}).matches({"a": "1"})
    assert spell_selector({}) == ""


def test_all_requirements_must_hold():
    selector = read_selector(EXPRESSIONS)
    labels = {"a": "1", "b": "2", "tier": "db", "owner": "jane"}
    assert selector.matches(labels)
    assert not selector.matches({**labels, "env": "test"})
    assert not selector.matches({**labels, "old": "yes"})
    assert not selector.matches({key: labels[key] for key in labels if key != "owner"})


def test_spelling_is_sorted_and_can_be_parsed():
    spelled = spell_selector(EXPRESSIONS)
    assert spelled == "a=1,b=2,env notin (test),!old,owner,tier in (db,web)"
    assert parse_labels(spelled).matches({"a": "1", "b": "2", "tier": "web", "owner": ""})


def test_requirements_of_nodes_compare_numbers():
    selector = read_requirements({"m": [{"key": "n", "operator": "Gt", "values": ["3"]}]}, "m")
    assert selector.matches({"n": "4"})
    assert not selector.matches({"n": "3"})


def test_unknown_operator_is_refused():
    with pytest.raises(InvalidField, match="operator"):
        read_selector({"matchExpressions": [{"key": "a", "operator": "Like"}]})
