"""Revisions of instancetypes and preferences."""

import pytest

from tests.fakes.lookups import lookup, stored
from virtctl.errors import InvalidField
from virtctl.local.api.instancetypes.matching import INSTANCETYPE, PREFERENCE
from virtctl.local.api.instancetypes.revisions import build_revision, capture, peek
from virtctl.models import kinds

SMALL = stored(
    kinds.INSTANCETYPE, "small", {"cpu": {"guest": 1}}, labels={"a": "b"}, managedFields=[]
)
MATCHER = {"name": "small", "kind": "VirtualMachineInstancetype"}
NAME = "vm1-small-v1beta1-small-uid-1"


def vm(status=None, **spec):
    metadata = {"name": "vm1", "namespace": "ns", "uid": "vm-uid"}
    return {"metadata": metadata, "spec": spec, "status": status or {}}


def revision(spec):
    document = stored(kinds.CONTROLLER_REVISION, NAME)
    return {**document, "data": {"spec": spec}}


def test_a_revision_holds_the_object():
    built = build_revision(vm(), SMALL)
    assert built["metadata"]["name"] == NAME
    assert built["data"]["spec"] == {"cpu": {"guest": 1}}
    assert "labels" not in built["data"]["metadata"]
    assert built["metadata"]["labels"] == {
        "instancetype.kubevirt.io/object-generation": "1",
        "instancetype.kubevirt.io/object-kind": "VirtualMachineInstancetype",
        "instancetype.kubevirt.io/object-name": "small",
        "instancetype.kubevirt.io/object-uid": "small-uid",
        "instancetype.kubevirt.io/object-version": "v1beta1",
    }
    (owner,) = built["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == ("vm-uid", True)


def test_what_is_taken_first():
    found = capture(vm(instancetype=MATCHER), INSTANCETYPE, lookup(SMALL))
    assert found.spec == {"cpu": {"guest": 1}}
    assert found.missing["metadata"]["name"] == NAME
    assert found.reference == {**MATCHER, "controllerRevisionRef": {"name": NAME}}


def test_what_was_taken_stays():
    reference = {**MATCHER, "controllerRevisionRef": {"name": NAME}}
    machine = vm({"instancetypeRef": reference}, instancetype=MATCHER)
    changed = stored(kinds.INSTANCETYPE, "small", {"cpu": {"guest": 9}}, generation=2)
    found = capture(machine, INSTANCETYPE, lookup(changed, revision({"cpu": {"guest": 1}})))
    assert (found.spec, found.missing) == ({"cpu": {"guest": 1}}, None)


def test_another_name_is_taken_anew():
    reference = {"name": "old", "kind": MATCHER["kind"], "controllerRevisionRef": {"name": "x"}}
    machine = vm({"instancetypeRef": reference}, instancetype=MATCHER)
    assert capture(machine, INSTANCETYPE, lookup(SMALL)).missing is not None


def test_a_revision_by_hand():
    machine = vm(instancetype={**MATCHER, "revisionName": NAME})
    found = capture(machine, INSTANCETYPE, lookup(revision({"cpu": {"guest": 7}})))
    assert found.spec == {"cpu": {"guest": 7}}
    with pytest.raises(InvalidField, match="not found"):
        capture(machine, INSTANCETYPE, lookup())


def test_how_it_was_inferred_is_kept():
    matcher = {**MATCHER, "inferFromVolumeFailurePolicy": "Ignore"}
    found = capture(vm(instancetype=matcher), INSTANCETYPE, lookup(SMALL))
    assert found.reference["inferFromVolumeFailurePolicy"] == "Ignore"


def test_a_revision_of_something_else_is_refused():
    with pytest.raises(InvalidField, match="found existing ControllerRevision with unexpected"):
        capture(vm(instancetype=MATCHER), INSTANCETYPE, lookup(SMALL, revision({"cpu": {}})))
    same = capture(vm(instancetype=MATCHER), INSTANCETYPE, lookup(SMALL, revision(SMALL["spec"])))
    assert same.missing is None


@pytest.mark.parametrize(
    ("matcher", "message"),
    [
        ({"name": "no"}, 'virtualmachineclusterinstancetypes.instancetype.kubevirt.io "no" not'),
        ({"name": "no", "kind": "Flavour"}, "got unexpected kind in InstancetypeMatcher: Flavour"),
    ],
)
def test_what_is_not_there(matcher, message):
    machine = vm(instancetype=matcher)
    with pytest.raises(InvalidField, match=message):
        capture(machine, INSTANCETYPE, lookup())
    assert peek(machine, INSTANCETYPE, lookup()) is None


def test_nothing_named():
    assert capture(vm(), PREFERENCE, lookup()) is None
    assert peek(vm(), PREFERENCE, lookup()) is None
    assert peek(vm(instancetype=MATCHER), INSTANCETYPE, lookup(SMALL)) == {"cpu": {"guest": 1}}
