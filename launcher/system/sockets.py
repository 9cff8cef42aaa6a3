"""Serving loops: DHCP and router advertisements on guests' bridges, the name service of a node.

What is answered is decided by ``launcher.net``; here are sockets, threads and tasks. Everything of
a bridge hangs on ``SO_BINDTODEVICE``: packets of other links are not seen, and replies leave by the
bridge whatever its addresses are.
"""

from __future__ import annotations

import asyncio
import os
import resource
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from launcher.errors import HostError
from launcher.net import dhcp4, dhcp6, dns, routeradv
from launcher.net.bindings import PodNet
from launcher.net.served import ServedLink, served_links
from launcher.spec import MachineSpec
from launcher.state import LeaseState

_LARGEST = 4096
_ICMP6_FILTER = 1  # linux/icmpv6.h
_INITIAL_ADVERTISEMENTS, _INITIAL_INTERVAL = 3, 5.0
_FORWARD_TIMEOUT = 2.0
_TCP_TIMEOUT = 10.0

Handler = Callable[[], None]


class Running:
    """Servers in a thread of their own; ``stop`` ends them."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._sockets: list[socket.socket] = []
        self._advertisers: list[Handler] = []
        self._leases: dict[str, dhcp4.Server] = {}
        self._rounds = 0
        self._thread = threading.Thread(target=self._serve, name="guest-network", daemon=True)

    def add(self, sock: socket.socket, receive: Handler) -> None:
        """Own ``sock`` and call ``receive`` whenever it can be read."""
        self._sockets.append(sock)
        self._selector.register(sock, selectors.EVENT_READ, receive)

    def advertise(self, send: Handler) -> None:
        """Call ``send`` a few times soon, and then now and again."""
        self._advertisers.append(send)

    def lease(self, bridge: str, server: dhcp4.Server) -> None:
        """Remember who gives the lease on a bridge."""
        self._leases[bridge] = server

    def leases(self) -> tuple[LeaseState, ...]:
        """What has become of the leases so far."""
        return tuple(
            LeaseState(
                bridge=bridge,
                address=server.address,
                offers=server.asked.offers,
                acknowledged=server.asked.acknowledged,
                foreign=server.asked.foreign,
            )
            for bridge, server in self._leases.items()
        )

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the sockets; a second call does nothing."""
        if self._wake_write < 0:
            return
        os.write(self._wake_write, b"x")
        if self._thread.is_alive():
            self._thread.join()
        self._selector.close()
        for sock in self._sockets:
            sock.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
        self._wake_write = -1

    async def close(self) -> None:
        """``stop`` for those who live in an event loop; the thread ends within a packet."""
        self.stop()

    def _serve(self) -> None:
        due = time.monotonic()
        while True:
            wait = max(0.0, due - time.monotonic()) if self._advertisers else None
            for key, _ in self._selector.select(wait):
                if key.data is None:
                    return
                _try(key.data)
            if self._advertisers and time.monotonic() >= due:
                due = time.monotonic() + self._interval()
                for send in self._advertisers:
                    _try(send)

    def _interval(self) -> float:
        self._rounds += 1
        early = self._rounds <= _INITIAL_ADVERTISEMENTS
        return _INITIAL_INTERVAL if early else routeradv.INTERVAL_SECONDS


def serve_guest_network(spec: MachineSpec, network: PodNet) -> Running:
    """Serve all links of a machine in the network namespace that we are in; the bridges must exist.

    Raises ``SpecError`` for an option that fits no packet, ``HostError`` when a port is taken or a
    bridge is not there.
    """
    return serve_links(served_links(spec, network))


def serve_links(links: Sequence[ServedLink]) -> Running:
    """Serve these links until ``stop()``; raises as ``serve_guest_network``."""
    running = Running()
    try:
        for link in links:
            _add(running, link)
    except OSError as error:
        running.stop()
        raise HostError(f"cannot serve the guest's network: {error.strerror}") from error
    except BaseException:
        running.stop()
        raise
    running.start()
    return running


def _try(action: Handler) -> None:
    # A link that is down or gone refuses to send, and the guest will ask again.
    with suppress(OSError):
        action()


def _add(running: Running, link: ServedLink) -> None:
    if link.dhcp4:
        _add_dhcp4(running, link.bridge, dhcp4.Server(link.dhcp4))
    if link.dhcp6:
        _add_dhcp6(running, link.bridge, dhcp6.Server(link.dhcp6))
    if link.routeradv:
        _add_advertisements(running, link.bridge, link.routeradv)


def _bind_to(sock: socket.socket, bridge: str) -> None:
    sock.settimeout(0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, bridge.encode())


def _join(sock: socket.socket, group: str, index: int) -> None:
    member = socket.inet_pton(socket.AF_INET6, group) + index.to_bytes(4, "little")
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)


def _add_dhcp4(running: Running, bridge: str, server: dhcp4.Server) -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def receive() -> None:
        packet, source = sock.recvfrom(_LARGEST)
        if reply := server.answer(packet, source):
            sock.sendto(reply.packet, (reply.address, reply.port))

    running.add(sock, receive)
    running.lease(bridge, server)
    _bind_to(sock, bridge)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.bind(("", dhcp4.SERVER_PORT))


