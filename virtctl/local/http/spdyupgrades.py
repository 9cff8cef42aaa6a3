"""Upgrades of connections that are no websockets, in the shape of websockets.

client-go's older transport POSTs with ``Upgrade: SPDY/3.1`` and then speaks SPDY on the connection
itself; the newer one speaks it inside a websocket whose subprotocol is called ``SPDY/3.1+...``. To
the application both are websockets that offer such subprotocols.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.types import Message, Scope

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

SPDY = "SPDY/3.1"
SPELLED = "SPDY%2F3.1"
"""As the ``websockets`` package, and with it the application, is shown it in a subprotocol."""
_VERSION_HEADER = b"x-stream-protocol-version"
_QUEUE = 16  # messages that may wait before we stop to read


def offered_name(subprotocol: str) -> str:
    """A subprotocol as the client spelled it: see ``upgrades.Websockets``."""
    return subprotocol.replace(SPELLED, SPDY, 1)


class SpdyUpgrade(asyncio.Protocol):
    """A connection after a request to upgrade to SPDY: an ASGI websocket without frames."""

    def __init__(self, config: Config, state: ServerState, request: Scope) -> None:
        self._app = config.loaded_app
        self._state = state
        self._scope = _websocket_scope(request)
        self._queue: asyncio.Queue[Message] = asyncio.Queue()
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.Transport | None = None
        self._accepted = False
        self._answer: list[bytes] = []

    def start(self, transport: asyncio.Transport) -> None:
        """Take over an open connection."""
        self._transport = transport
        self._state.connections.add(self)  # type: ignore[arg-type]
        self._queue.put_nowait({"type": "websocket.connect"})
        task = asyncio.get_running_loop().create_task(self._run())
        task.add_done_callback(self._state.tasks.discard)
        self._state.tasks.add(task)

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        finally:
            self.shutdown()

    @property
    def transport(self) -> asyncio.Transport | None:
        """The connection, for who ends all of them."""
        return self._transport

    def shutdown(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    # Called by the event loop

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        del exc
        self._state.connections.discard(self)
        self._queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
        self._transport = None
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Bytes of the stream; when too many wait, no more are read."""
        self._queue.put_nowait({"type": "websocket.receive", "bytes": data})
        if self._transport is not None and self._queue.qsize() >= _QUEUE:
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        """The client is slow."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._writable.set()

    # Called by the application

    async def _receive(self) -> Message:
        message = await self._queue.get()
        if self._transport is not None and self._queue.qsize() < _QUEUE:
            self._transport.resume_reading()
        return message

    async def _send(self, message: Message) -> None:
        await self._writable.wait()
        if self._transport is None:
            raise OSError("the client has gone")
        match message["type"]:
            case "websocket.accept":
                self._accepted = True
                self._transport.write(_switching(message.get("subprotocol") or ""))
            case "websocket.send":
                self._transport.write(message.get("bytes") or b"")
            case "websocket.http.response.start":
                self._answer = [_head(message)]
            case "websocket.http.response.body":
                self._answer.append(message.get("body", b""))
                if not message.get("more_body"):
                    self._transport.write(b"".join(self._answer))
                    self._transport.close()
            case _:
                self._transport.close()


def _websocket_scope(request: Scope) -> Scope:
    versions = [
        value.decode("latin-1").strip()
        for name, given in request["headers"]
        if name == _VERSION_HEADER
        for value in given.split(b",")
    ]
    raw, _, query = request["raw_path"].partition(b"?")
    return {
        **request,
        "type": "websocket",
        "path": unquote(raw.decode("latin-1")),
        "raw_path": raw,
        "query_string": query,
        "subprotocols": [f"{SPDY}+{version}" for version in versions],
        "extensions": {"websocket.http.response": {}},
    }


def _switching(subprotocol: str) -> bytes:
    version = subprotocol.partition("+")[2]
    lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", f"Upgrade: {SPDY}"]
    if version:
        lines.append(f"X-Stream-Protocol-Version: {version}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _head(message: Message) -> bytes:
    code = message["status"]
    lines = [f"HTTP/1.1 {code} {HTTPStatus(code).phrase}".encode(), b"Connection: close"]
    lines += [name + b": " + value for name, value in message.get("headers", ())]
    return b"\r\n".join(lines) + b"\r\n\r\n"
