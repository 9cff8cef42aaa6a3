"""Printer columns."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes import crds
from virtctl.local.api.catalog import is_builtin
from virtctl.local.api.customs.printed import Printed, columns, condition, printed_of
from virtctl.models import kinds

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("type_", "value", "cell"),
    [
        ("string", "x", "x"),
        ("string", 5, "5"),
        ("string", {"a": [1]}, '{"a":[1]}'),
        ("integer", 5, 5),
        ("integer", 5.0, 5),
        ("integer", "five", None),
        ("integer", True, None),
        ("number", 1.5, 1.5),
        ("boolean", True, True),
        ("boolean", "true", None),
        ("date", (NOW - timedelta(hours=3)).isoformat(), "3h"),
        ("date", 5, None),
    ],
)
def test_cells(type_, value, cell):
    column = Printed("X", type_, ".spec.x").column()
    assert column.cell({"spec": {"x": value}}, NOW) == cell
    assert column.cell({}, NOW) is None


def test_the_first_of_several_values_is_printed():
    column = Printed("X", "string", ".l[*]").column()
    assert column.cell({"l": ["a", "b"]}, NOW) == "a"


def test_conditions():
    column = condition("Ready").column()
    ready = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    assert column.cell(ready, NOW) == "False"


def test_the_name_comes_first_and_age_where_there_is_nothing_else():
    assert [column.name for column in columns(())] == ["Name", "Age"]
    sized = columns((Printed("Size", "integer", ".spec.size", 1, "how large", "int32"),))
    assert [column.name for column in sized] == ["Name", "Size"]
    assert (sized[1].priority, sized[1].description, sized[1].format) == (1, "how large", "int32")


OWN = [kind for kind in kinds.KINDS if not is_builtin(kind)]


@pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.name)
def test_columns_are_those_of_the_real_definitions(kind):
    if kind.resource not in crds.crds():
        pytest.skip("not among the definitions at hand")
    (real,) = (
        version
        for version in crds.crds()[kind.resource]["versions"]
        if version["name"] == kind.version
    )
    wanted = [
        (column["name"], column["type"], column["jsonPath"], column.get("priority", 0))
        for column in real.get("additionalPrinterColumns", [])
    ]
    assert [(c.name, c.type, c.path, c.priority) for c in printed_of(kind)] == wanted
