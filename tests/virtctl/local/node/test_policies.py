"""From policies in the API to what nodes are told."""

import asyncio
from pathlib import Path

import pytest

from launcher import hostnet
from launcher.errors import HostError
from tests.fakes.background import background
from tests.fakes.eventually import eventually
from tests.fakes.service import make_service
from virtctl.local.node.policies import PolicyRules
from virtctl.local.runtime import renewals
from virtctl.models.kinds import (
    ATTACHMENT_DEFINITION,
    EVENT,
    MULTI_NETWORK_POLICY,
    NAMESPACE,
    NETWORK_POLICY,
    POD,
)
from virtctl.wire.patches import merge_patch

NETWORK = hostnet.design(["node1"], directory=Path("/nowhere"))


def pod():
    status = '[{"name": "a/lan", "interface": "net1", "mac": "02:00:00:00:00:01"}]'
    annotations = {"k8s.v1.cni.cncf.io/network-status": status}
    return {
        "metadata": {"name": "vm", "labels": {"app": "db"}, "annotations": annotations},
        "spec": {"nodeName": "node1", "containers": []},
    }


class Node:
    """Notes what it is told; refuses while ``refusing``."""

    def __init__(self) -> None:
        self.told = []
        self.refusing = False
        self.port = "veth1"
        self.overlays = []

    def enforce(self, node, guards):
        if self.refusing:
            raise HostError("no nft")
        self.told.append((node.name, guards))


@pytest.fixture
async def place():
    service, node = make_service(), Node()
    service.create(NAMESPACE, None, {"metadata": {"name": "a"}})
    service.create(POD, "a", pod())
    status = {"status": {"podIPs": [{"ip": "10.244.1.2"}], "phase": "Running"}}
    service.patch(POD, "a", "vm", merge_patch(status), subresource="status")
    rules = PolicyRules(
        service, NETWORK, node.enforce, lambda *_: node.port, overlays=node.overlays.append
    )
    async with background(rules.run()):
        yield service, node


def policy(**annotations):
    metadata = {"name": "p", "annotations": annotations}
    return {"metadata": metadata, "spec": {"podSelector": {}}}


async def test_nodes_are_told_of_policies_and_of_their_end(place):
    service, node = place
    await eventually(lambda: node.told == [("node1", ())])
    service.create(NETWORK_POLICY, "a", policy())
    await eventually(lambda: len(node.told) == 2)
    (guard,) = node.told[-1][1]
    assert (guard.addresses, guard.port, guard.ingress) == (("10.244.1.2",), "", ())
    service.delete(NETWORK_POLICY, "a", "p")
    await eventually(lambda: node.told[-1][1] == ())


async def test_links_beside_the_pod_network_are_told_by_their_ports(place):
    service, node = place
    named = {"k8s.v1.cni.cncf.io/policy-for": "lan"}
    service.create(MULTI_NETWORK_POLICY, "a", policy(**named))
    await eventually(lambda: bool(node.told and node.told[-1][1]))
    (guard,) = node.told[-1][1]
    assert (guard.addresses, guard.port) == ((), "veth1")


async def test_what_was_refused_is_tried_again(place, monkeypatch):
    monkeypatch.setattr(renewals, "AGAIN", 0.05)
    service, node = place
    await eventually(lambda: node.told)
    node.refusing = True
    service.create(NETWORK_POLICY, "a", policy())
    await asyncio.sleep(0.1)
    assert node.told[-1][1] == ()
    node.refusing = False
    await eventually(lambda: node.told[-1][1] != ())
    assert node.told[-1][1][0].addresses == ("10.244.1.2",)


async def test_a_policy_that_cannot_be_kept_is_told_of(place):
    service, node = place
    node.port = ""
    named = {"k8s.v1.cni.cncf.io/policy-for": "lan"}
    service.create(MULTI_NETWORK_POLICY, "a", policy(**named))
    await eventually(lambda: len(service.list(EVENT, "a").items) == 1)
    (event,) = service.list(EVENT, "a").items
    assert (event["reason"], event["involvedObject"]["name"]) == ("NetworkPolicyNotKept", "vm")
    assert "not kept for net1" in event["message"]


async def test_links_to_overlay_networks_are_told_to_ovn_by_their_logical_ports(place):
    service, node = place
    node.port = ""
    config = '{"type": "ovn-k8s-cni-overlay", "name": "lan"}'
    nad = {"metadata": {"name": "lan"}, "spec": {"config": config}}
    service.create(ATTACHMENT_DEFINITION, "a", nad)
    named = {"k8s.v1.cni.cncf.io/policy-for": "lan"}
    service.create(MULTI_NETWORK_POLICY, "a", policy(**named))
    await eventually(lambda: bool(node.overlays))
    (guard,) = node.overlays[-1]
    assert (guard.port, guard.ingress, guard.egress) == ("a.lan_a_vm", (), None)
    service.delete(MULTI_NETWORK_POLICY, "a", "p")
    await eventually(lambda: node.overlays[-1] == ())
    assert node.told[-1][1] == ()
    assert not service.list(EVENT, "a").items
