"""Policies with real packets: pods of one node, their pod network and a bridge beside it."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from launcher.net.nodes import HostNetwork, HostNode, design
from launcher.net.policies import Allow, Block, Guard, Ports
from launcher.net.secondary import LinkAsk
from launcher.system import attachment, namespaces, nodenet, policies, secondary
from tests.fakes.scratch import answers, inside_scratch_netns, shell

pytestmark = pytest.mark.host


@dataclass(frozen=True)
class Pods:
    """Three pods, each with an address on the pod network and one on br1."""

    node: HostNode
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    addresses6: tuple[str, ...]
    lan: tuple[str, ...]
    ports: tuple[str, ...]


@pytest.fixture
def pods(tmp_path: Path) -> Iterator[Pods]:
    with inside_scratch_netns("host") as host:
        network = design(["node1"], directory=str(tmp_path), suffix=host[-4:])
        nodenet.up(network)
        try:
            yield make_pods(network)
        finally:
            nodenet.down(network)


def make_pods(network: HostNetwork) -> Pods:
    node = network.nodes[0]
    shell("ip link add br1 type bridge\nip link set br1 up", node.netns)
    names, found, ports = [], [], []
    for number, word in enumerate("abc", 1):
        name = f"vtpod-{network.suffix}-{word}"
        found.append(attachment.attach(network, "node1", name))
        address = {"address": f"172.17.33.{number}/24"}
        ipam = {"type": "static", "addresses": [address]}
        plugin = {"type": "bridge", "bridge": "br1", "ipam": ipam}
        conflist = {"cniVersion": "0.4.0", "name": "lan", "plugins": [plugin]}
        ask = LinkAsk(netns=name, ifname="net1", network="default/lan", conflist=conflist)
        secondary.note(network, "node1", ask)
        secondary.keep(network, "node1", ask, secondary.add(network, "node1", ask))
        names.append(name)
        ports.append(secondary.bridge_port(network, "node1", name, "net1"))
    return Pods(
        node=node,
        names=tuple(names),
        addresses=tuple(each.ips[0] for each in found),
        addresses6=tuple(each.ips[1] for each in found),
        lan=("172.17.33.1", "172.17.33.2", "172.17.33.3"),
        ports=tuple(ports),
    )


def connects(server: str, client: str, address: str, port: int) -> bool:
    """Whether TCP connects, and says something, within a second."""
    with (
        namespaces.open_socket(server) as listener,
        namespaces.open_socket(client) as call,
    ):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen()
        call.settimeout(1)
        try:
            call.connect((address, port))
        except TimeoutError:
            return False
        with listener.accept()[0] as accepted:
            accepted.sendall(b"x")
            return call.recv(1) == b"x"


def test_the_pod_network(pods: Pods) -> None:
    a, b, c = pods.names
    own, own6 = pods.addresses[0], pods.addresses6[0]
    assert answers(own, b)
    web = Ports(protocol="tcp", first=80, last=81)
    guard = Guard(
        name="a",
        addresses=(own, own6),
        ingress=(
            Allow(blocks=(Block(cidr=pods.addresses[1]),), ports=(web,)),
            Allow(blocks=(Block(cidr="fd10:244::/48", excepts=(f"{pods.addresses6[2]}/128",)),)),
        ),
    )
    policies.enforce_policies(pods.node, [guard])
    assert connects(a, b, own, 80)
    assert connects(a, b, own, 81)
    assert not connects(a, b, own, 82)
    assert not connects(a, c, own, 80)
    assert not answers(own, b)
    assert answers(own6, b)
    assert not answers(own6, c)
    assert answers(own)  # from the host, as the kubelet does
    assert answers(pods.addresses[1], a)  # and answers come back
    policies.enforce_policies(pods.node, [])
    assert answers(own, c)


def test_egress_of_the_pod_network(pods: Pods) -> None:
    a, b, c = pods.names
    to_b = Allow(blocks=(Block(cidr=pods.addresses[1]),))
    guard = Guard(name="a", addresses=(pods.addresses[0], pods.addresses6[0]), egress=(to_b,))
    policies.enforce_policies(pods.node, [guard])
    assert answers(pods.addresses[1], a)
    assert not answers(pods.addresses[2], a)
    assert not answers(pods.addresses6[2], a)
    assert answers(pods.addresses[0], c)
    assert connects(b, a, pods.addresses[1], 80)


def test_answers_pass_when_the_rules_are_made_anew(pods: Pods) -> None:
    """TCP over a bridge, by a guest that nobody may call; another policy comes meanwhile."""
    a, b, _ = pods.names
    guard = Guard(name="a", port=pods.ports[0], ingress=())
    policies.enforce_policies(pods.node, [guard])
    assert not connects(a, b, pods.lan[0], 80)
    with namespaces.open_socket(b) as listener, namespaces.open_socket(a) as call:
        listener.bind((pods.lan[1], 8080))
        listener.listen()
        call.settimeout(60)
        call.connect((pods.lan[1], 8080))
        with listener.accept()[0] as accepted:
            for number in range(3):
                more = Guard(name=f"more{number}", port=pods.ports[1], egress=None, ingress=None)
                policies.enforce_policies(pods.node, [guard, more])
                accepted.sendall(b"x")  # the guest has said nothing since
                assert call.recv(1) == b"x"
    assert not connects(a, b, pods.lan[0], 80)
    shell("nft delete table bridge virtctl-policies", pods.node.netns)
    shell("nft add table bridge virtctl-policies", pods.node.netns)
    shell("nft add chain bridge virtctl-policies older", pods.node.netns)
    policies.enforce_policies(pods.node, [guard])
    assert not connects(a, b, pods.lan[0], 80)
    assert "older" not in shell("nft list table bridge virtctl-policies", pods.node.netns)


def test_a_bridge_of_the_node(pods: Pods) -> None:
    a, b, c = pods.names
    assert answers(pods.lan[0], c)
    mac = shell("ip -br link show net1", b).split()[2]
    guard = Guard(name="a", port=pods.ports[0], ingress=(Allow(macs=(mac,)),))
    policies.enforce_policies(pods.node, [guard])
    assert answers(pods.lan[0], b)
    assert not answers(pods.lan[0], c)
    assert answers(pods.lan[2], a)  # a connection of its own, with the answers
    assert answers(pods.addresses[0], c)  # the pod network is another one
    guard = Guard(
        name="a", port=pods.ports[0], egress=(Allow(blocks=(Block(cidr="172.17.33.2/32"),)),)
    )
    policies.enforce_policies(pods.node, [guard])
    assert answers(pods.lan[1], a)
    assert not answers(pods.lan[2], a)
    assert answers(pods.lan[0], c)
