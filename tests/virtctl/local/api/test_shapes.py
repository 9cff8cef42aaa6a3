"""From Struct to shape."""

from __future__ import annotations

from typing import Annotated

from virtctl.local.api.shapes import shape_of
from virtctl.models.base import AS_SET, Fact, Int32, Keyed, Model, Open, QuantityText


class Inner(Model, frozen=True):
    """Inner."""

    name: str


class Outer(Model, frozen=True):
    """Outer."""

    inner_object: Inner
    amount: QuantityText | None = None
    count: Int32 = 0
    word: Annotated[str, Fact(enum=("a", "b"))] = ""
    by_two: Annotated[tuple[Inner, ...], Keyed(("name", "other"))] = ()
    words: Annotated[tuple[str, ...], AS_SET] = ()
    plain: tuple[int, ...] = ()
    labels: dict[str, str] = {}  # noqa: RUF012
    anything: Open = {}  # noqa: RUF012


class Bounded(Model, frozen=True):
    """Fields with and without bounds."""

    inside: Inner
    free: str = ""
    on: bool = False
    short: Annotated[str, Fact(max_length=3)] = ""
    word: Annotated[str, Fact(enum=("a", "b"))] = ""
    given: Annotated[str, Fact(default="x")] = ""
    size: QuantityText | None = None
    count: Int32 = 0


def test_every_kind_of_field():
    shape = shape_of(Outer)
    assert shape.required == ("innerObject",)
    assert shape.fields["innerObject"].fields["name"].json == "string"
    assert shape.fields["amount"].json == "int-or-string"
    assert shape.fields["count"].fact.format == "int32"
    assert shape.fields["word"].fact.enum == ("a", "b")
    assert shape.fields["byTwo"].keys == ("name", "other")
    assert shape.fields["byTwo"].merge_key == "name"
    assert shape.fields["words"].keys == ()
    assert shape.fields["plain"].keys is None
    assert shape.fields["labels"].values.json == "string"
    assert shape.fields["anything"].is_open


def test_lists_are_looked_through():
    found = shape_of(Outer).at("byTwo").at("name")
    assert found is not None
    assert found.json == "string"


def test_shapes_are_made_once():
    assert shape_of(Outer) is shape_of(Outer)


def test_only_what_takes_any_text_or_truth_is_plain():
    shape = shape_of(Bounded)
    found = {name: inner.plain for name, inner in shape.fields.items()}
    assert found == {
        "free": str, "on": bool, "short": None, "word": None, "size": None, "count": None,
        "inside": None, "given": None,
    }  # fmt: skip
    assert shape.fields["inside"].fields["name"].plain is str


def test_defaults_are_those_that_are_filled_in():
    assert shape_of(Bounded).defaults == {"given": "x"}
    assert shape_of(Inner).defaults == {}
