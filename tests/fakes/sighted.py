"""A machine with two NICs as a node of ours sees it: what ``pods/network`` answers, and more."""

from __future__ import annotations

import copy
import json

MAC, LAN_MAC = "02:b3:f0:00:00:00", "02:b3:f0:00:00:01"
POD = "virt-launcher-web-abcde"
LAN = "b6e7df19490"


def link(name, index, kind="veth", **more):
    counters = {"packets": 5, "bytes": 400, "errors": 0, "dropped": 0}
    return {
        "name": name, "index": index, "kind": kind, "mac": f"0a:00:00:00:00:{index:02x}",
        "mtu": 1400, "state": "UP", "up": True, "carrier": True, "master": "", "peer": 0,
        "vlan": 0, "filters_vlans": False, "addresses": [], "vlans": [], "rx": counters,
        "tx": counters, **more,
    }  # fmt: skip


_POD_LINKS = [
    link("eth0", 2, peer=7, addresses=["10.244.1.2/24"]),
    link(f"{LAN}-nic", 3, peer=8, master=f"k6t-{LAN}"),
    link("k6t-eth0", 4, "bridge", addresses=["10.0.2.1/24"]),
    link("tap0", 5, "tun", master="k6t-eth0"),
    link(f"k6t-{LAN}", 6, "bridge"),
    link(f"tap{LAN}", 7, "tun", master=f"k6t-{LAN}"),
]
_NODE_LINKS = [
    link("eth0", 2, peer=38, addresses=["10.244.0.6/30"]),
    link("cni0", 3, "bridge", addresses=["10.244.1.1/24"]),
    link("enp2s0", 4, master="br1"),
    link("br1", 6, "bridge"),
    link("veth1", 7, master="cni0", peer=2),
    link(
        "veth2", 8, master="br1", peer=3, vlans=[{"vlan": 33, "pvid": True, "untagged": True}]
    ),
]  # fmt: skip
_HOST_LINKS = [link("eth9", 4, "ethernet"), link("vl-n1", 38, peer=2)]
_NAT = [
    'ip nat prerouting: iifname "eth0" counter packets 3 bytes 180 jump KUBEVIRT_PREINBOUND',
    "ip nat postrouting: ip saddr 10.0.2.2 counter packets 1 bytes 60 masquerade",
    "ip nat KUBEVIRT_PREINBOUND: counter packets 3 bytes 180 dnat to 10.0.2.2",
]
_GUARD = [
    'bridge virtctl-policies forward: oifname "veth2" jump in-1',
    "bridge virtctl-policies in-1: counter packets 4 bytes 240 drop",
    "bridge virtctl-policies in-2: counter packets 9 bytes 540 drop",
]
_OUT = "inet virtctl-local postrouting: ip saddr 10.244.0.0/16 masquerade"


def _sight(links, gateway="", device="", rules=()):
    routes = [{"destination": "default", "device": device, "gateway": gateway}] if device else []
    return {"netns": "", "links": links, "routes": routes, "neighbours": [], "rules": [*rules]}


def sights() -> dict:
    """A whole answer in which nothing is wrong; change it at will."""
    lan = "172.17.33.250"
    return copy.deepcopy({
        "node": "node1",
        "sights": {
            "pod": _sight(_POD_LINKS, "10.244.1.1", "eth0", _NAT),
            "node": _sight(_NODE_LINKS, "10.244.0.5", "eth0", _GUARD),
            "host": _sight(_HOST_LINKS, "192.0.2.1", "eth9", [_OUT]),
        },
        "switches": [],
        "answers": [
            {"link": "tap0", "address": "10.0.2.2", "mac": MAC},
            {"link": "eth0", "address": "10.244.1.1", "mac": "0a:00:00:00:00:03"},
            {"link": f"tap{LAN}", "address": lan, "mac": LAN_MAC},
            {"link": f"{LAN}-nic", "address": lan, "mac": ""},
        ],
    })  # fmt: skip


def change(answer: dict, scope: str, name: str, /, **new) -> None:
    """Change a link of a scope in an answer."""
    (found,) = [one for one in answer["sights"][scope]["links"] if one["name"] == name]
    found.update(new)


def definition(name: str = "lan", **plugin) -> dict:
    """A NetworkAttachmentDefinition."""
    config = {"cniVersion": "0.3.1", "name": name, "type": "bridge", "bridge": "br1", **plugin}
    return {
        "apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"config": json.dumps(config)},
    }  # fmt: skip


def spec() -> dict:
    """What the machine is."""
    return {
        "domain": {"devices": {"interfaces": [
            {"name": "default", "masquerade": {}}, {"name": "nic-add1", "bridge": {}},
        ]}},
        "networks": [
            {"name": "default", "pod": {}},
            {"name": "nic-add1", "multus": {"networkName": "lan"}},
        ],
    }  # fmt: skip


def vmi() -> dict:
    """The machine's instance."""
    return {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": spec(),
        "status": {
            "phase": "Running", "nodeName": "node1",
            "interfaces": [
                {"name": "default", "mac": MAC, "interfaceName": "eth0",
                 "podInterfaceName": "eth0", "ipAddresses": ["10.244.1.2"]},
                {"name": "nic-add1", "mac": LAN_MAC, "interfaceName": "eth1",
                 "podInterfaceName": f"pod{LAN}", "ipAddresses": ["172.17.33.250"]},
            ],
        },
    }  # fmt: skip
