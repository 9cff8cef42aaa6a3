"""Two nodes on a host, a machine outside of it; namespaces play the host and the outside."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from launcher import hostnet
from launcher.system import namespaces
from tests.fakes.scratch import answers, inside_scratch_netns, scratch_netns, shell

pytestmark = pytest.mark.host

OUTSIDE = "198.51.100.2"  # RFC 5737: documentation only
OUTSIDE6 = "2001:db8::2"  # RFC 3849


@dataclass(frozen=True)
class World:
    """A host that is up, with three pods, and a machine outside."""

    network: hostnet.HostNetwork
    outside: str
    pods: tuple[hostnet.PodNetwork, ...]  # two on node1, one on node2


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        outside = stack.enter_context(scratch_netns("out"))
        host = stack.enter_context(inside_scratch_netns("host"))
        shell(
            f"""
            ip link add up0 type veth peer name eth0 netns {outside}
            ip link set up0 mtu 1450 up
            ip address add 198.51.100.1/24 dev up0
            ip address add 2001:db8::1/64 dev up0 nodad
            ip route add default via {OUTSIDE}
            """
        )
        shell(
            f"""
            ip link set eth0 mtu 1450 up
            ip address add {OUTSIDE}/24 dev eth0
            ip address add {OUTSIDE6}/64 dev eth0 nodad
            """,
            outside,
        )
        network = hostnet.design(
            ["node1", "node2"],
            directory=tmp_path,
            suffix=host[-4:],
            uplink=hostnet.observe_uplink(),
        )
        stack.callback(hostnet.down, network)
        hostnet.up(network)
        pods = tuple(
            hostnet.attach_pod(network, node, f"vtpod-{network.suffix}-{name}")
            for node, name in (("node1", "a"), ("node1", "b"), ("node2", "c"))
        )
        yield World(network, outside, pods)


def test_pods_reach_each_other_on_and_across_nodes(world: World) -> None:
    for one in world.pods:
        for other in world.pods:
            for address in other.ips:
                assert answers(address, one.netns), f"{one.netns} to {address}"


def test_the_host_reaches_pods(world: World) -> None:
    for pod in world.pods:
        for address in pod.ips:
            assert answers(address), address


def test_pods_see_each_others_own_addresses(world: World) -> None:
    a, _, c = world.pods
    assert caller(c.netns, a.netns, c.ips[0]) == a.ips[0]
    assert caller(c.netns, a.netns, c.ips[1]) == a.ips[1]


def test_outside_sees_the_hosts_address(world: World) -> None:
    pod = world.pods[2]
    assert caller(world.outside, pod.netns, OUTSIDE) == "198.51.100.1"
    assert caller(world.outside, pod.netns, OUTSIDE6) == "2001:db8::1"


def test_the_mtu_is_the_uplinks(world: World) -> None:
    assert world.network.mtu == 1450
    assert {pod.mtu for pod in world.pods} == {1450}


def test_a_name_service_can_listen_before_and_with_pods(world: World) -> None:
    node = world.network.nodes[1]
    with hostnet.open_socket(node.netns, socket.AF_INET, socket.SOCK_DGRAM) as service:
        service.bind((node.gateways[0], 53))
        service.settimeout(60)
        client = world.pods[2].netns
        with hostnet.open_socket(client, socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.sendto(b"?", (node.gateways[0], 53))
            assert service.recvfrom(9)[1][0] == world.pods[2].ips[0]


def test_doctor_finds_nothing_here(world: World) -> None:
    assert [finding for finding in hostnet.examine(world.network) if not finding.ok] == []


def test_a_dropping_firewall_is_found_and_its_remedy_works(world: World) -> None:
    shell(
        """
        nft add table ip filter
        nft add chain ip filter DOCKER-USER
        nft add chain ip filter FORWARD { type filter hook forward priority 0 ; policy drop ; }
        nft add rule ip filter FORWARD jump DOCKER-USER
        """
    )
    pod = world.pods[0]
    assert not answers(OUTSIDE, pod.netns)
    (finding,) = [found for found in hostnet.examine(world.network) if not found.ok]
    assert finding.name == "FORWARD"
    shell(finding.remedy.replace(" && ", "\n"))
    assert answers(OUTSIDE, pod.netns)
    assert all(found.ok for found in hostnet.examine(world.network))


def test_down_takes_pods_along(world: World) -> None:
    hostnet.down(world.network)
    assert hostnet.leftovers(world.network) == ()
    assert not any(world.network.suffix in name for name in namespaces.listed() if "vtpod" in name)
    assert shell("nft list ruleset") == ""


def caller(server: str, client: str, address: str) -> str:
    """Who a server sees when a client calls it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with (
        namespaces.open_socket(server, family) as listener,
        namespaces.open_socket(client, family) as call,
    ):
        listener.settimeout(60)
        call.settimeout(60)
        listener.bind((address, 8080))
        listener.listen()
        call.connect((address, 8080))
        accepted, peer = listener.accept()
        accepted.close()
        return str(peer[0])
