"""A client of SPDY streams, over a websocket or over an upgraded connection."""

import asyncio
import contextlib

from websockets.asyncio.client import ClientConnection, unix_connect

from virtctl.wire.spdy import Received, Replied, SpdyConnection, WasReset


class Streams:
    """Streams of one connection: what came on each, and what has ended."""

    def __init__(self, send, receive) -> None:
        self.spdy = SpdyConnection(client=True)
        self.data: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.accepted: set[int] = set()
        self.reset: set[int] = set()
        self.gone = False
        self._send, self._receive = send, receive

    async def open(self, fin=False, **headers) -> int:
        stream, frame = self.spdy.open(headers, fin=fin)
        await self._send(frame)
        return stream

    async def write(self, stream, data, fin=False) -> None:
        await self._send(self.spdy.data(stream, data, fin=fin))

    async def send(self, frame) -> None:
        await self._send(frame)

    async def until(self, test) -> None:
        """Read until ``test`` holds."""
        async with asyncio.timeout(60):
            while not test():
                data = await self._receive()
                if not data:
                    self.gone = True
                    continue
                for event in self.spdy.receive(data):
                    match event:
                        case Received():
                            self.data[event.stream] = self.data.get(event.stream, b"") + event.data
                            if event.fin:
                                self.ended.add(event.stream)
                        case Replied():
                            self.accepted.add(event.stream)
                        case WasReset():
                            self.reset.add(event.stream)


@contextlib.asynccontextmanager
async def over_websocket(path, url, protocol):
    """As today's client-go: SPDY in a websocket."""
    made: ClientConnection
    async with unix_connect(
        str(path),
        f"ws://api{url}",
        compression=None,
        create_connection=_Odd,
        additional_headers={"Sec-WebSocket-Protocol": protocol},
    ) as made:
        yield made, Streams(made.send, made.recv)


class _Odd(ClientConnection):
    """A client that minds no subprotocol."""

    def __init__(self, protocol, **options) -> None:
        protocol.process_subprotocol = lambda headers: None
        super().__init__(protocol, **options)


@contextlib.asynccontextmanager
async def upgraded(path, url, *versions):
    """As the older client-go: a POST that is upgraded."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    lines = [f"POST {url} HTTP/1.1", "Host: api", "Connection: Upgrade", "Upgrade: SPDY/3.1"]
    lines += [f"X-Stream-Protocol-Version: {version}" for version in versions]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()

    async def send(data):
        writer.write(data)
        await writer.drain()

    try:
        yield head, reader, Streams(send, lambda: reader.read(65536))
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
