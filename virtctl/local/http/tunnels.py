"""SPDY streams of pods: port-forward, exec and attach, as client-go speaks them.

Each forwarded connection is a pair of streams with the same ``requestID``: one of type ``data`` and
one of type ``error``, on which a text says what went wrong. A program has a stream for each of
stdin, stdout, stderr, its terminal's sizes and, last, its Status.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from starlette.websockets import WebSocket

from virtctl.errors import BadRequest, StreamError, VirtctlError
from virtctl.local.api.verbs.ports import PodStream, Process
from virtctl.local.http.sockets import end, feed, message_of, resize
from virtctl.local.http.spdyupgrades import SPDY, offered_name
from virtctl.wire import channels
from virtctl.wire.spdy import (
    Ended,
    Event,
    Opened,
    Pinged,
    Received,
    Reset,
    SpdyConnection,
    WasReset,
)

_log = logging.getLogger(__name__)

PORT_FORWARD = f"{SPDY}+portforward.k8s.io"
_EXEC = (f"{SPDY}+{channels.V4}", f"{SPDY}+{channels.V5}")
_PATIENCE = 30.0  # seconds in which a client must open its streams
_WAITING = 16  # chunks that may wait for a slow target

Dial = Callable[[int], Awaitable[PodStream]]


def offered(socket: WebSocket) -> list[str]:
    """The subprotocols that the client offers, as it spelled them."""
    return [offered_name(name) for name in socket.scope.get("subprotocols") or ()]


def chosen_for_process(names: Sequence[str]) -> str | None:
    """The SPDY subprotocol of exec and attach among ``names``."""
    return channels.choose(names, _EXEC)


class _Link:
    """The SPDY connection inside a websocket. Frames go out in the order they are built in."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._spdy = SpdyConnection()
        self._lock = asyncio.Lock()

    async def events(self) -> list[Event] | None:
        """What has come; None when the client has gone. Raises ``StreamError``."""
        data = await message_of(self._socket)
        if data is None:
            return None
        found: list[Event] = []
        for event in self._spdy.receive(data):
            if isinstance(event, Pinged):
                async with self._lock:
                    await self._socket.send_bytes(event.pong)
            else:
                found.append(event)
        return found

    async def accept(self, stream: int) -> None:
        """Accept a stream."""
        async with self._lock:
            await self._socket.send_bytes(self._spdy.reply(stream))

    async def send(self, stream: int, data: bytes, *, fin: bool = False) -> None:
        """Send ``data``; waits while the client is slow."""
        async with self._lock:
            await self._socket.send_bytes(self._spdy.data(stream, data, fin=fin))

    async def reset(self, stream: int, why: Reset) -> None:
        """Give a stream up."""
        async with self._lock:
            await self._socket.send_bytes(self._spdy.reset(stream, why))


# --- port-forward ----------------------------------------------------------------------------


@dataclass
class _Forward:
    """One connection on its way."""

    port: int
    error: int | None = None
    data: int | None = None
    incoming: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(_WAITING))
    task: asyncio.Task[None] | None = None

    @property
    def is_complete(self) -> bool:
        return self.error is not None and self.data is not None


async def serve_portforward(socket: WebSocket, dial: Dial) -> None:
    """Join the client's connections to ports that ``dial`` reaches. Raises ``BadRequest``."""
    if PORT_FORWARD not in offered(socket):
        raise BadRequest(f"port-forward is served with the subprotocol `{PORT_FORWARD}` only")
    await socket.accept(subprotocol=PORT_FORWARD)
    forwarding = _Forwarding(_Link(socket), dial)
    try:
        await forwarding.run()
    except StreamError as error:
        _log.debug("port-forward ends: %s", error)
    finally:
        await forwarding.close()
    await end(socket)


