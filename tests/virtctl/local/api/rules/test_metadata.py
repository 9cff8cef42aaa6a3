"""Rules of metadata."""

import pytest

from tests.fakes.rules import said
from virtctl.local.api.rules.metadata import finalizer_warnings, metadata_causes
from virtctl.models import kinds


def causes(**metadata):
    return said(metadata_causes(kinds.VIRTUAL_MACHINE, {"metadata": metadata}, created=True))


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
    assert "Only one reference" in message


def counted(kind, **metadata):
    return len([*metadata_causes(kind, {"metadata": metadata}, created=False)])


def test_how_often_an_update_is_checked():
    labels = {"labels": {"a b": ""}}
    assert counted(kinds.VIRTUAL_MACHINE, **labels) == 3
    assert counted(kinds.SERVICE, **labels) == 3
    assert counted(kinds.POD, **labels) == 4
    assert counted(kinds.EVENT, **labels) == 2
    assert counted(kinds.POD, finalizers=["a b/c"]) == 2
    assert counted(kinds.VIRTUAL_MACHINE, finalizers=["a b/c"]) == 1
    assert counted(kinds.POD, finalizers=["plain"]) == 2
    assert counted(kinds.VIRTUAL_MACHINE, finalizers=["plain"]) == 0


def test_finalizers_of_kubernetes_own_kinds_have_a_domain():
    ((field, message),) = said(
        metadata_causes(kinds.POD, {"metadata": {"finalizers": ["a/b", "plain"]}}, created=True)
    )
    assert field == "metadata.finalizers[1]"
    assert message.endswith("neither a standard finalizer name nor is it fully qualified")


def test_finalizers_exclude_each_other():
    ((field, message),) = causes(finalizers=["foregroundDeletion", "orphan"])
    assert field == "metadata.finalizers"
    assert message.endswith("cannot be both set")


@pytest.mark.parametrize(
    ("owner", "field"),
    [
        ({"apiVersion": "a/b/c"}, "metadata.ownerReferences.apiVersion"),
        ({"kind": "Event"}, "metadata.ownerReferences"),
    ],
)
def test_who_is_no_owner(owner, field):
    whole = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", **owner}
    assert [where for where, _ in causes(ownerReferences=[whole])] == [field]


def test_warnings_of_finalizers():
    old = {"metadata": {"finalizers": ["old"]}}
    new = {"metadata": {"finalizers": ["old", "b", "a.b", "c/d", "orphan"]}}
    first, second = finalizer_warnings(old, new)
    assert first.startswith('metadata.finalizers: "a.b": prefer a domain-qualified')
    assert "including a path (/)" in first
    assert second.startswith('metadata.finalizers: "b": prefer a domain-qualified finalizer name')
