"""Instancetypes."""

import pytest

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.instancetype import (
    VirtualMachineClusterInstancetype,
    VirtualMachineInstancetype,
)


@pytest.mark.parametrize("model", [VirtualMachineInstancetype, VirtualMachineClusterInstancetype])
def test_reads_an_instancetype(model):
    spec = {
        "cpu": {"guest": 4, "dedicatedCPUPlacement": True},
        "memory": {"guest": "8Gi", "overcommitPercent": 15},
        "ioThreadsPolicy": "auto",
    }
    found = read(model, {"spec": spec})
    assert (found.spec.cpu.guest, found.spec.cpu.dedicated_cpu_placement) == (4, True)
    assert (found.spec.memory.guest, found.spec.memory.overcommit_percent) == ("8Gi", 15)


@pytest.mark.parametrize(
    "kind", [kinds.INSTANCETYPE, kinds.CLUSTER_INSTANCETYPE], ids=lambda kind: kind.name
)
def test_fields_are_those_of_the_real_definition(kind):
    assert crds.typed_differences(kind) == []
