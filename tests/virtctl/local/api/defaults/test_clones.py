from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults.clones import default_clone

CREATE = AdmissionContext(new_uuid=lambda: "12345678-aaaa")


def test_a_copy_without_a_name_gets_one():
    clone = {"spec": {"source": {"kind": "VirtualMachine", "name": "vm1"}}}
    default_clone(clone, CREATE)
    assert clone["spec"]["target"] == {
        "apiGroup": "kubevirt.io",
        "kind": "VirtualMachine",
        "name": "clone-vm1-12345",
    }


def test_a_name_that_is_given_stays():
    target = {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": "mine"}
    clone = {"spec": {"source": {"name": "vm1"}, "target": dict(target)}}
    default_clone(clone, CREATE)
    assert clone["spec"]["target"] == target


def test_updates_are_left_alone():
    clone = {"spec": {"source": {"name": "vm1"}}}
    default_clone(clone, AdmissionContext(old={}))
    assert clone == {"spec": {"source": {"name": "vm1"}}}


def test_a_target_without_a_name_is_printed_as_go_does():
    clone = {"spec": {"source": {"name": "vm1"}, "target": {}}}
    default_clone(clone, CREATE)
    assert clone["spec"]["target"] == {"kind": "", "name": "clone-vm1-12345"}
    assert clone["spec"]["template"] == {}
