"""Networks of OVN over two nodes: Geneve between them, VLANs on the wire."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from launcher.errors import HostError
from launcher.net.nodes import HostNetwork
from launcher.net.overlay import Overlay
from launcher.net.policies import Allow, Block, Guard
from launcher.system import attachment, nodenet, overlays, ovn, ovs
from tests.fakes.fabric import Fabric
from tests.fakes.overlaid import (
    LAYER2,
    NEEDS_OVN,
    ask,
    eventually,
    localnet,
    nodes,
    pod,
    pod_name,
    reaches,
    sniffed,
)
from tests.fakes.scratch import answers, shell

pytestmark = [
    pytest.mark.host,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(NEEDS_OVN), reason=NEEDS_OVN),
]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[HostNetwork]:
    with nodes(tmp_path / "one") as network:
        yield network


def test_pods_of_two_nodes_reach_each_other_by_geneve(network: HostNetwork, tmp_path: Path) -> None:
    made = [pod(network, number, LAYER2) for number in (1, 2)]
    assert [(one.mac, one.addresses) for one in made] == [
        ("0a:58:0a:64:c8:08", ("10.100.200.8/24",)),
        ("0a:58:0a:64:c8:09", ("10.100.200.9/24",)),
    ]
    first, second = (pod_name(network, number) for number in (1, 2))
    with sniffed(network.suffix, "n1-enp1s0", tmp_path) as seen:
        assert reaches("10.100.200.9", first)
        assert seen("Geneve|0a:58:0a:64:c8:08 > 0a:58:0a:64:c8:09|169.254.78.1.")
    assert not any(one.notes for one in made)
    assert " mtu 1400 " in shell("ip link show net1", first)
    assert ovn.chassis(network) == ("node1", "node2")

    # Who is who is not up to the pod: no other address than its own gets through.
    shell("ip address del 10.100.200.8/24 dev net1", first)
    shell("ip address add 10.100.200.77/24 dev net1", first)
    assert not answers("10.100.200.9", first)
    shell("ip address del 10.100.200.77/24 dev net1", first)
    shell("ip address add 10.100.200.8/24 dev net1", first)
    assert reaches("10.100.200.9", first)

    # What a policy does not allow does not come; answers do.
    port = ask(network, 2, LAYER2).port
    overlays.enforce(network, [Guard(name="g", port=port, ingress=())])
    eventually(lambda: not answers("10.100.200.9", first))
    assert reaches("10.100.200.8", second)
    peer = Allow(blocks=(Block(cidr="10.100.200.8"),))
    overlays.enforce(network, [Guard(name="g", port=port, ingress=(peer,), egress=())])
    assert reaches("10.100.200.9", first)
    eventually(lambda: not answers("10.100.200.8", second))
    overlays.enforce(network, [])
    assert reaches("10.100.200.8", second)

    # A killed program comes back, and the network with it; traffic has gone on meanwhile.
    before = ovn.processes(network)
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: ovn.processes(network) == {})
    assert reaches("10.100.200.9", first)
    assert ovn.revive(network) == tuple(sorted(before))
    assert ovn.revive(network) == ()
    third = ask(network, 2, Overlay(switch="other_ovn_layer2_switch"))
    apart = overlays.add(
        network, "node2", changed(third, ifname="net2", port="default.other_default_pod2")
    )
    assert apart.addresses == ()
    assert reaches("10.100.200.8", second)

    # An address is given once, and given again after it is free.
    with pytest.raises(HostError, match=r"10\.100\.200\.9 is in use"):
        overlays.add(network, "node1", changed(ask(network, 1, LAYER2, "10.100.200.9"), port="x"))
    overlays.check(network, "node2", ask(network, 2, LAYER2).port)
    overlays.delete(network, "node2", port, netns=second, ifname="another")
    overlays.check(network, "node2", ask(network, 2, LAYER2).port)
    for _ in range(2):
        overlays.delete(network, "node2", port, netns=second, ifname="net1")
    with pytest.raises(HostError, match="is gone"):
        overlays.check(network, "node2", ask(network, 2, LAYER2).port)
    assert "net1" not in shell("ip -br link", second)
    assert overlays.remove_network(network, "other_ovn_layer2_switch")
    assert set(overlays.switches(network)) == {LAYER2.switch}

    # A node that goes takes its chassis and ports along.
    attachment.detach(network, "node2", second)
    fewer = HostNetwork(
        directory=network.directory,
        suffix=network.suffix,
        cidrs=network.cidrs,
        mtu=network.mtu,
        nodes=network.nodes[:1],
    )
    nodenet.up(fewer)
    assert ovn.chassis(fewer) == ("node1",)
    assert set(ovn.processes(network)) == set(before) - {"node2/ovn-controller"}


def changed(one: overlays.OverlayAsk, **changes: str) -> overlays.OverlayAsk:
    return msgspec.structs.replace(one, **changes)


def test_vlans_of_the_nodes_networks_are_tagged_and_apart(
    network: HostNetwork, tmp_path: Path
) -> None:
    blue, green = localnet("blue", 34, ovn.PHYSICAL), localnet("green", 33, ovn.PHYSICAL)
    pod(network, 1, blue, "172.17.34.1/24")
    overlays.add(network, "node1", ask(network, 1, green, "172.17.33.1/24"))
    first = pod_name(network, 1)
    nowhere = overlays.add(network, "node1", ask(network, 1, localnet("red", 35)))
    assert nowhere.notes == ("no bridge of node1 is mapped to red: its frames stay on the node",)
    fabric = Fabric(Path(network.directory))
    with (
        fabric.host("172.17.34.250/24", 34) as in_blue,
        fabric.host("172.17.33.250/24", 33) as in_green,
        sniffed(network.suffix, "n1-enp1s0", tmp_path) as seen,
    ):
        assert reaches("172.17.34.250", first)
        assert reaches("172.17.33.250", first)
        assert seen("vlan 34|172.17.34.1 > 172.17.34.250")
        assert seen("vlan 33|172.17.33.1 > 172.17.33.250")
        # The same addresses in the other VLAN are not the same hosts.
        shell("ip address add 172.17.33.251/24 dev eth0", in_blue)
        shell("ip address add 172.17.34.251/24 dev eth0", in_green)
        assert not answers("172.17.33.251", first)
        assert not answers("172.17.34.251", first)
    switch = ovs.find(Path(network.directory) / "nodes/node1/ovs")
    assert switch is not None
    with switch.open() as connection:
        ports = {str(row["name"]) for row in connection.select("Port")}
    assert {"patch-blue_ovn_localnet_port-to-br-int", "patch-br-int-to-blue_ovn_localnet_port"} <= (
        ports
    )
