from virtctl.output.tables import TableView, grid

TABLE = {
    "columnDefinitions": [
        {"name": "Name", "priority": 0},
        {"name": "Node", "priority": 1},
        {"name": "Ready", "priority": 0},
    ],
    "rows": [
        {
            "cells": ["a", "n1", True],
            "object": {"metadata": {"namespace": "prod", "labels": {"x": "1", "b": "2"}}},
        },
        {"cells": ["b", None, None], "object": {"metadata": {"namespace": "test"}}},
    ],
}


def test_columns_are_aligned_and_lines_end_clean() -> None:
    assert grid([["A", "LONG", "C"], ["aa", "b", ""]]) == ["A    LONG   C", "aa   b"]
    assert grid([]) == []


def test_low_priority_is_for_wide() -> None:
    view = TableView()
    assert view.header(TABLE) == ["NAME", "READY"]
    assert view.rows(TABLE) == [["a", "true"], ["b", ""]]
    wide = TableView(wide=True)
    assert wide.header(TABLE) == ["NAME", "NODE", "READY"]
    assert wide.rows(TABLE)[0] == ["a", "n1", "true"]


def test_namespace_prefix_and_labels() -> None:
    view = TableView(namespaced=True, prefix="vm/", labels=True)
    assert view.header(TABLE) == ["NAMESPACE", "NAME", "READY", "LABELS"]
    assert view.rows(TABLE) == [
        ["prod", "vm/a", "true", "b=2,x=1"],
        ["test", "vm/b", "", "<none>"],
    ]


def test_later_tables_keep_the_first_ones_columns() -> None:
    view = TableView()
    view.header(TABLE)
    later = {"columnDefinitions": None, "rows": TABLE["rows"]}
    assert view.header(later) == ["NAME", "READY"]
    assert view.rows(later)[0] == ["a", "true"]


def test_a_cell_keeps_to_its_line() -> None:
    view = TableView()
    view.header(TABLE)
    assert view.rows({"rows": [{"cells": ["a\nb", "", 1]}]}) == [["a\\nb", "1"]]
