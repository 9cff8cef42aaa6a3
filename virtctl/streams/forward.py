"""Local listeners whose connections go onto streams made for each of them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import NamedTuple, cast

from virtctl.errors import StreamError, VirtctlError
from virtctl.streams.duplex import Direct, Duplex
from virtctl.streams.pump import pump
from virtctl.streams.splice import Accepted, Splice

Dial = Callable[[], Awaitable["Duplex | Direct"]]
Tell = Callable[[str], None]
_CHUNK = 65536


class Bound(NamedTuple):
    """A listener's address."""

    host: str
    port: int


class TcpDuplex:
    """A TCP connection as a stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def receive(self) -> bytes:
        """The next bytes; empty at the end, however it came."""
        try:
            return await self._reader.read(_CHUNK)
        except OSError:
            return b""

    async def send(self, data: bytes) -> None:
        """Send; waits while the peer is slow. Raises ``StreamError`` when it has gone."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise StreamError(f"the local connection broke: {error}") from error

    async def close(self) -> None:
        """Close the connection; may be called twice."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return

    def abort(self) -> None:
        """Drop the connection at once, whatever is still to be sent."""
        self._writer.transport.abort()


class TcpForward:
    """Accepts connections for as long as it is open; each has a stream and a task of its own.

    A connection that fails is told of and ends; the listener and the others go on.
    """

    def __init__(self, dial: Dial, tell: Tell) -> None:
        self._dial = dial
        self._tell = tell
        self._server: asyncio.Server | None = None
        self._closed = False
        self._tasks: dict[asyncio.Task[None], Accepted] = {}

    async def open(self, host: str, port: int) -> Bound:
        """Listen. Raises ``VirtctlError`` when the address or port cannot be had."""
        try:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: Accepted(self._accepted), host, port)
        except OSError as error:
            raise cannot_listen("tcp", host, port, error) from error
        where = self._server.sockets[0].getsockname()
        return Bound(where[0], where[1])

    def _accepted(self, local: Accepted) -> None:
        if self._closed:  # accepted before, told of after
            local.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(local))
        self._tasks[task] = local
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        # a task that was cancelled before its first step, or while it dialled, closed nothing
        local = self._tasks.pop(task)
        if task.cancelled():
            local.transport.abort()
        else:
            local.transport.close()

    async def _serve(self, local: Accepted) -> None:
        try:
            remote = await self._dial()
        except VirtctlError as error:
            self._tell(f"error: {error}")
            return
        try:
            if isinstance(remote, Direct):
                await Splice(local, remote).run()
            else:
                await pump(_as_duplex(local), remote)
        except StreamError as error:
            self._tell(f"error: {error}")

    async def close(self) -> None:
        """Stop listening and end all connections."""
        self._closed = True
        if self._server is not None:
            await _rounds()  # asyncio leaks a connection whose taking it has begun: let it finish
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await _rounds()  # sockets of aborted connections are closed in the next one


def _as_duplex(local: Accepted) -> TcpDuplex:
    """The connection, read from now on."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_CHUNK)
    protocol = asyncio.StreamReaderProtocol(reader)
    local.transport.set_protocol(protocol)
    protocol.connection_made(local.transport)
    for data in local.early:
        reader.feed_data(data)
    if local.over or local.transport.is_closing():
        reader.feed_eof()
    else:
        local.transport.resume_reading()
    return TcpDuplex(reader, asyncio.StreamWriter(local.transport, protocol, reader, loop))


async def _rounds() -> None:
    """Let the event loop finish what it has begun: accepting takes asyncio three rounds."""
    for _ in range(5):
        await asyncio.sleep(0)


class UdpForward(asyncio.DatagramProtocol):
    """Gives each client address a stream; one datagram is one chunk."""

    def __init__(self, dial: Dial, tell: Tell) -> None:
        self._dial = dial
        self._tell = tell
        self._transport: asyncio.DatagramTransport | None = None
        self._queues: dict[tuple[str, int], asyncio.Queue[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int) -> Bound:
        """Listen. Raises ``VirtctlError`` when the address or port cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            # asyncio's own transport is no DatagramTransport for isinstance in 3.11
            self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (host, port))
        except OSError as error:
            raise cannot_listen("udp", host, port, error) from error
        where = self._transport.get_extra_info("sockname")
        return Bound(where[0], where[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Queue a datagram on its client's stream."""
        queue = self._queues.get(addr)
        if queue is None:
            queue = self._queues[addr] = asyncio.Queue(64)
            task = asyncio.get_running_loop().create_task(self._serve(addr, queue))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not queue.full():  # as a network does
            queue.put_nowait(data)

    async def _serve(self, addr: tuple[str, int], queue: asyncio.Queue[bytes]) -> None:
        try:
            remote = cast("Duplex", await self._dial())
            await pump(_Client(self, addr, queue), remote)
        except VirtctlError as error:
            self._tell(f"error: {error}")
        finally:
            self._queues.pop(addr, None)

    def answer(self, data: bytes, addr: tuple[str, int]) -> None:
        """Send a datagram to a client."""
        if self._transport is not None:
            self._transport.sendto(data, addr)

    async def close(self) -> None:
        """Stop listening and end all streams."""
        if self._transport is not None:
            self._transport.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Client:
    """One client address as a stream."""

    def __init__(
        self, forward: UdpForward, addr: tuple[str, int], queue: asyncio.Queue[bytes]
    ) -> None:
        self._forward = forward
        self._addr = addr
        self._queue = queue

    async def receive(self) -> bytes:
        return await self._queue.get()

    async def send(self, data: bytes) -> None:
        self._forward.answer(data, self._addr)

    async def close(self) -> None:
        return


def cannot_listen(protocol: str, host: str, port: int, error: OSError) -> VirtctlError:
    """What to say when a local address or port cannot be had."""
    if isinstance(error, socket.gaierror):
        return VirtctlError(f"address `{host}` cannot be resolved: {error.strerror}")
    if port and "in use" in str(error):
        return VirtctlError(
            f"{protocol} port {port} on {host} is taken by another program",
            f"choose another, or 0 for a free one, as in `0:{port}`",
        )
    return VirtctlError(f"cannot listen on {protocol} {host}:{port}: {error.strerror or error}")