class _Forwarding:
    """All connections of one client."""

    def __init__(self, link: _Link, dial: Dial) -> None:
        self._link = link
        self._dial = dial
        self._requests: dict[str, _Forward] = {}
        self._streams: dict[int, _Forward] = {}

    async def run(self) -> None:
        """Serve until the client has gone."""
        while (events := await self._link.events()) is not None:
            for event in events:
                match event:
                    case Opened():
                        await self._open(event)
                    case Received():
                        await self._take(event)
                    case WasReset(stream):
                        self._drop(stream)
                    case Ended():
                        return
                    case _:
                        continue

    async def close(self) -> None:
        """End what still runs."""
        tasks = [one.task for one in self._requests.values() if one.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _open(self, event: Opened) -> None:
        kind, port = event.headers.get("streamtype"), event.headers.get("port", "")
        if kind not in {"data", "error"} or not port.isdecimal() or not 0 < int(port) < 65536:
            await self._link.reset(event.stream, Reset.PROTOCOL_ERROR)
            return
        request = event.headers.get("requestid", port)
        forward = self._requests.setdefault(request, _Forward(int(port)))
        self._streams[event.stream] = forward
        if kind == "data":
            forward.data = event.stream
        else:
            forward.error = event.stream
        await self._link.accept(event.stream)
        if forward.is_complete and forward.task is None:
            forward.task = asyncio.create_task(self._serve(request, forward))

    async def _take(self, event: Received) -> None:
        forward = self._streams.get(event.stream)
        if forward is None or event.stream != forward.data:
            return
        if event.data:
            await forward.incoming.put(event.data)
        if event.fin:
            await forward.incoming.put(b"")

    def _drop(self, stream: int) -> None:
        forward = self._streams.get(stream)
        if forward is not None and forward.task is not None:
            forward.task.cancel()

    async def _serve(self, request: str, forward: _Forward) -> None:
        said = b""
        try:
            said = await self._join(forward)
        finally:
            self._forget(request, forward)
        with contextlib.suppress(OSError, RuntimeError):
            await self._link.send(forward.error or 0, said, fin=True)
            await self._link.send(forward.data or 0, b"", fin=True)

    def _forget(self, request: str, forward: _Forward) -> None:
        self._requests.pop(request, None)
        for stream in (forward.error, forward.data):
            self._streams.pop(stream or 0, None)
        while not forward.incoming.empty():  # whoever waits for room goes on
            forward.incoming.get_nowait()

    async def _join(self, forward: _Forward) -> bytes:
        """Serve one connection; returns what went wrong."""
        try:
            target = await self._dial(forward.port)
        except VirtctlError as error:
            return f"error forwarding port {forward.port}: {error}".encode()
        up = asyncio.create_task(_upwards(target, forward.incoming))
        try:
            while data := await target.receive():
                await self._link.send(forward.data or 0, data)
        except StreamError as error:
            return f"error forwarding port {forward.port}: {error}".encode()
        finally:
            up.cancel()
            await asyncio.gather(up, return_exceptions=True)
            await target.close()
        return b""


async def _upwards(target: PodStream, incoming: asyncio.Queue[bytes]) -> None:
    with contextlib.suppress(StreamError, OSError):
        while data := await incoming.get():
            await target.send(data)
        await target.finish()
    while True:  # the target takes no more: nobody shall wait for it
        await incoming.get()


# --- exec and attach -------------------------------------------------------------------------


async def serve_process(
    socket: WebSocket, wanted: frozenset[str], start: Callable[[], Awaitable[Process]]
) -> None:
    """Join the client to a program. ``wanted`` are the streams that it said it would open.

    Raises ``ApiError`` to refuse.
    """
    protocol = chosen_for_process(offered(socket))
    if protocol is None:
        raise BadRequest(f"programs are served with the subprotocols {', '.join(_EXEC)} only")
    process = await start()
    try:
        await socket.accept(subprotocol=protocol)
        session = _Session(_Link(socket), process, wanted | {"error"})
        await session.run()
    except StreamError as error:
        _log.debug("exec ends: %s", error)
    finally:
        await process.kill()
    await end(socket)


class _Session:
    """A program and its client."""

    def __init__(self, link: _Link, process: Process, wanted: frozenset[str]) -> None:
        self._link = link
        self._process = process
        self._wanted = wanted
        self._streams: dict[str, int] = {}
        self._ready = asyncio.Event()

    async def run(self) -> None:
        """Serve until the program has ended, or the client has gone. Raises ``StreamError``."""
        tasks = [asyncio.create_task(self._output()), asyncio.create_task(self._input())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                with contextlib.suppress(OSError, RuntimeError):
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _output(self) -> None:
        try:
            await asyncio.wait_for(self._ready.wait(), _PATIENCE)
        except TimeoutError:
            raise StreamError("the client did not open its streams") from None
        names = {1: "stdout", 2: "stderr"}
        while True:
            number, data = await self._process.read()
            if not data:
                break
            stream = self._streams.get(names.get(number, ""))
            if stream is not None:
                await self._link.send(stream, data)
        status = channels.exit_status(await self._process.wait())
        for name in ("stdout", "stderr"):
            if name in self._streams:
                await self._link.send(self._streams[name], b"", fin=True)
        await self._link.send(self._streams["error"], msgspec.json.encode(status), fin=True)

    async def _input(self) -> None:
        kinds: dict[int, str] = {}
        while (events := await self._link.events()) is not None:
            for event in events:
                match event:
                    case Opened(stream, headers):
                        kinds[stream] = headers.get("streamtype", "")
                        await self._opened(stream, kinds[stream])
                    case Received(stream) if kinds.get(stream) == "stdin":
                        await self._typed(event)
                    case Received(stream, data) if kinds.get(stream) == "resize":
                        for size in _sizes(data):
                            await resize(self._process, size)
                    case Ended():
                        return
                    case _:
                        continue

    async def _opened(self, stream: int, kind: str) -> None:
        if kind not in self._wanted:
            await self._link.reset(stream, Reset.REFUSED_STREAM)
            return
        self._streams[kind] = stream
        await self._link.accept(stream)
        if self._wanted <= self._streams.keys():
            self._ready.set()

    async def _typed(self, event: Received) -> None:
        if event.data:
            await feed(self._process, event.data)
        if event.fin:
            await feed(self._process, b"")


def _sizes(data: bytes) -> Iterator[bytes]:
    """The terminal sizes in a chunk: JSON objects, one a line."""
    return (line for line in data.splitlines() if line.strip())