def _add_dhcp6(running: Running, bridge: str, server: dhcp6.Server) -> None:
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)

    def receive() -> None:
        packet, source = sock.recvfrom(_LARGEST)
        if reply := server.answer(packet):
            sock.sendto(reply, source)

    running.add(sock, receive)
    _bind_to(sock, bridge)
    sock.bind(("::", dhcp6.SERVER_PORT))
    _join(sock, dhcp6.SERVERS_GROUP, socket.if_nametoindex(bridge))


def _add_advertisements(running: Running, bridge: str, config: routeradv.Config) -> None:
    sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    message = routeradv.advertisement(config)

    def send() -> None:
        sock.sendto(message, (routeradv.ALL_NODES, 0, 0, index))

    def receive() -> None:
        if routeradv.is_solicitation(sock.recv(_LARGEST)):
            send()

    running.add(sock, receive)
    _bind_to(sock, bridge)
    index = socket.if_nametoindex(bridge)
    # Receivers drop advertisements that may have crossed a router: RFC 4861 §6.1.2.
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, routeradv.HOP_LIMIT)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, _only(routeradv.SOLICITATION))
    _join(sock, routeradv.ALL_ROUTERS, index)
    running.advertise(send)


def _only(kind: int) -> bytes:
    """An ICMPv6 filter that lets one type through: a set bit blocks a type (RFC 3542 §3.2)."""
    words = [0xFFFFFFFF] * 8
    words[kind // 32] &= ~(1 << kind % 32)
    return b"".join(word.to_bytes(4, "little") for word in words)


class NameServer:
    """The name service of one node, in the running event loop.

    ``udp`` and ``tcp`` are bound sockets (the TCP one listens), opened by the caller in the node's
    network namespace; they are owned from now on. Questions that are not ours go to ``upstreams``
    (addresses of name servers, reached from the namespace of the event loop's thread), one after
    the other; a function is asked for them each time, since a host's name servers change.
    """

    def __init__(
        self,
        domain: str,
        lookup: dns.Lookup,
        upstreams: Sequence[str] | Callable[[], Sequence[str]],
        *,
        upstream_port: int = dns.PORT,
    ) -> None:
        self._domain, self._lookup, self._port = domain, lookup, upstream_port
        self._upstreams = upstreams if callable(upstreams) else lambda: upstreams
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None

    async def start(self, udp: socket.socket, tcp: socket.socket | None = None) -> None:
        """Begin to serve on these sockets."""
        loop = asyncio.get_running_loop()
        udp.settimeout(0)
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._datagram), sock=udp
        )
        if tcp is not None:
            tcp.settimeout(0)
            self._server = await asyncio.start_server(self._connection, sock=tcp)

    async def close(self) -> None:
        """Stop serving and close the sockets; questions under way stay unanswered."""
        if self._transport:
            self._transport.close()
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # The transport is closed by the loop's next turn.
        await asyncio.sleep(0)

    async def resolve(self, query: bytes, *, stream: bool = False) -> bytes | None:
        """The reply to one query, ours or an upstream's; None for what is no query.

        With ``stream`` upstreams are asked by TCP: the reply may be too long for a datagram.
        """
        found = dns.answer(query, self._domain, self._lookup)
        match found:
            case dns.Verdict.DROP:
                return None
            case dns.Verdict.FORWARD:
                return await self._forward(query, stream=stream) or dns.failure(query)
            case _:
                return found

    async def _forward(self, query: bytes, *, stream: bool) -> bytes | None:
        ask = _ask_stream if stream else _ask
        for upstream in self._upstreams():
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(_FORWARD_TIMEOUT):
                    return await ask(upstream, self._port, query)
        return None

    def _datagram(self, query: bytes, source: tuple[str, int]) -> None:
        async def reply() -> None:
            answer = await self.resolve(query)
            if answer and self._transport:
                self._transport.sendto(answer, source)

        task = asyncio.get_running_loop().create_task(reply())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The queries of a TCP connection, one after the other."""
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            async with asyncio.timeout(_TCP_TIMEOUT):
                while True:
                    answer = await self.resolve(await _read_framed(reader), stream=True)
                    if answer is None:
                        return
                    writer.write(_framed(answer))
                    await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams on."""

    def __init__(self, receive: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._receive(data, addr)

    def error_received(self, exc: Exception) -> None:
        """A client that is gone: nobody waits for the answer."""


async def _ask(server: str, port: int, query: bytes) -> bytes:
    """Ask one name server by UDP, from a port of its own so that replies are hard to forge."""
    loop = asyncio.get_running_loop()
    reply: asyncio.Future[bytes] = loop.create_future()

    def receive(data: bytes, _: tuple[str, int]) -> None:
        if not reply.done() and dns.answers_to(query, data):
            reply.set_result(data)

    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(receive), remote_addr=(server, port)
    )
    try:
        transport.sendto(query)
        return await reply
    finally:
        transport.close()


async def _ask_stream(server: str, port: int, query: bytes) -> bytes:
    """Ask one name server by TCP."""
    reader, writer = await asyncio.open_connection(server, port)
    try:
        writer.write(_framed(query))
        return await _read_framed(reader)
    finally:
        writer.close()


def _framed(message: bytes) -> bytes:
    """A message with its length before it (RFC 1035 §4.2.2)."""
    return len(message).to_bytes(2, "big") + message


async def _read_framed(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


def files_allowed() -> int:
    """How many files a program that we start may have open, when it asks for all it may."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 1 << 30 if limit == resource.RLIM_INFINITY else limit


def client_ports() -> range:
    """The ports that the kernel gives to clients in this network namespace."""
    first, last = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    return range(int(first), int(last) + 1)
