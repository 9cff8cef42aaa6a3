"""Cards of nodes on a host that is a namespace of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.net.cards import with_cards
from launcher.net.nodes import design
from launcher.system import nodenet, sysctls
from tests.fakes.nodeplaces import NEEDS_OVS
from tests.fakes.scratch import inside_scratch_netns, shell

pytestmark = pytest.mark.host


@pytest.fixture
def host() -> Iterator[str]:
    with inside_scratch_netns("host") as name:
        for key in ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"):
            sysctls.write(key, "0")
        shell(
            """
            ip link add name nic0 type veth peer name wire0
            ip address add 192.0.2.7/24 dev nic0
            ip link set wire0 up
            ip link set nic0 up
            ip route add 198.51.100.0/24 via 192.0.2.9
            """
        )
        yield name


def test_a_card_is_lent_and_comes_back_with_all_it_had(host: str, tmp_path: Path) -> None:
    network = design(["node1"], directory=str(tmp_path / "one"), suffix=host[-4:])
    network = with_cards(network, handed=["nic0=enp2s0"])
    try:
        for _ in range(2):
            nodenet.up(network)
        assert "nic0" not in shell("ip -br link").replace("nic0@", "")
        assert "enp2s0" in shell("ip -br link", network.nodes[0].netns)
        assert "card nic0 in node1" in nodenet.leftovers(network)
    finally:
        nodenet.down(network)
    assert "inet 192.0.2.7/24" in shell("ip -4 address show nic0")
    assert "198.51.100.0/24 via 192.0.2.9 dev nic0" in shell("ip route")
    assert nodenet.leftovers(network) == ()


def test_the_way_out_and_what_is_not_there_are_not_handed_over(host: str, tmp_path: Path) -> None:
    network = design(["node1"], directory=str(tmp_path / "one"), suffix=host[-4:])
    with pytest.raises(HostError, match="the host has no network card `nic9`"):
        nodenet.up(with_cards(network, handed=["nic9"]))
    shell("ip route add default via 192.0.2.1")
    with pytest.raises(HostError, match="is the host's own way out"):
        nodenet.up(with_cards(network, handed=["nic0"]))
    assert nodenet.leftovers(network) == ()


@pytest.mark.skipif(bool(NEEDS_OVS), reason=NEEDS_OVS)
def test_a_fabric_joins_nodes(host: str, tmp_path: Path) -> None:
    network = design(["node1", "node2"], directory=str(tmp_path / "one"), suffix=host[-4:])
    network = with_cards(network, fabric=["enp2s0"])
    first, second = (node.netns for node in network.nodes)
    try:
        nodenet.up(network)
        shell("ip address add 10.9.9.1/24 dev enp2s0\nip link set enp2s0 up", first)
        shell("ip address add 10.9.9.2/24 dev enp2s0\nip link set enp2s0 up", second)
        assert "1 packets received" in shell("busybox ping -c 1 -w 10 10.9.9.2", first)
        nodenet.up(network)
        assert f"network namespace virtctl-fabric-{host[-4:]}" in nodenet.leftovers(network)
    finally:
        nodenet.down(network)
    assert nodenet.leftovers(network) == ()
    assert list((tmp_path / "one").iterdir()) == []
