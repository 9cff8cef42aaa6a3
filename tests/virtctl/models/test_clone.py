"""Clones."""

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.clone import VirtualMachineClone


def test_reads_a_clone():
    source = {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": "vm1"}
    spec = {
        "source": source,
        "newSMBiosSerial": "S1",
        "newMacAddresses": {"nic": "02:00:00:00:00:01"},
    }
    found = read(VirtualMachineClone, {"spec": spec})
    assert found.spec.new_sm_bios_serial == "S1"
    assert found.spec.target is None


def test_fields_are_those_of_the_real_definition():
    assert crds.typed_differences(kinds.CLONE) == []
