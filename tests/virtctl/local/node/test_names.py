"""The name service of nodes, asked from inside a node as a pod would ask it."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from launcher import hostnet
from launcher.hostnet import HostNetwork
from tests.fakes.scratch import inside_scratch_netns
from tests.fakes.service import make_service
from virtctl.local.config import LocalConfig
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import foundation, teardown
from virtctl.local.node.names import serve_names, upstreams, upstreams_of
from virtctl.local.node.resolver import MachineNames
from virtctl.models.kinds import VIRTUAL_MACHINE_INSTANCE

DOMAIN = "cluster.local"


def test_the_hosts_name_servers(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    assert upstreams(conf) == ()
    conf.write_text("# ours\nsearch example\nnameserver 192.0.2.1\nnameserver\nnameserver ::1\n")
    assert upstreams(conf) == ("192.0.2.1", "::1")


def test_a_policy_may_say_whom_a_node_asks(tmp_path: Path) -> None:
    network = hostnet.design(["node1"], directory=tmp_path)
    kept = tmp_path / "nodes/node1/network/kept.json"
    kept.parent.mkdir(parents=True)
    assert upstreams_of(network, network.nodes[0]) == upstreams()
    kept.write_text('{"servers": ["192.0.2.53"]}')
    assert upstreams_of(network, network.nodes[0]) == ("192.0.2.53",)


@pytest.fixture
def network(tmp_path: Path) -> Iterator[HostNetwork]:
    layout, config = InstanceLayout(tmp_path), LocalConfig()
    with inside_scratch_netns("host"):
        try:
            yield foundation.lay(layout, config).network
        finally:
            teardown.undo_host(layout, config)


def query(name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, kind, 1)


def ask(netns: str, server: str, name: str, kind: int = 1) -> bytes:
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with hostnet.open_socket(netns, family, socket.SOCK_DGRAM) as asker:
        asker.settimeout(60)
        asker.connect((server, 53))
        while True:
            asker.send(query(name, kind))
            with contextlib.suppress(ConnectionRefusedError):  # it is about to listen
                return asker.recv(4096)


@pytest.mark.host
async def test_machines_have_names_inside_of_nodes(network: HostNetwork) -> None:
    service = make_service()
    vmi = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {},
        "status": {"interfaces": [{"ipAddresses": ["10.244.1.7", "fd10:244:0:1::7"]}]},
    }
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)
    task = asyncio.create_task(serve_names(network, MachineNames(service, DOMAIN), DOMAIN))
    try:
        (node,) = network.nodes
        for server in node.gateways:
            found = await asyncio.to_thread(ask, node.netns, server, "web.default")
            assert ip_address("10.244.1.7").packed in found
        full = f"web.default.svc.{DOMAIN}"
        found = await asyncio.to_thread(ask, node.netns, node.gateways[0], full, 28)
        assert ip_address("fd10:244:0:1::7").packed in found
        unknown = await asyncio.to_thread(ask, node.netns, node.gateways[0], f"nobody.{DOMAIN}")
        assert unknown[3] & 0x0F == 3  # NXDOMAIN (RFC 1035 section 4.1.1)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.mark.host
async def test_an_address_that_is_taken_is_no_reason_to_stop(
    network: HostNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    service = make_service()
    (node,) = network.nodes
    first, second = node.gateways
    with hostnet.open_socket(node.netns, socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((first, 53))
        task = asyncio.create_task(serve_names(network, MachineNames(service, DOMAIN), DOMAIN))
        try:
            assert await asyncio.to_thread(ask, node.netns, second, f"nobody.{DOMAIN}")
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    assert f"no name service at {first} of node1" in caplog.text
