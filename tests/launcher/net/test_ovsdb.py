"""The protocol, against its examples and against itself."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.net import ovsdb
from launcher.net.ovsdb import Named, Splitter, Uuid

OBJECTS = st.dictionaries(
    st.text(max_size=5), st.text(max_size=8) | st.integers() | st.lists(st.text(max_size=3))
)


@given(st.lists(OBJECTS, max_size=5), st.integers(1, 7))
def test_a_stream_is_cut_into_its_messages(messages: list[dict], size: int) -> None:
    data = b"".join(json.dumps(each, ensure_ascii=False).encode() for each in messages)
    splitter = Splitter()
    found = [
        m for place in range(0, len(data), size) for m in splitter.feed(data[place : place + size])
    ]
    assert found == messages


@pytest.mark.parametrize(
    ("given_", "written"),
    [
        (Uuid("u"), ["uuid", "u"]),
        (Named("n"), ["named-uuid", "n"]),
        ([1, 2], ["set", [1, 2]]),
        ([], ["set", []]),
        ({"a": "b"}, ["map", [["a", "b"]]]),
        ([Uuid("u")], ["set", [["uuid", "u"]]]),
        (True, True),
    ],
)
def test_values(given_: ovsdb.Value, written: ovsdb.Json) -> None:
    assert ovsdb.value(given_) == written
    assert ovsdb.plain(written) == given_


def test_a_set_of_one_is_written_without_the_set() -> None:
    assert ovsdb.members("a") == ["a"]
    assert ovsdb.members(["a", "b"]) == ["a", "b"]
    assert ovsdb.members(None) == []
    assert ovsdb.table({"a": 1}) == {"a": "1"}


def test_operations() -> None:
    assert ovsdb.insert("T", {"a": 1}, "x") == {
        "op": "insert",
        "table": "T",
        "row": {"a": 1},
        "uuid-name": "x",
    }
    assert ovsdb.select("T", ovsdb.where(name="n"), ("a",)) == {
        "op": "select", "table": "T", "where": [["name", "==", "n"]], "columns": ["a"],
    }  # fmt: skip
    assert ovsdb.mutate("T", ovsdb.at("u"), ("a", "+=", 1))["mutations"] == [["a", "+=", 1]]
    waiting = ovsdb.wait("T", [], [{"a": 1}], until="!=", timeout=5)
    assert (waiting["columns"], waiting["rows"], waiting["timeout"]) == (["a"], [{"a": 1}], 5)
    assert ovsdb.delete("T", [])["op"] == "delete"
    assert ovsdb.update("T", [], {"a": {}})["row"] == {"a": ["map", []]}


def test_the_first_failure_of_a_transaction() -> None:
    assert ovsdb.failure([{}, {"rows": []}]) == ""
    assert (
        ovsdb.failure([{}, None, {"error": "constraint violation", "details": "no"}])
        == "constraint violation: no"
    )
    assert ovsdb.failure([{"error": "timed out"}]) == "timed out"


def test_rows() -> None:
    assert ovsdb.rows_of({"rows": [{"a": ["set", []]}]}) == [{"a": []}]
    assert ovsdb.rows_of({}) == []
