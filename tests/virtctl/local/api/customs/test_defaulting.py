"""Defaults of schemas."""

from tests.fakes import definitions
from virtctl.local.api.customs.defaulting import fill, spell_numbers


def filled(**spec):
    document = {"spec": spec}
    fill(definitions.SCHEMA, document)
    return document["spec"]


def test_what_is_missing_is_filled_in():
    assert filled(size=1) == {"size": 1, "limit": 10, "color": "red"}


def test_what_is_given_stays():
    assert filled(size=1, limit=5, color="green") == {"size": 1, "limit": 5, "color": "green"}


def test_elements_are_filled_in():
    assert filled(parts=[{"name": "a"}])["parts"] == [{"name": "a", "count": 1}]


def test_nothing_is_made_to_hold_defaults():
    document = {}
    fill(definitions.SCHEMA, document)
    assert document == {}


def test_nulls_count_as_missing():
    assert filled(size=None, color=None) == {"limit": 10, "color": "red"}


def test_nulls_stay_where_they_are_allowed():
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "nullable": True, "default": "x"}},
        "additionalProperties": False,
    }
    value = {"a": None}
    fill(schema, value)
    assert value == {"a": None}
    words = {"type": "object", "additionalProperties": {"type": "string"}}
    value = {"a": None, "b": "x"}
    fill(words, value)
    assert value == {"b": "x"}


def test_defaults_are_copies():
    schema = {"type": "object", "properties": {"a": {"type": "object", "default": {"b": []}}}}
    first, second = {}, {}
    fill(schema, first)
    first["a"]["b"].append(1)
    fill(schema, second)
    assert second == {"a": {"b": []}}


def test_whole_numbers_are_integers():
    value = {"a": 1.0, "b": [2.0, 2.5], "c": 1e300}
    assert repr(spell_numbers(value)) == "{'a': 1, 'b': [2, 2.5], 'c': 1e+300}"
