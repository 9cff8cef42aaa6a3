from virtctl.local.runtime import owners
from virtctl.models.kinds import VIRTUAL_MACHINE

OWNER = {"metadata": {"name": "vm1", "uid": "u1"}}


def test_a_reference_makes_its_owner_the_controller():
    reference = owners.controller_reference(VIRTUAL_MACHINE, OWNER)
    document = {"metadata": {"ownerReferences": [reference]}}
    assert reference["apiVersion"] == "kubevirt.io/v1"
    assert owners.is_controlled_by(document, OWNER)
    assert not owners.is_controlled_by(document, {"metadata": {"uid": "other"}})


def test_a_plain_owner_is_no_controller():
    document = {"metadata": {"ownerReferences": [{"uid": "u1"}]}}
    assert owners.controller_of(document) is None


def test_finalizers_are_added_and_removed_by_patches():
    document = {"metadata": {"finalizers": ["a"]}}
    assert owners.with_finalizer(document, "b") == {"metadata": {"finalizers": ["a", "b"]}}
    assert owners.without_finalizer(document, "a") == {"metadata": {"finalizers": None}}


def test_what_has_a_deletion_time_is_to_go():
    assert owners.is_deleting({"metadata": {"deletionTimestamp": "x"}})
    assert not owners.is_deleting({"metadata": {}})
