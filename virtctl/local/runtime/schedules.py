"""Cron schedules: five fields of minute, hour, day of month, month, day of week, in UTC.

Fields take ``*``, numbers, ranges, lists and steps, and names of months and days; the usual words
``@hourly`` … ``@yearly`` are known. As in cron(5), when both days are given either will do.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from virtctl.errors import InvalidField

_WORDS = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}  # fmt: skip
_LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_YEARS = 8  # from one 29th of February to the next, over 2100, too


@dataclass(frozen=True)
class Schedule:
    """The numbers that each field allows; ``either`` when both kinds of days are given."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def after(self, moment: float) -> float | None:
        """The first time after ``moment``, both in Unix seconds; None when there is none."""
        start = datetime.fromtimestamp(moment, UTC).replace(second=0, microsecond=0)
        start += timedelta(minutes=1)
        day, first = start.replace(hour=0, minute=0), (start.hour, start.minute)
        for _ in range(_YEARS * 366):
            if day.month in self.months and self._has(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        if (hour, minute) >= first:
                            return day.replace(hour=hour, minute=minute).timestamp()
            day, first = day + timedelta(days=1), (0, 0)
        return None

    def _has(self, day: datetime) -> bool:
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return (by_month or by_week) if self.either else (by_month and by_week)


def parse(text: str) -> Schedule:
    """Read a schedule. Raises ``InvalidField``."""
    fields = _WORDS.get(text.strip().lower(), text).split()
    if len(fields) != len(_LIMITS):
        raise InvalidField("spec.schedule", text, "must have five fields, such as `0 4 * * *`")
    try:
        minutes, hours, days, months, weekdays = (
            _numbers(field, *limits, names)
            for field, limits, names in zip(
                fields, _LIMITS, ({}, {}, {}, _MONTHS, _DAYS), strict=True
            )
        )
    except ValueError:
        raise InvalidField("spec.schedule", text, "is no cron schedule") from None
    both = fields[2] != "*" and fields[4] != "*"
    return Schedule(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), both)


def _numbers(field: str, low: int, high: int, names: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in field.lower().split(","):
        span, slash, step = part.partition("/")
        width = int(step) if slash else 1
        if span == "*":
            begin, end = low, high
        else:
            first, dash, last = span.partition("-")
            begin = _number(first, names)
            end = _number(last, names) if dash else (high if slash else begin)
        if width < 1 or not low <= begin <= end <= high:
            raise ValueError(field)
        found.update(range(begin, end + 1, width))
    return frozenset(found)


def _number(text: str, names: dict[str, int]) -> int:
    return names[text] if text in names else int(text)
