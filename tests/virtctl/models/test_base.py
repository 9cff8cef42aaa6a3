"""The base of typed objects."""

from __future__ import annotations

import msgspec
import pytest

from virtctl.models.base import FeatureState, Keyed, Model, QuantityText, read


class Thing(Model, frozen=True):
    """A thing."""

    some_name: str
    amount: QuantityText | None = None


def test_names_are_camel_case_and_unknown_fields_are_skipped():
    assert read(Thing, {"someName": "a", "amount": "1Gi", "x": 1}).amount == "1Gi"


def test_quantities_may_be_numbers():
    assert read(Thing, {"someName": "a", "amount": 0.5}).amount == 0.5


def test_a_wrong_type_is_named_by_its_path():
    with pytest.raises(msgspec.ValidationError, match=r"\$.someName"):
        read(Thing, {"someName": 5})


def test_defaults_are_left_out():
    assert msgspec.to_builtins(Thing(some_name="a")) == {"someName": "a"}
    assert msgspec.to_builtins(FeatureState()) == {}


def test_the_merge_key_is_the_first_key_unless_another_is_given():
    assert Keyed(("a", "b")).merge_key == "a"
    assert Keyed(("a", "b"), merge="b").merge_key == "b"
