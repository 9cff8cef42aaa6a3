"""``VirtualMachine``."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.machine import VirtualMachine


def test_reads_a_machine():
    machine = read(
        VirtualMachine,
        {
            "metadata": {"name": "vm1"},
            "spec": {
                "runStrategy": "Always",
                "template": {"spec": {"domain": {"devices": {}, "memory": {"guest": "1Gi"}}}},
            },
            "status": {"stateChangeRequests": [{"action": "Stop", "uid": "u"}], "created": True},
        },
    )
    assert machine.spec.run_strategy == "Always"
    assert machine.spec.template.spec.domain.memory.guest == "1Gi"
    assert machine.status.state_change_requests[0].action == "Stop"


def test_fields_are_those_of_the_real_definition():
    assert crds.differences(VirtualMachine, crds.real(crds.MACHINE)) == []
