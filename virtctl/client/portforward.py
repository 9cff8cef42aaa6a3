"""Connections to ports of a pod: SPDY streams inside one websocket (KEP-4006).

Every connection has two streams: one for its data, and one on which the node says what went wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from virtctl.client.resources import path
from virtctl.client.rest import Rest
from virtctl.client.sockets import dial
from virtctl.errors import StreamError
from virtctl.models.kinds import POD
from virtctl.streams.duplex import Duplex
from virtctl.wire.spdy import (
    Event,
    Opened,
    Pinged,
    Received,
    SpdyConnection,
    WasReset,
)

PROTOCOL = "SPDY/3.1+portforward.k8s.io"
_DEPTH = 64  # chunks that wait for a slow reader


class PodForward:
    """All connections to one pod. They share a websocket, which is opened anew when it broke."""

    def __init__(self, rest: Rest, namespace: str, pod: str) -> None:
        self._rest = rest
        self._path = path(POD, namespace, pod, "portforward")
        self._lock = asyncio.Lock()
        self._session: _Session | None = None

    async def connect(self) -> None:
        """Open the websocket. Raises an ``ApiError`` when it is refused, ``Unreachable``."""
        await self._connected()

    async def stream(self, port: int) -> Duplex:
        """A connection to ``port`` of the pod."""
        session = await self._connected()
        return await session.stream(port)

    async def _connected(self) -> _Session:
        async with self._lock:
            if self._session is None or self._session.over:
                socket = await dial(self._rest, self._path, {}, (PROTOCOL,))
                self._session = _Session(socket)
            return self._session

    async def close(self) -> None:
        """End all connections."""
        if self._session is not None:
            await self._session.close()


class _Session:
    """One websocket and its streams."""

    def __init__(self, socket: Duplex) -> None:
        self._socket = socket
        self._spdy = SpdyConnection(client=True)
        self._streams: dict[int, _PodStream] = {}
        self._errors: dict[int, _PodStream] = {}
        self._requests = 0
        self._reader = asyncio.create_task(self._read())

    @property
    def over(self) -> bool:
        """Whether the websocket has ended."""
        return self._reader.done()

    async def stream(self, port: int) -> Duplex:
        headers = {"port": str(port), "requestid": str(self._requests)}
        self._requests += 1
        errors, opening = self._open({"streamtype": "error", **headers}, fin=True)
        number, more = self._open({"streamtype": "data", **headers})
        made = _PodStream(self, number)
        self._streams[number] = self._errors[errors] = made
        await self._socket.send(opening)
        await self._socket.send(more)
        return made

    def _open(self, headers: Mapping[str, str], *, fin: bool = False) -> tuple[int, bytes]:
        return self._spdy.open(headers, fin=fin)

    async def say(self, number: int, data: bytes, *, fin: bool = False) -> None:
        await self._socket.send(self._spdy.data(number, data, fin=fin))

    async def give_up(self, number: int) -> None:
        """Forget a stream, and tell the other side."""
        if self._streams.pop(number, None) is not None:
            with suppress(StreamError):
                await self._socket.send(self._spdy.reset(number))

    async def _read(self) -> None:
        problem = "the connection to the pod has ended"
        try:
            while data := await self._socket.receive():
                for event in self._spdy.receive(data):
                    await self._handle(event)
        except StreamError as error:
            problem = str(error)
        finally:
            for stream in self._streams.values():
                stream.end(problem)

    async def _handle(self, event: Event) -> None:
        match event:
            case Pinged(pong):
                await self._socket.send(pong)
            case Received(number, data, fin) if number in self._errors:
                if data:
                    self._errors[number].end(data.decode(errors="replace"))
                if fin:
                    del self._errors[number]
            case Received(number, data, fin) if number in self._streams:
                await self._streams[number].take(data, fin=fin)
            case WasReset(number) if number in self._streams:
                self._streams.pop(number).end("the pod closed the connection")
            case Opened(number):
                await self._socket.send(self._spdy.reset(number))  # nothing is opened towards us
            case _:
                pass

    async def close(self) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._socket.close()


class _PodStream:
    """One connection; an empty chunk in its queue is the end."""

    def __init__(self, session: _Session, number: int) -> None:
        self._session = session
        self._number = number
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._room = asyncio.Semaphore(_DEPTH)
        self._problem = ""
        self._ended = False

    async def receive(self) -> bytes:
        """The next bytes; empty at the end. Raises ``StreamError`` with what the node says."""
        data = await self._chunks.get()
        if data:
            self._room.release()
            return data
        self._chunks.put_nowait(b"")  # the end stays the end
        if self._problem:
            raise StreamError(self._problem)
        return b""

    async def send(self, data: bytes) -> None:
        """Send; raises ``StreamError`` when the websocket has gone."""
        await self._session.say(self._number, data)

    async def close(self) -> None:
        """End both directions; may be called twice."""
        self.end("")
        await self._session.give_up(self._number)

    async def take(self, data: bytes, *, fin: bool) -> None:
        """Data came; waits while the reader is slow."""
        if data and not self._ended:
            await self._room.acquire()
            self._chunks.put_nowait(data)
        if fin:
            self.end("")

    def end(self, why: str) -> None:
        """Nothing more will come; without a reason it is a plain end."""
        if not self._ended:
            self._ended = True
            self._problem = why
            self._chunks.put_nowait(b"")
            self._room.release()  # whoever brings more need not wait
