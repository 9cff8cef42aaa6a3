"""``VirtualMachineInstance``."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.instance import VirtualMachineInstance


def test_reads_an_instance():
    instance = read(
        VirtualMachineInstance,
        {
            "metadata": {"name": "vmi1"},
            "spec": {"domain": {"devices": {}}, "terminationGracePeriodSeconds": 0},
            "status": {"phase": "Running", "interfaces": [{"ipAddress": "10.0.0.1"}]},
        },
    )
    assert instance.spec.termination_grace_period_seconds == 0
    assert instance.status.interfaces[0].ip_address == "10.0.0.1"


def test_fields_are_those_of_the_real_definition():
    found = crds.differences(VirtualMachineInstance, crds.real(crds.INSTANCE))
    assert found == []
