"""Nodes and leases."""

from virtctl.models.base import read
from virtctl.models.nodes import Lease, Node


def test_reads_a_node():
    node = read(
        Node,
        {
            "metadata": {"name": "node1"},
            "spec": {"podCIDRs": ["10.244.1.0/24"], "unschedulable": True},
            "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]},
        },
    )
    assert node.spec.pod_cidrs == ("10.244.1.0/24",)
    assert node.status.addresses[0].address == "10.0.0.1"


def test_reads_a_lease():
    lease = read(Lease, {"metadata": {}, "spec": {"holderIdentity": "me"}})
    assert lease.spec.holder_identity == "me"
