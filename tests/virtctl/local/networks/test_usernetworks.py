import json

import pytest

from virtctl.local.networks import overlays, usernetworks
from virtctl.local.networks.attachdefs import BadDefinition

LAYER2 = {
    "metadata": {"name": "blue", "namespace": "test"},
    "spec": {
        "topology": "Layer2",
        "layer2": {
            "role": "Secondary", "subnets": ["10.1.0.0/16", "fd01::/64"],
            "ipam": {"lifecycle": "Persistent"},
        },
    },
}  # fmt: skip
LOCALNET = {
    "metadata": {"name": "lan"},
    "spec": {
        "namespaceSelector": {},
        "network": {
            "topology": "Localnet",
            "localnet": {
                "role": "Secondary", "physicalNetworkName": "physnet",
                "vlan": {"mode": "Access", "access": {"id": 34}}, "ipam": {"mode": "Disabled"},
            },
        },
    },
}  # fmt: skip


def test_a_namespaces_network_is_a_layer2_one() -> None:
    made = usernetworks.definition(LAYER2, "test", {"kind": "UserDefinedNetwork"})
    assert json.loads(made["spec"]["config"]) == {
        "cniVersion": "1.0.0", "type": "ovn-k8s-cni-overlay", "name": "test_blue",
        "netAttachDefName": "test/blue", "role": "secondary", "topology": "layer2",
        "subnets": "10.1.0.0/16,fd01::/64", "allowPersistentIPs": True,
    }  # fmt: skip
    assert made["metadata"]["labels"] == {"k8s.ovn.org/user-defined-network": ""}
    assert made["metadata"]["finalizers"] == ["k8s.ovn.org/user-defined-network-protection"]
    assert overlays.read(made).switch == "test_blue_ovn_layer2_switch"


def test_a_clusters_network_may_be_one_of_the_nodes() -> None:
    made = usernetworks.definition(LOCALNET, "red", {"kind": "ClusterUserDefinedNetwork"})
    assert json.loads(made["spec"]["config"]) == {
        "cniVersion": "1.0.0", "type": "ovn-k8s-cni-overlay", "name": "cluster_udn_lan",
        "netAttachDefName": "red/lan", "role": "secondary", "topology": "localnet",
        "physicalNetworkName": "physnet", "vlanID": 34, "mtu": 1500,
    }  # fmt: skip
    assert overlays.read(made).vlan == 34


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"topology": "Layer3", "layer3": {"role": "Secondary"}}, "topology Layer3 is not served"),
        ({"topology": "Layer2", "layer2": {"role": "Primary"}}, "role Primary is not served here"),
        ({"topology": "Layer2", "layer2": {"role": "Secondary"}}, "subnets is required with ipam"),
        (
            {
                "topology": "Layer2",
                "layer2": {
                    "role": "Secondary", "subnets": ["10.1.0.0/16"], "ipam": {"mode": "Disabled"},
                },
            },
            "subnets must be unset when ipam.mode is Disabled",
        ),
    ],
)  # fmt: skip
def test_others_say_why_not(spec, problem) -> None:
    with pytest.raises(BadDefinition, match=problem):
        usernetworks.config({**LAYER2, "spec": spec}, "test")
