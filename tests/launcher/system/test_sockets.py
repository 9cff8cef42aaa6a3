"""The name service over real sockets on loopback, and the thread of the guest's servers."""

from __future__ import annotations

import asyncio
import resource
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from ipaddress import IPv6Network, ip_address

import pytest

from launcher.errors import HostError
from launcher.net import dns, routeradv
from launcher.net.served import ServedLink
from launcher.system import sockets


def lookup(name: str, namespace: str) -> Sequence[dns.Address] | None:
    return [ip_address("10.244.1.7")] if (name, namespace) == ("fedora-0", "default") else None


def query(name: str) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\x01\0\x01"


@pytest.fixture
async def ports() -> AsyncIterator[tuple[int, int]]:
    """A name server on loopback without upstreams: its UDP and TCP port."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    tcp = socket.create_server(("127.0.0.1", 0))
    server = sockets.NameServer("cluster.local", lookup, ())
    await server.start(udp, tcp)
    yield udp.getsockname()[1], tcp.getsockname()[1]
    await server.close()


async def ask_udp(port: int, packet: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(("127.0.0.1", port))
        await loop.sock_sendall(sock, packet)
        return await asyncio.wait_for(loop.sock_recv(sock, 4096), 60)


async def test_answers_over_udp(ports: tuple[int, int]) -> None:
    assert ip_address("10.244.1.7").packed in await ask_udp(ports[0], query("fedora-0.default"))


async def test_what_nobody_answers_is_a_failure(ports: tuple[int, int]) -> None:
    reply = await ask_udp(ports[0], query("example.com"))
    assert reply == dns.failure(query("example.com"))


async def test_two_questions_over_one_tcp_connection(ports: tuple[int, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", ports[1])
    for _ in range(2):
        asked = query("fedora-0.default")
        writer.write(len(asked).to_bytes(2, "big") + asked)
        size = int.from_bytes(await reader.readexactly(2), "big")
        assert ip_address("10.244.1.7").packed in await reader.readexactly(size)
    writer.close()
    await writer.wait_closed()


async def test_an_open_connection_does_not_keep_the_server_from_closing(
    ports: tuple[int, int],
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", ports[1])
    writer.close()
    await writer.wait_closed()
    assert writer.is_closing()


def test_a_bridge_that_is_not_there() -> None:
    link = ServedLink(
        bridge="vt-missing",
        routeradv=routeradv.Config(
            mac="02:00:00:00:00:00", mtu=1500, prefix=IPv6Network("fd00::/120")
        ),
    )
    with pytest.raises(HostError, match="cannot serve the guest's network"):
        sockets.serve_links([link])


def test_nothing_to_serve() -> None:
    running = sockets.serve_links([])
    assert running.leases() == ()
    running.stop()
    running.stop()


async def test_questions_of_others_go_to_the_upstream_by_the_same_way(
    upstream: tuple[int, list[str]],
) -> None:
    port, asked = upstream
    servers = ("127.0.0.9", "127.0.0.1")  # nobody is at the first one
    server = sockets.NameServer("cluster.local", lookup, servers, upstream_port=port)
    for stream in (False, True):
        reply = await server.resolve(query("example.com"), stream=stream)
        assert reply
        assert reply.endswith(b"from upstream")
    assert asked == ["udp", "tcp"]


@pytest.fixture
async def upstream() -> AsyncIterator[tuple[int, list[str]]]:
    """A name server of the host on loopback: its port, and how it was asked."""
    asked: list[str] = []

    def answer(packet: bytes, how: str) -> bytes:
        asked.append(how)
        return packet[:2] + b"\x81\x80" + packet[4:] + b"from upstream"

    class Datagrams(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            self.transport.sendto(answer(data, "udp"), addr)  # type: ignore[attr-defined]

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        reply = answer(await reader.readexactly(size), "tcp")
        writer.write(len(reply).to_bytes(2, "big") + reply)
        await writer.drain()
        writer.close()

    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(Datagrams, local_addr=("127.0.0.1", port))
    yield port, asked
    transport.close()
    server.close()
    await server.wait_closed()


def test_files_and_ports_of_this_place() -> None:
    assert sockets.files_allowed() >= resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    found = sockets.client_ports()
    assert 0 < found.start < found.stop <= 1 << 16
