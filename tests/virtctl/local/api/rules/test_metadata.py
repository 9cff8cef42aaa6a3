"""Rules of metadata."""

import pytest

from tests.fakes.rules import said
from virtctl.local.api.rules.metadata import metadata_causes


def causes(**metadata):
    return said(metadata_causes({"metadata": metadata}))


def test_good_metadata():
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}
    assert causes(
        labels={"a": "b", "example.com/c": ""},
        annotations={"Example.com/x": "any text"},
        finalizers=["kubevirt.io/x", "orphan"],
        ownerReferences=[owner],
    ) == []  # fmt: skip


@pytest.mark.parametrize(
    ("metadata", "field", "start"),
    [
        ({"labels": {"a b": "c"}}, "metadata.labels", 'Invalid value: "a b": name part must'),
        ({"labels": {"a": "b c"}}, "metadata.labels", 'Invalid value: "b c": a valid label must'),
        ({"annotations": {"a!": ""}}, "metadata.annotations", 'Invalid value: "a!": name part'),
        ({"annotations": {"a": "x" * 300_000}}, "metadata.annotations", "Too long: may not be"),
        ({"finalizers": ["No Good"]}, "metadata.finalizers", 'Invalid value: "No Good": name'),
        (
            {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p"}]},
            "metadata.ownerReferences.uid",
            'Invalid value: "": must not be empty',
        ),
    ],
)
def test_bad_metadata(metadata, field, start):
    ((where, message),) = causes(**metadata)
    assert where == field
    assert message.startswith(start)


def test_one_controller_at_most():
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}
    ((field, message),) = causes(ownerReferences=[owner, owner])
    assert field == "metadata.ownerReferences"
    assert "only one reference" in message
