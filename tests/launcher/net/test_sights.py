import json

import pytest

from launcher.net import sights

VETH = {
    "ifindex": 2, "ifname": "eth0-nic", "link_index": 7, "link_netnsid": 0, "mtu": 1400,
    "flags": ["BROADCAST", "UP", "LOWER_UP"], "master": "k6t-eth0", "operstate": "UP",
    "address": "0a:58:0a:f4:01:02", "linkinfo": {"info_kind": "veth"},
    "addr_info": [{"family": "inet", "local": "10.244.1.2", "prefixlen": 24}],
    "stats64": {"rx": {"packets": 5, "bytes": 400, "dropped": 1}, "tx": {"packets": 6}},
}  # fmt: skip
RULES = """
table ip nat {
\tchain prerouting {
\t\ttype nat hook prerouting priority dstnat; policy accept;
\t\tiifname "eth0" counter packets 3 bytes 180 jump KUBEVIRT_PREINBOUND
\t}
}
table inet guard {
\tset known {
\t\ttype ipv4_addr
\t}
\tchain forward {
\t\ttype filter hook forward priority filter; policy drop;
\t}
}
"""


def test_links() -> None:
    vlans = [{"ifname": "eth0-nic", "vlans": [
        {"vlan": 33, "flags": ["PVID", "Egress Untagged"]}, {"vlan": 40, "vlanEnd": 50},
    ]}]  # fmt: skip
    (link,) = sights.links(json.dumps([{}, VETH]), json.dumps(vlans))
    assert (link.kind, link.master, link.peer, link.mtu) == ("veth", "k6t-eth0", 7, 1400)
    assert (link.up, link.carrier, link.state) == (True, True, "UP")
    assert link.addresses == ("10.244.1.2/24",)
    assert (link.rx.packets, link.rx.dropped, link.tx.packets) == (5, 1, 6)
    assert [(v.vlan, v.vlan_end, v.pvid) for v in link.vlans] == [(33, 0, True), (40, 50, False)]


@pytest.mark.parametrize(
    ("link", "kind", "vlan"),
    [
        ({"ifname": "lo", "flags": ["LOOPBACK"]}, "loopback", 0),
        ({"ifname": "ens1"}, "ethernet", 0),
        ({"ifname": "v3", "linkinfo": {"info_kind": "vlan", "info_data": {"id": 33}}}, "vlan", 33),
        ({"ifname": "v", "linkinfo": {"info_kind": "vxlan", "info_data": {"id": 9}}}, "vxlan", 0),
    ],
)  # fmt: skip
def test_kinds(link, kind, vlan) -> None:
    (seen,) = sights.links(json.dumps([link]))
    assert (seen.kind, seen.vlan, seen.peer) == (kind, vlan, 0)


def test_rules_have_their_chain_and_policies_that_drop_count() -> None:
    assert sights.rules(RULES) == (
        'ip nat prerouting: iifname "eth0" counter packets 3 bytes 180 jump KUBEVIRT_PREINBOUND',
        "inet guard forward: policy drop",
    )


def test_nothing() -> None:
    assert (sights.links(""), sights.routes(""), sights.neighbours(""), sights.rules("")) == (
        (), (), (), (),
    )  # fmt: skip


def test_routes_and_neighbours() -> None:
    (route,) = sights.routes('[{"dst": "default", "gateway": "10.0.0.1", "dev": "eth0"}]')
    assert (route.destination, route.gateway, route.device) == ("default", "10.0.0.1", "eth0")
    known = [{"dst": "10.0.2.2", "dev": "k6t-eth0", "lladdr": "02:00:00:00:00:01",
              "state": ["REACHABLE"]}]  # fmt: skip
    (found,) = sights.neighbours(json.dumps(known))
    assert (found.address, found.mac, found.state) == ("10.0.2.2", "02:00:00:00:00:01", "REACHABLE")
