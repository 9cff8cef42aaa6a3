"""Pools of machines."""

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.pool import VirtualMachinePool


def test_reads_a_pool():
    found = read(
        VirtualMachinePool,
        {
            "spec": {
                "replicas": 2,
                "maxUnavailable": "50%",
                "selector": {"matchLabels": {"app": "web"}},
                "virtualMachineTemplate": {
                    "spec": {"running": True, "template": {"spec": {"domain": {"devices": {}}}}}
                },
                "scaleInStrategy": {"proactive": {"selectionPolicy": {"sortPolicy": "Newest"}}},
            }
        },
    )
    assert found.spec.max_unavailable == "50%"
    assert found.spec.scale_in_strategy.proactive.selection_policy.sort_policy == "Newest"
    assert found.spec.virtual_machine_template.spec.running


def test_fields_are_those_of_the_real_definition():
    assert crds.typed_differences(kinds.POOL) == []
