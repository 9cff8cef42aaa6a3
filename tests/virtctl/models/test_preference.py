"""Preferences."""

import pytest

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.preference import VirtualMachineClusterPreference, VirtualMachinePreference


@pytest.mark.parametrize("model", [VirtualMachinePreference, VirtualMachineClusterPreference])
def test_reads_a_preference(model):
    spec = {
        "cpu": {"preferredCPUTopology": "spread", "spreadOptions": {"ratio": 4}},
        "devices": {"preferredDiskBus": "virtio", "preferredTPM": {}, "preferredDiskIO": "native"},
        "firmware": {"preferredEfi": {"secureBoot": True}},
        "requirements": {"cpu": {"guest": 2}},
    }
    found = read(model, {"spec": spec})
    assert found.spec.cpu.preferred_cpu_topology == "spread"
    assert found.spec.devices.preferred_disk_io == "native"
    assert found.spec.devices.preferred_tpm is not None
    assert found.spec.firmware.preferred_efi.secure_boot
    assert found.spec.requirements.cpu.guest == 2


@pytest.mark.parametrize(
    "kind", [kinds.PREFERENCE, kinds.CLUSTER_PREFERENCE], ids=lambda kind: kind.name
)
def test_fields_are_those_of_the_real_definition(kind):
    assert crds.typed_differences(kind) == []
