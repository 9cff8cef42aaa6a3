import json

import pytest

from virtctl.local.networks import overlays
from virtctl.local.networks.attachdefs import BadDefinition

TYPE = {"cniVersion": "0.3.1", "type": "ovn-k8s-cni-overlay"}
LAYER2 = {
    **TYPE, "name": "l2-network", "topology": "layer2", "netAttachDefName": "test/nad-layer2",
}  # fmt: skip
LOCALNET = {
    **TYPE, "name": "localnet1", "topology": "localnet", "vlanID": 34,
    "netAttachDefName": "test/nad-localnet1",
}  # fmt: skip


def definition(config, name="nad-layer2"):
    return {"metadata": {"namespace": "test", "name": name}, "spec": {"config": json.dumps(config)}}


def test_a_layer2_network_has_ovn_kubernetes_names() -> None:
    network = overlays.read(definition(LAYER2))
    assert network.switch == "l2.network_ovn_layer2_switch"
    assert network.localnet_port == ""
    assert (network.mtu, network.subnets, network.vlan, network.physical) == (1400, (), 0, "")
    assert network.marks == {
        "k8s.ovn.org/network": "l2-network", "k8s.ovn.org/role": "secondary",
        "k8s.ovn.org/topology": "layer2",
    }  # fmt: skip
    assert overlays.port_name(network.nad, "default", "vm-a") == "test.nad.layer2_default_vm-a"
    assert network.port_marks("default")["pod"] == "true"
    assert network.interface_marks == {
        "k8s.ovn.org/network": "l2-network", "k8s.ovn.org/nad": "test/nad-layer2",
    }  # fmt: skip


def test_a_localnet_network_is_on_the_nodes_network_of_its_name_or_another() -> None:
    network = overlays.read(definition(LOCALNET, "nad-localnet1"))
    assert network.switch == "localnet1_ovn_localnet_switch"
    assert network.localnet_port == "localnet1_ovn_localnet_port"
    assert (network.physical, network.vlan, network.mtu) == ("localnet1", 34, 1400)
    other = {**LOCALNET, "physicalNetworkName": "physnet", "vlanID": "", "mtu": 9000}
    network = overlays.read(definition(other, "nad-localnet1"))
    assert (network.physical, network.vlan, network.mtu) == ("physnet", 0, 9000)


def test_addresses_come_from_subnets() -> None:
    given = {
        **LAYER2, "subnets": "10.100.200.0/24, fd01::/64", "excludeSubnets": "10.100.200.0/29",
        "allowPersistentIPs": True,
    }  # fmt: skip
    network = overlays.read(definition(given))
    assert network.subnets == ("10.100.200.0/24", "fd01::/64")
    assert network.excluded == ("10.100.200.0/29",)
    assert network.persistent


def test_it_may_be_in_a_list() -> None:
    inner = {key: value for key, value in LAYER2.items() if key not in {"name", "cniVersion"}}
    listed = definition({"cniVersion": "0.3.1", "name": "l2-network", "plugins": [inner]})
    assert overlays.is_overlay(listed)
    assert overlays.read(listed) == overlays.read(definition(LAYER2))
    assert not overlays.is_overlay(definition({"type": "bridge"}))
    assert not overlays.is_overlay({"spec": {"config": "{"}})
    assert not overlays.is_overlay({"spec": {"config": "[]"}})
    for broken in ({"type": 5}, {"plugins": 5}, {"plugins": [5]}):
        assert not overlays.is_overlay(definition(broken))


def test_subnets_may_be_written_by_an_address_in_them() -> None:
    network = overlays.read(definition({**LAYER2, "subnets": "10.1.0.7/16"}))
    assert network.subnets == ("10.1.0.0/16",)


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (
            LAYER2 | {"netAttachDefName": "test/other"},
            "net-attach-def name (test/nad-layer2) is inconsistent with config (test/other)",
        ),
        (
            {key: value for key, value in LAYER2.items() if key != "netAttachDefName"},
            "missing NADName in secondary network netconf l2-network",
        ),
        (
            LAYER2 | {"ipam": {"type": "host-local"}},
            (
                "error parsing Network Attachment Definition test/nad-layer2: IPAM key is not "
                "supported. Use OVN-K provided IPAM via the `subnets` attribute"
            ),
        ),
        (LAYER2 | {"name": "default"}, "invalid name in in secondary network netconf (default)"),
        (LAYER2 | {"name": ""}, "invalid name in in secondary network netconf ()"),
        (
            LAYER2 | {"topology": "localnet", "joinSubnet": "100.65.0.0/16"},
            "localnet topology does not allow specifying join-subnet as services are not supported",
        ),
        (
            LAYER2 | {"topology": "layer3", "allowPersistentIPs": True},
            "layer3 topology does not allow persistent IPs",
        ),
        (
            LAYER2 | {"topology": "layer3"},
            "topology layer3 not supported: layer2 and localnet are served here",
        ),
        (
            LAYER2 | {"role": "primary"},
            "role primary not supported: pods' first network is not OVN's here",
        ),
        (
            LAYER2 | {"subnets": "10.1.0.0/16", "excludeSubnets": "10.2.0.0/24"},
            (
                "invalid layer2 netconf l2-network: the provided network subnets do not contain "
                "excluded subnets 10.2.0.0/24"
            ),
        ),
        (
            LAYER2 | {"subnets": "10.1.0.0/33"},
            (
                "invalid layer2 netconf l2-network: subnets of test/nad-layer2: '10.1.0.0/33' does "
                "not appear to be an IPv4 or IPv6 network"
            ),
        ),
        (
            LAYER2 | {"vlanID": 4095},
            (
                "error parsing Network Attachment Definition test/nad-layer2: vlanID is 4095, not "
                "a number from 0 to 4094"
            ),
        ),
        (
            {"type": "bridge"},
            (
                "error parsing Network Attachment Definition test/nad-layer2: not of type "
                "ovn-k8s-cni-overlay"
            ),
        ),
    ],
)
def test_what_cannot_be_is_refused_in_ovn_kubernetes_words(config, problem) -> None:
    with pytest.raises(BadDefinition) as caught:
        overlays.read(definition(config))
    assert str(caught.value) == problem


def test_a_pod_says_what_it_has() -> None:
    network = overlays.read(definition(LAYER2))
    one = overlays.with_entry("", network, "0a:58:0a:01:00:01", ["10.1.0.1/16"])
    assert json.loads(one) == {
        "test/nad-layer2": {
            "ip_addresses": ["10.1.0.1/16"], "mac_address": "0a:58:0a:01:00:01",
            "ip_address": "10.1.0.1/16", "role": "secondary",
        },
    }  # fmt: skip
    other = overlays.read(definition(LOCALNET, "nad-localnet1"))
    both = json.loads(overlays.with_entry(one, other, "0a:58:00:00:00:02", []))
    assert both["test/nad-localnet1"] == {
        "ip_addresses": None, "mac_address": "0a:58:00:00:00:02", "role": "secondary",
    }  # fmt: skip
    assert len(both) == 2
    assert json.loads(overlays.without_entry(json.dumps(both), "test/nad-layer2")).keys() == {
        "test/nad-localnet1",
    }
    assert json.loads(overlays.with_entry("{", network, "m", [])).keys() == {"test/nad-layer2"}
