"""Cron schedules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from virtctl.errors import InvalidField
from virtctl.local.runtime.schedules import parse

START = datetime(2026, 1, 1, 12, 30, 20, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("schedule", "following"),
    [
        ("* * * * *", "2026-01-01 12:31"),
        ("30 * * * *", "2026-01-01 13:30"),
        ("*/20 * * * *", "2026-01-01 12:40"),
        ("5/25 12 * * *", "2026-01-01 12:55"),
        ("0 4 * * *", "2026-01-02 04:00"),
        ("15,45 6-8 * * *", "2026-01-02 06:15"),
        ("0 0 * * sun", "2026-01-04 00:00"),
        ("0 0 * * 7", "2026-01-04 00:00"),
        ("0 0 13 * fri", "2026-01-02 00:00"),
        ("0 0 1 feb-mar *", "2026-02-01 00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
        ("@hourly", "2026-01-01 13:00"),
        ("@yearly", "2027-01-01 00:00"),
    ],
)
def test_the_next_time(schedule: str, following: str) -> None:
    found = parse(schedule).after(START.timestamp())
    assert f"{datetime.fromtimestamp(found or 0, UTC):%Y-%m-%d %H:%M}" == following


def test_a_day_that_never_comes() -> None:
    assert parse("0 0 31 2 *").after(START.timestamp()) is None


@pytest.mark.parametrize(
    "text",
    ["", "x", "* * * *", "60 * * * *", "* * 0 * *", "*/0 * * * *", "5-1 * * * *", "a * * * *"],
)
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(InvalidField, match=r"spec\.schedule"):
        parse(text)
