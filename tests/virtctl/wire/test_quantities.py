"""Quantities and durations against the rules of apimachinery and Go."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtctl.wire.quantities import (
    Notation,
    Quantity,
    QuantityError,
    format_duration,
    int_or_percent,
    parse_duration,
    parse_quantity,
    quantity_or_none,
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"),
        ("0Gi", "0"),
        ("64Mi", "64Mi"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Gi", "512Mi"),
        ("1023", "1023"),
        ("512Ki", "512Ki"),
        ("0.5Ki", "512"),
        ("0.1Ki", "102400m"),
        ("1000m", "1"),
        ("100m", "100m"),
        ("0.25", "250m"),
        (".5", "500m"),
        ("5.", "5"),
        ("1500", "1500"),
        ("2000", "2k"),
        ("2000000", "2M"),
        ("1e3", "1e3"),
        ("1E6", "1e6"),
        ("12e-1", "1200e-3"),
        ("3E", "3E"),
        ("-64Mi", "-64Mi"),
        ("+1", "1"),
        ("0.0000000001", "1n"),
        ("100Ei", "9223372036854775807"),
        (2, "2"),
        (0.5, "500m"),
    ],
)
def test_canonical_form(text, canonical):
    assert str(parse_quantity(text)) == canonical


@pytest.mark.parametrize(
    "text", ["", "Mi", "1Zi", "abc", "1.2.3", "--1", "1e", "1 Gi", "2Zi", True]
)
def test_refuses_what_is_no_quantity(text):
    with pytest.raises(QuantityError):
        parse_quantity(text)
    assert quantity_or_none(text) is None


def test_the_refusal_is_the_one_that_clients_match():
    with pytest.raises(QuantityError, match=r"quantities must match the regular expression '\^\("):
        parse_quantity("2Zi")


def test_compares_by_amount_only():
    assert parse_quantity("1Gi") == parse_quantity("1073741824")
    assert parse_quantity("1Gi") > parse_quantity("1G")
    assert not parse_quantity("0")


def test_rounds_up_like_value_and_millivalue():
    assert parse_quantity("1500m").value == 2
    assert parse_quantity("-1500m").value == -1
    assert parse_quantity("0.0001").milli == 1


def test_arithmetic_keeps_the_notation():
    assert str(parse_quantity("1Gi") + parse_quantity("512Mi")) == "1536Mi"
    assert str(parse_quantity("1Gi") - parse_quantity("512Mi")) == "512Mi"
    assert str(parse_quantity("1Gi") * 4) == "4Gi"
    assert str(Quantity.of(1048576, Notation.BINARY)) == "1Mi"


@given(st.integers(-(10**18), 10**18), st.sampled_from(list(Notation)))
def test_printing_loses_nothing(nano, notation):
    quantity = Quantity(nano, notation)
    assert parse_quantity(str(quantity)) == quantity


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0s"),
        ("5m", "5m0s"),
        ("1h", "1h0m0s"),
        ("90s", "1m30s"),
        ("1.5s", "1.5s"),
        ("250ms", "250ms"),
        ("1h15m30.918s", "1h15m30.918s"),
        ("-2m", "-2m0s"),
        ("10us", "10µs"),
        ("1.5ms", "1.5ms"),
    ],
)
def test_durations(text, canonical):
    assert format_duration(parse_duration(text)) == canonical


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "1d", "1h-5m", "s5"])
def test_refuses_what_is_no_duration(text):
    with pytest.raises(QuantityError):
        parse_duration(text)


@given(st.timedeltas(min_value=timedelta(days=-1000), max_value=timedelta(days=1000)))
def test_durations_round_trip(duration):
    assert parse_duration(format_duration(duration)) == duration


def test_percentages():
    assert int_or_percent(3, 10) == 3
    assert int_or_percent("25%", 10) == 2
    assert int_or_percent("25%", 10, round_up=True) == 3
    with pytest.raises(QuantityError):
        int_or_percent("25", 10)
