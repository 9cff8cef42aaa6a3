"""What objects have in common."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.meta import Condition, LabelSelector, ObjectMeta


def test_reads_metadata():
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}
    meta = read(ObjectMeta, {"name": "a", "labels": {"x": "y"}, "ownerReferences": [owner]})
    assert meta.labels == {"x": "y"}
    assert meta.owner_references[0].controller is True


def test_conditions_are_those_of_the_real_definition():
    assert crds.differences(Condition, crds.real(crds.INSTANCE, "status", "conditions")) == []


def test_selectors_are_those_of_the_real_definition():
    path = ("spec", "topologySpreadConstraints", "labelSelector")
    assert crds.differences(LabelSelector, crds.real(crds.INSTANCE, *path)) == []
