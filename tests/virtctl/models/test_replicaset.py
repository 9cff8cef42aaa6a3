"""Replica sets of instances."""

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.replicaset import VirtualMachineInstanceReplicaSet


def test_reads_a_replica_set():
    found = read(
        VirtualMachineInstanceReplicaSet,
        {
            "spec": {
                "replicas": 3,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {"spec": {"domain": {"devices": {}}}},
            },
            "status": {"readyReplicas": 2, "replicas": 3, "labelSelector": "app=web"},
        },
    )
    assert (found.spec.replicas, found.status.ready_replicas) == (3, 2)
    assert found.spec.paused is None


def test_fields_are_those_of_the_real_definition():
    assert crds.typed_differences(kinds.INSTANCE_REPLICA_SET) == []
