import socket
import threading

import pytest

from launcher.errors import HostError
from launcher.hostnet import Backend, HostNode, VirtualService
from launcher.net.nodes import design
from launcher.system import nftables
from launcher.system.services import serve_services
from tests.fakes.scratch import inside_scratch_netns, scratch_netns, shell

pytestmark = pytest.mark.host

CIDR = "10.96.0.0/16"
BACKENDS = (Backend(address="10.0.0.2", port=7), Backend(address="10.0.0.3", port=7))
SERVICE = VirtualService(address="10.96.0.5", protocol="tcp", port=22, backends=BACKENDS)


def node_in(netns: str) -> HostNode:
    (node,) = design(["node1"], directory="/d").nodes
    return HostNode(name=node.name, netns=netns, uplink=node.uplink, subnets=node.subnets)


def test_rules_come_and_go() -> None:
    with inside_scratch_netns() as netns:
        node = node_in(netns)
        serve_services(node, (SERVICE,), CIDR)
        listed = nftables.list_table("ip", "virtctl-services", netns=netns)
        assert "10.96.0.5 tcp dport 22 dnat" in listed
        serve_services(node, (), CIDR)
        listed = nftables.list_table("ip", "virtctl-services", netns=netns)
        assert "dport" not in listed
        assert "masquerade" in listed


def test_a_connection_reaches_a_backend() -> None:
    with inside_scratch_netns() as node, scratch_netns("c") as client:
        shell(
            f"""
            ip link add inner type veth peer name eth0 netns {client}
            ip address add 10.0.0.1/24 dev inner
            ip link set inner up
            ip -n {client} address add 10.0.0.9/24 dev eth0
            ip -n {client} link set eth0 up
            ip -n {client} route add default via 10.0.0.1
            """
        )
        backend = Backend(address="10.0.0.1", port=7007)
        one = VirtualService(address="10.96.0.5", protocol="tcp", port=22, backends=(backend,))
        serve_services(node_in(node), (one,), CIDR)
        with socket.create_server(("10.0.0.1", 7007)) as server:
            server.settimeout(60)
            greeting = threading.Thread(target=_greet, args=(server,), daemon=True)
            greeting.start()
            assert shell("busybox nc -w 3 10.96.0.5 22", client) == "hello"
            greeting.join(60)


def _greet(server: socket.socket) -> None:
    stream, _ = server.accept()
    with stream:
        stream.sendall(b"hello")


def test_rules_that_nft_refuses() -> None:
    with inside_scratch_netns() as netns, pytest.raises(HostError, match="of services on node1"):
        serve_services(node_in(netns), (), "nonsense")
