"""Sockets of machines as ``Duplex`` streams."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from typing import cast

from virtctl.errors import StreamError

_CHUNK = 64 * 1024


class SocketStream:
    """A connected stream socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._closed = False

    async def receive(self) -> bytes:
        """The next chunk; empty at the end. Raises ``StreamError`` when the connection broke."""
        try:
            return await self._reader.read(_CHUNK)
        except OSError as error:
            if self._closed:
                return b""
            raise StreamError(f"the connection broke: {error.strerror}") from error

    async def send(self, data: bytes) -> None:
        """Send one chunk. Raises ``StreamError`` when the other side has gone."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise StreamError(f"the connection broke: {error.strerror}") from error

    async def finish(self) -> None:
        """Say that nothing more will be sent."""
        if not self._closed and self._writer.can_write_eof():
            with contextlib.suppress(OSError):
                self._writer.write_eof()

    async def close(self) -> None:
        """End both directions; whoever receives gets the end. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
        if not self._reader.at_eof():
            self._reader.feed_eof()


class DatagramStream(asyncio.DatagramProtocol):
    """A connected UDP socket: each chunk is one datagram. Made by ``dial_udp``."""

    def __init__(self) -> None:
        self._received: deque[bytes] = deque(maxlen=1024)
        self._news = asyncio.Event()
        self._gone = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None
        self._error: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        # uvloop's transport is no subclass of asyncio's
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Called by the event loop."""
        del addr
        self._received.append(data)
        self._news.set()

    def error_received(self, exc: Exception) -> None:
        """Called by the event loop, for one when the port is closed."""
        self._error = exc
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        del exc
        self._transport = None
        self._news.set()
        self._gone.set()

    async def receive(self) -> bytes:
        """The next datagram; empty at the end. Raises ``StreamError`` when it was refused."""
        while not self._received:
            if self._error is not None:
                raise StreamError(f"the datagrams are refused: {self._error}")
            if self._transport is None:
                return b""
            self._news.clear()
            await self._news.wait()
        return self._received.popleft()

    async def send(self, data: bytes) -> None:
        """Send one datagram."""
        if self._transport is not None:
            self._transport.sendto(data)

    async def close(self) -> None:
        """Close the socket; may be called twice."""
        if self._transport is not None:
            self._transport.close()
            await self._gone.wait()


async def dial_tcp(address: str, port: int, patience: float) -> SocketStream:
    """Connect within ``patience`` seconds. Raises ``OSError`` and ``TimeoutError``."""
    async with asyncio.timeout(patience):
        return SocketStream(*await asyncio.open_connection(address, port))


async def dial_udp(address: str, port: int) -> DatagramStream:
    """A UDP socket connected to an address. Raises ``OSError``."""
    loop = asyncio.get_running_loop()
    _, stream = await loop.create_datagram_endpoint(DatagramStream, remote_addr=(address, port))
    return stream


async def dial_inside(made: socket.socket, port: int, patience: float) -> SocketStream:
    """Connect a socket of another network namespace to a port of its loopback address.

    The socket is closed on failure. Raises ``OSError`` and ``TimeoutError``.
    """
    try:
        made.setblocking(False)  # noqa: FBT003 - a system call
        host = "::1" if made.family is socket.AF_INET6 else "127.0.0.1"
        async with asyncio.timeout(patience):
            await asyncio.get_running_loop().sock_connect(made, (host, port))
        return SocketStream(*await asyncio.open_connection(sock=made))
    except BaseException:
        made.close()
        raise
