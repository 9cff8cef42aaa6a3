import json
from datetime import UTC, datetime, timedelta

import pytest

from virtctl.local.api.registry import Registry
from virtctl.local.http import rows
from virtctl.local.store.log import Record
from virtctl.models import kinds
from virtctl.wire.tables import Column, Include, ListMeta, TableBuilder, TableStyle, age, created

NOW = datetime(2026, 1, 2, tzinfo=UTC)
API = "kubevirt.io/v1"
META = ListMeta("7", "token", 3)


def record(name: str = "a", born: str = "2026-01-01T00:00:00Z", **fields) -> Record:
    item = {
        "apiVersion": API,
        "kind": "VirtualMachine",
        "metadata": {"name": name, "creationTimestamp": born, "labels": {"x": "ä"}},
        **fields,
    }
    return Record(1, json.dumps(item).encode())


def builder(columns=None, now=NOW, include=Include.METADATA) -> TableBuilder:
    columns = columns or Registry().columns(kinds.VIRTUAL_MACHINE, "v1")
    return TableBuilder(columns, TableStyle("v1", include), now)


def shown(made: TableBuilder, records) -> dict:
    return json.loads(b"".join(rows.table(made, API, records, META).pieces()))


def plainly(made: TableBuilder, records) -> dict:
    items = [{**json.loads(each.value), "apiVersion": API} for each in records]
    return json.loads(json.dumps(made.build(items, META)))


@pytest.mark.parametrize("include", list(Include))
def test_tables_are_what_they_are_without_memory(include) -> None:
    records = [
        record(),
        record("b", "2020-01-01T00:00:00Z", status={"ready": True}),
        record("c", ""),
    ]
    for moment in (NOW, NOW + timedelta(seconds=59), NOW + timedelta(days=400)):
        made = builder(now=moment, include=include)
        assert shown(made, records) == plainly(made, records)
    assert all(len(each.encoded) == 1 for each in records)


def test_forms_are_kept_apart() -> None:
    records = [record()]
    for include in Include:
        made = builder(include=include)
        assert shown(made, records) == plainly(made, records)
    assert len(records[0].encoded) == 3


def test_other_columns_make_other_rows() -> None:
    records = [record()]
    first = (Column("Name", lambda item, now: item["metadata"]["name"]),)
    second = (Column("Kind", lambda item, now: item["kind"]),)
    assert shown(builder(first), records)["rows"][0]["cells"] == ["a"]
    assert shown(builder(second), records)["rows"][0]["cells"] == ["VirtualMachine"]


def test_what_else_ages_is_made_each_time() -> None:
    since = (
        Column("Age", created),
        Column("Since", lambda item, now: age(item["status"]["since"], now)),
    )
    records = [record(status={"since": "2026-01-01T23:00:00Z"})]
    for columns in (since, since[1:]):
        for moment in (NOW, NOW + timedelta(hours=5)):
            made = builder(columns, moment)
            assert shown(made, records) == plainly(made, records)
    assert records[0].encoded == {}


def test_no_rows() -> None:
    assert shown(builder(), []) == plainly(builder(), [])
