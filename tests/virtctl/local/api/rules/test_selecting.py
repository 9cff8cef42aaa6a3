"""Rules of selectors."""

import pytest

from virtctl.local.api.rules import selecting


def term(operator, *values, key="a"):
    return {"key": key, "operator": operator, "values": list(values)}


@pytest.mark.parametrize(
    ("item", "found"),
    [
        (term("In", "x"), []),
        (term("In"), ["f.matchExpressions[0].values"]),
        (term("Exists"), []),
        (term("Exists", "x"), ["f.matchExpressions[0].values"]),
        (term("Gt", "1"), []),
        (term("Gt", "1", "2"), ["f.matchExpressions[0].values"]),
        (term("Like", "x"), ["f.matchExpressions[0].operator"]),
        (term("Exists", key="_a"), ["f.matchExpressions[0].key"]),
    ],
)
def test_node_expressions(item, found):
    fields = [field for field, _ in selecting.node_term({"matchExpressions": [item]}, "f")]
    assert fields == found


@pytest.mark.parametrize(
    ("item", "found"),
    [
        (term("In", "node1", key="metadata.name"), []),
        (term("In", key="metadata.name"), ["f.matchFields[0].values"]),
        (term("Gt", "1", key="metadata.name"), ["f.matchFields[0].operator"]),
        (term("In", "x", key="metadata.uid"), ["f.matchFields[0].key"]),
        (term("In", "Node_1", key="metadata.name"), ["f.matchFields[0].values[0]"]),
    ],
)
def test_node_fields(item, found):
    fields = [field for field, _ in selecting.node_term({"matchFields": [item]}, "f")]
    assert fields == found


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ({}, []),
        ({"matchLabels": {"a": "b"}}, []),
        ({"matchLabels": {"a": "-"}}, ["f.matchLabels"]),
        ({"matchLabels": {"-": "b"}}, ["f.matchLabels"]),
        ({"matchExpressions": [term("In", "-")]}, ["f.matchExpressions[0].values[0]"]),
        ({"matchExpressions": [term("Gt", "1")]}, ["f.matchExpressions[0].operator"]),
    ],
)
def test_label_selectors(selector, found):
    assert [field for field, _ in selecting.label_selector(selector, "f")] == found
