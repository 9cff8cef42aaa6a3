import msgspec
import pytest

from launcher.errors import SpecError
from launcher.net import difference, nft, nodes
from launcher.net.model import Link, NetState, Sysctl
from launcher.net.nodes import Uplink
from tests.fakes.host import FakeHost

TWO = nodes.design(["node1", "node2"], directory="/d", uplink=Uplink(device="eth0", mtu=1400))


def test_each_node_has_names_and_subnets_of_its_own() -> None:
    first, second = TWO.nodes
    assert (first.netns, first.uplink) == ("virtctl-node1", "vl-n1")
    assert (second.netns, second.uplink) == ("virtctl-node2", "vl-n2")
    assert [subnet.pods for subnet in first.subnets] == ["10.244.1.0/24", "fd10:244:0:1::/64"]
    assert [subnet.pods for subnet in second.subnets] == ["10.244.2.0/24", "fd10:244:0:2::/64"]
    assert second.gateways == ("10.244.2.1", "fd10:244:0:2::1")
    assert [(str(s.host), str(s.node)) for s in second.subnets] == [
        ("10.244.0.9/30", "10.244.0.10/30"),
        ("fd10:244::9/126", "fd10:244::a/126"),
    ]


def test_nodes_are_found_by_name() -> None:
    assert TWO.node("node2").uplink == "vl-n2"
    with pytest.raises(KeyError):
        TWO.node("node3")


def test_another_instance_has_other_names() -> None:
    (node,) = nodes.design(["node1"], directory="/d", suffix="ab12").nodes
    assert (node.netns, node.uplink) == ("virtctl-node1-ab12", "vlab12-n1")


def test_without_ipv6_there_is_none() -> None:
    network = nodes.design(["node1"], directory="/d", uplink=Uplink(ipv6=False))
    assert network.cidrs == ("10.244.0.0/16",)
    assert nodes.forwarding_keys(network) == ("net/ipv4/ip_forward",)
    assert len(nodes.host_table(network).chains[0].rules) == 1
    assert not [s for s in nodes.host_state(network).sysctls if "ipv6" in s.key]
    assert not [s for s in nodes.node_state(network, network.nodes[0], NetState()).sysctls
                if "ipv6" in s.key]  # fmt: skip


@pytest.mark.parametrize(
    ("cidrs", "message"),
    [
        (("10.244.0.0/24",), "10.244.0.0/24 has no subnet /24 of number 1"),
        (("10.244.0.0/28",), "10.244.0.0/28 has no subnet"),
        (("pods",), "`pods` is not a CIDR"),
        (("10.244.0.1/16",), "`10.244.0.1/16` is not a CIDR"),
    ],
)
def test_networks_that_do_not_do_are_refused(cidrs: tuple[str, ...], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        nodes.design(["node1"], directory="/d", cidrs=cidrs)


def test_more_nodes_than_links_are_refused() -> None:
    nodes.design([f"n{number}" for number in range(63)], directory="/d")
    with pytest.raises(SpecError, match="64 are too many: at most 63"):
        nodes.design([f"n{number}" for number in range(64)], directory="/d")


def test_the_host_gets_links_routes_forwarding_and_one_table() -> None:
    host = FakeHost()
    for op in difference.plan(nodes.host_state(TWO), host.state):
        host.perform(op)
    assert [(link.name, link.mtu, link.up) for link in host.state.links] == [
        ("vl-n1", 1400, True),
        ("vl-n2", 1400, True),
    ]
    assert [(r.destination, r.gateway, r.device) for r in host.state.routes] == [
        ("10.244.1.0/24", "10.244.0.6", "vl-n1"),
        ("fd10:244:0:1::/64", "fd10:244::6", "vl-n1"),
        ("10.244.2.0/24", "10.244.0.10", "vl-n2"),
        ("fd10:244:0:2::/64", "fd10:244::a", "vl-n2"),
    ]
    assert host.state.sysctl("net/ipv4/ip_forward") == "1"
    (table,) = host.state.tables
    assert nft.build_text(table) == (
        "table inet virtctl-local {\n"
        "\tchain postrouting {\n"
        "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
        '\t\tip saddr 10.244.0.0/16 oifname != "vl-n*" counter masquerade\n'
        '\t\tip6 saddr fd10:244::/48 oifname != "vl-n*" counter masquerade\n'
        "\t}\n"
        "}\n"
    )


def test_a_node_gets_its_bridge_before_any_pod() -> None:
    start = NetState(links=(Link(name="lo"), Link(name="eth0", kind="veth", addresses=())))
    host = FakeHost(start)
    for op in difference.plan(nodes.node_state(TWO, TWO.nodes[0], start), start):
        host.perform(op)
    bridge = host.state.link("cni0")
    assert bridge is not None
    assert (bridge.mac, bridge.mtu, bridge.up) == ("0a:58:0a:f4:01:01", 1400, True)
    assert [str(a) for a in bridge.addresses or ()] == ["10.244.1.1/24", "fd10:244:0:1::1/64"]
    assert host.state.default_gateway(4) == "10.244.0.5"
    assert host.state.default_gateway(6) == "fd10:244::5"


def test_bridged_packets_skip_the_filters_where_the_kernel_can_say_so() -> None:
    key = "net/bridge/bridge-nf-call-iptables"
    node = TWO.nodes[0]
    assert nodes.node_state(TWO, node, NetState()).sysctl(key) is None
    observed = NetState(sysctls=(Sysctl(key=key, value="1"),))
    assert nodes.node_state(TWO, node, observed).sysctl(key) == "0"
    assert key in nodes.node_keys()


def test_the_cni_configuration_is_dual_stack() -> None:
    conflist = nodes.conflist(TWO, TWO.nodes[1], "/d/addresses")
    bridge, portmap = conflist["plugins"]
    assert bridge["bridge"] == "cni0"
    assert bridge["mtu"] == 1400
    assert bridge["ipam"] == {
        "type": "host-local",
        "dataDir": "/d/addresses",
        "ranges": [[{"subnet": "10.244.2.0/24"}], [{"subnet": "fd10:244:0:2::/64"}]],
        "routes": [
            {"dst": "10.244.0.0/16", "gw": "10.244.2.1"},
            {"dst": "fd10:244::/48", "gw": "fd10:244:0:2::1"},
        ],
    }
    assert portmap == {"type": "portmap", "capabilities": {"portMappings": True}}


def test_pods_have_routes_to_services() -> None:
    with_services = msgspec.structs.replace(TWO, services=("10.96.0.0/16",))
    bridge, _ = nodes.conflist(with_services, TWO.nodes[1], "/d/addresses")["plugins"]
    assert {"dst": "10.96.0.0/16", "gw": "10.244.2.1"} in bridge["ipam"]["routes"]


def test_the_first_pod_comes_after_the_gateway() -> None:
    assert str(nodes.first_pod(TWO.nodes[0].subnets[0])) == "10.244.1.2/24"


def test_an_address_that_a_policy_has_moved_stays_there() -> None:
    node = TWO.nodes[0]
    bridge = Link(name="br-ex", kind="tap", addresses=(node.subnets[0].node,), up=True)
    wanted = nodes.node_state(TWO, node, NetState(links=(bridge,)))
    assert wanted.link("eth0").addresses is None
    assert wanted.routes == ()
    assert nodes.node_state(TWO, node, NetState()).routes
