from datetime import UTC, datetime, timedelta

import pytest

from virtctl.wire import tables
from virtctl.wire.tables import Column, Include, ListMeta, TableBuilder, TableStyle

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = (Column("Name", tables.name_cell, format="name"), Column("Age", tables.created))
ITEM = {"metadata": {"name": "a", "creationTimestamp": "2025-12-31T23:59:00Z"}, "spec": {}}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (150, "2m30s"),
        (599, "9m59s"), (600, "10m"), (179 * 60, "179m"), (3 * 3600, "3h"), (3 * 3600 + 60, "3h1m"),
        (8 * 3600, "8h"), (47 * 3600, "47h"), (48 * 3600, "2d"), (50 * 3600, "2d2h"),
        (8 * 86400, "8d"), (729 * 86400, "729d"), (731 * 86400, "2y1d"), (3000 * 86400, "8y"),
    ],
)  # fmt: skip
def test_durations(seconds: int, text: str) -> None:
    assert tables.human_duration(seconds) == text


@pytest.mark.parametrize("value", [None, "", "soon", 3])
def test_unknown_age(value) -> None:
    assert tables.age(value, NOW) == "<unknown>"


def test_age_without_zone_is_utc() -> None:
    assert tables.age("2025-12-31T23:59:30", NOW) == "30s"


@pytest.mark.parametrize(
    ("include", "shown"),
    [
        (Include.NONE, None),
        (Include.OBJECT, ITEM),
        (
            Include.METADATA,
            {
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": ITEM["metadata"],
            },
        ),
    ],
)
def test_rows(include, shown) -> None:
    table = TableBuilder(COLUMNS, TableStyle("v1", include), NOW).build([ITEM], ListMeta("7"))
    assert table["rows"] == [{"cells": ["a", "60s"], "object": shown}]
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Age"]


def test_headers_and_meta() -> None:
    builder = TableBuilder(COLUMNS, TableStyle("v1beta1"), NOW + timedelta(1), headers=False)
    table = builder.build([], ListMeta("7", "next", 3))
    assert table["columnDefinitions"] is None
    assert table["apiVersion"] == "meta.k8s.io/v1beta1"
    assert table["metadata"] == {
        "resourceVersion": "7", "continue": "next", "remainingItemCount": 3
    }  # fmt: skip
