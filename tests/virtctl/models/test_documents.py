"""Typed getters on raw JSON."""

import pytest

from virtctl.errors import InvalidField
from virtctl.models import documents

DOCUMENT = {
    "metadata": {"name": "a", "namespace": "n", "uid": "u", "labels": {"x": "y"}},
    "spec": {"count": 3, "on": True, "list": [{"name": "one"}, {"name": "two"}], "null": None},
}


def test_values_are_found_by_path():
    assert documents.text(DOCUMENT, "metadata", "name") == "a"
    assert documents.integer(DOCUMENT, "spec", "count") == 3
    assert documents.flag(DOCUMENT, "spec", "on") is True
    assert documents.child(DOCUMENT, "metadata", "labels") == {"x": "y"}
    assert documents.strings(DOCUMENT, "metadata", "labels") == {"x": "y"}
    assert [item["name"] for item in documents.objects(DOCUMENT, "spec", "list")] == ["one", "two"]


def test_identity():
    found = (
        documents.name_of(DOCUMENT),
        documents.namespace_of(DOCUMENT),
        documents.uid_of(DOCUMENT),
    )
    assert found == ("a", "n", "u")


@pytest.mark.parametrize("path", [("spec", "null"), ("spec", "absent"), ("no", "where")])
def test_absent_is_the_default(path):
    assert documents.text(DOCUMENT, *path, default="d") == "d"
    assert documents.integer(DOCUMENT, *path, default=7) == 7
    assert documents.flag(DOCUMENT, *path, default=True) is True
    assert documents.child(DOCUMENT, *path) == {}
    assert documents.items(DOCUMENT, *path) == []


@pytest.mark.parametrize(
    ("getter", "path"),
    [
        (documents.text, ("spec", "count")),
        (documents.integer, ("spec", "on")),
        (documents.flag, ("spec", "count")),
        (documents.child, ("spec", "count")),
        (documents.items, ("spec", "count")),
    ],
)
def test_a_wrong_type_is_named_by_its_path(getter, path):
    with pytest.raises(InvalidField, match=".".join(path)):
        getter(DOCUMENT, *path)


def test_elements_of_a_wrong_type_are_named():
    with pytest.raises(InvalidField, match=r"a\[1\]"):
        list(documents.objects({"a": [{}, 5]}, "a"))
    with pytest.raises(InvalidField, match=r"a\.b"):
        documents.strings({"a": {"b": 5}}, "a")


def test_put_makes_objects_on_the_way():
    document = {"a": 5}
    documents.put(document, 1, "a", "b", "c")
    assert document == {"a": {"b": {"c": 1}}}


def test_ensure_gives_an_object_to_change_in_place():
    document = {"a": None}
    documents.ensure(document, "a", "b")["c"] = 1
    assert document == {"a": {"b": {"c": 1}}}
    with pytest.raises(InvalidField, match=r"a\.b\.c"):
        documents.ensure(document, "a", "b", "c", "d")


def test_nothing_is_found_below_what_is_no_object():
    assert documents.find(DOCUMENT, "metadata", "name", "deeper") is None
    assert documents.find(DOCUMENT, "spec", "list", "name") is None
    assert documents.find(DOCUMENT, "none", "name") is None
    assert documents.find(DOCUMENT, "spec", "null") is None


def test_a_copy_shares_no_part():
    copy = documents.copied(DOCUMENT)
    assert copy == DOCUMENT
    copy["spec"]["list"][0]["name"] = "other"
    documents.put(copy, "z", "metadata", "labels", "x")
    assert DOCUMENT["spec"]["list"][0]["name"] == "one"
    assert DOCUMENT["metadata"]["labels"] == {"x": "y"}
