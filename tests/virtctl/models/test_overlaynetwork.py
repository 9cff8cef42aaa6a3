"""Overlay networks and the addresses that are kept on them."""

from virtctl.models.base import read
from virtctl.models.overlaynetwork import (
    ClusterUserDefinedNetwork,
    IPAMClaim,
    UserDefinedNetwork,
)


def test_reads_networks_of_users():
    spec = {"topology": "Layer2", "layer2": {"role": "Secondary", "subnets": ["10.1.0.0/16"]}}
    found = read(UserDefinedNetwork, {"spec": spec})
    assert found.spec.layer2.subnets == ("10.1.0.0/16",)
    localnet = {
        "role": "Secondary", "physicalNetworkName": "physnet",
        "vlan": {"mode": "Access", "access": {"id": 34}},
    }  # fmt: skip
    selector = {"matchLabels": {"a": "b"}}
    spec = {
        "namespaceSelector": selector, "network": {"topology": "Localnet", "localnet": localnet},
    }  # fmt: skip
    found = read(ClusterUserDefinedNetwork, {"spec": spec})
    assert found.spec.network.localnet.vlan.access.id == 34
    assert found.spec.network.localnet.physical_network_name == "physnet"


def test_reads_claims_of_addresses():
    claim = {"spec": {"network": "lan", "interface": "net1"}, "status": {"ips": ["10.1.0.5/24"]}}
    assert read(IPAMClaim, claim).status.ips == ("10.1.0.5/24",)
