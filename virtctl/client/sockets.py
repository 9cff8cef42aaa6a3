"""Streaming subresources: ``plain.kubevirt.io`` websockets as ``Duplex`` streams.

Only the asyncio client of ``websockets`` is used: its synchronous one can hang over TLS. Offered is
what KubeVirt's own client offers: the one subprotocol and no extensions; and no pings are sent,
because a server whose reader is blocked does not answer them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import (
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    ProxyError,
)
from websockets.frames import DATA_OPCODES, Frame, Opcode
from websockets.protocol import Event, State
from websockets.typing import Subprotocol

from virtctl.client.answers import refusal
from virtctl.client.connections import socket_path
from virtctl.client.messages import escaped
from virtctl.client.proxies import proxy_for, socks
from virtctl.client.rest import USER_AGENT, no_api_server, unreachable
from virtctl.errors import StreamError, Unreachable

if TYPE_CHECKING:
    from virtctl.client.rest import Rest
    from virtctl.streams.duplex import Listener

SUBPROTOCOL = "plain.kubevirt.io"
_PROTOCOL_HEADER = "Sec-WebSocket-Protocol"
_OPEN_TIMEOUT = 60.0


class SocketDuplex:
    """A websocket as a byte stream; one binary message is one chunk, text messages are ignored."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @property
    def protocol(self) -> str:
        """The subprotocol that the server chose; empty when it chose none."""
        return self._connection.subprotocol or ""

    async def receive(self) -> bytes:
        """The next chunk; empty after a normal close. Raises ``StreamError`` after any other."""
        try:
            while True:
                message = await self._connection.recv()
                if isinstance(message, bytes) and message:
                    return message
        except ConnectionClosedOK:
            return b""
        except ConnectionClosedError as error:
            raise StreamError(_why(error)) from error

    async def send(self, data: bytes) -> None:
        """Send one chunk. Raises ``StreamError`` when the other side has gone."""
        try:
            await self._connection.send(data)
        except ConnectionClosedOK:
            return
        except ConnectionClosedError as error:
            raise StreamError(_why(error)) from error

    async def close(self) -> None:
        """Close normally; may be called twice."""
        await self._connection.close()


def _why(error: ConnectionClosedError) -> str:
    received = error.rcvd
    if received is None:
        return "the connection was lost (websocket close 1006)"
    reason = f": {received.reason}" if received.reason else ""
    return f"the server closed the stream with code {received.code}{reason}"


class DirectSocket(ClientConnection):
    """A websocket as a ``Direct`` stream; text messages are ignored, as by ``SocketDuplex``."""

    def __init__(self, *arguments: object, **settings: object) -> None:
        super().__init__(*arguments, **settings)  # type: ignore[arg-type]
        self._early: list[bytes] = []
        self._listener: Listener | None = None
        self._is_data = False

    def attach(self, listener: Listener) -> None:
        """Tell ``listener`` from now on, first of what came before."""
        self._listener = listener
        for data in self._early:
            listener.heard(data)
        self._early.clear()
        if self.protocol.state is State.CLOSED:
            listener.ended(self._problem())

    def push(self, data: bytes) -> None:
        """Send without waiting; nothing when the other side has gone."""
        if self.protocol.state is State.OPEN:
            self.protocol.send_binary(data)
            self.send_data()

    def hold(self, *, held: bool) -> None:
        """Read no more for now, or go on."""
        if self.transport.is_closing():
            return
        if held:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    # -- what the package calls -------------------------------------------------------------------

    def process_event(self, event: Event) -> None:
        """A frame came: data does not go through the package's queue of messages."""
        if not isinstance(event, Frame) or event.opcode not in DATA_OPCODES:
            super().process_event(event)
            return
        if event.opcode is not Opcode.CONT:
            self._is_data = event.opcode is Opcode.BINARY
        if not self._is_data or not event.data:
            return
        data = cast("bytes", event.data)
        if self._listener is not None:
            self._listener.heard(data)
        else:
            self._early.append(data)

    def pause_writing(self) -> None:
        """The server is slow."""
        super().pause_writing()
        if self._listener is not None:
            self._listener.room(free=False)

    def resume_writing(self) -> None:
        """The server has caught up."""
        super().resume_writing()
        if self._listener is not None:
            self._listener.room(free=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        super().connection_lost(exc)
        if self._listener is not None:
            self._listener.ended(self._problem())

    def _problem(self) -> str:
        why = self.protocol.close_exc
        return _why(why) if isinstance(why, ConnectionClosedError) else ""


async def dial_direct(rest: Rest, path: str) -> DirectSocket:
    """``dial`` for bulk. Raises as it does."""
    return cast("DirectSocket", await _dial(rest, path, {}, (SUBPROTOCOL,), DirectSocket))


async def dial(
    rest: Rest,
    path: str,
    query: Mapping[str, str] | None = None,
    protocols: tuple[str, ...] = (SUBPROTOCOL,),
) -> SocketDuplex:
    """Open the stream at ``path``, offering ``protocols``.

    Raises an ``ApiError`` when the server refuses it, ``Unreachable`` when it does not answer.
    """
    connection = await _dial(rest, path, query or {}, protocols)
    return SocketDuplex(connection)


async def _dial(
    rest: Rest,
    path: str,
    query: Mapping[str, str],
    protocols: tuple[str, ...],
    make: Callable[..., ClientConnection] = ClientConnection,
) -> ClientConnection:
    for attempt in (1, 2):
        try:
            return await _connect(rest, path, query, protocols, make)
        except InvalidStatus as error:
            response = error.response
            if response.status_code == 401 and attempt == 1 and rest.credentials.renew():
                continue
            if response.status_code < 400:
                said = f"it answered {response.status_code}"
                raise StreamError(f"{rest.target.server} opened no websocket: {said}") from error
            raise refusal(
                response.status_code, bytes(response.body or b""), f"GET {path}"
            ) from error
        except ProxyError as error:
            raise Unreachable(
                f"the proxy did not connect to {rest.target.server}: {error}"
            ) from error
        except InvalidMessage as error:
            if not isinstance(error.__cause__, EOFError):
                raise no_api_server(rest.target.server) from error
            raise Unreachable(
                f"{rest.target.server} closed the connection without an answer"
            ) from error
        except InvalidHandshake as error:
            raise StreamError(f"{rest.target.server} opened no websocket: {error}") from error
        except OSError as error:
            raise unreachable(
                rest.target.server, error, rest.target.timeout or _OPEN_TIMEOUT
            ) from error
    raise AssertionError("both attempts return or raise")


async def _connect(
    rest: Rest,
    path: str,
    query: Mapping[str, str],
    protocols: tuple[str, ...],
    make: Callable[..., ClientConnection],
) -> ClientConnection:
    target = rest.target
    url = urlsplit(target.server)
    where = f"{url.path.rstrip('/') if url.scheme.startswith('http') else ''}{escaped(path)}"
    where += f"?{urlencode(query)}" if query else ""
    common: dict[str, object] = {
        "additional_headers": rest.credentials.headers(),
        "user_agent_header": USER_AGENT,
        "compression": None,
        "ping_interval": None,
        "max_size": None,
        "open_timeout": target.timeout or _OPEN_TIMEOUT,
        "close_timeout": 1,
    }
    if any("/" in name for name in protocols):
        common["create_connection"] = _offering(protocols)
    else:
        common["subprotocols"] = list(protocols)
        common["create_connection"] = make
    if rest.talk.verbosity >= 6:
        rest.talk.line(f"GET {target.server}{where} (websocket)")
    if url.scheme == "unix":
        return await unix_connect(socket_path(target.server), f"ws://localhost{where}", **common)
    proxy = proxy_for(target, rest.environ)
    common["proxy"] = proxy.url if proxy and proxy.scheme in {"http", "https"} else None
    if proxy is not None and common["proxy"] is None:
        limit = target.timeout or _OPEN_TIMEOUT
        port = url.port or (443 if url.scheme == "https" else 80)
        common["sock"] = await asyncio.to_thread(socks, proxy, url.hostname or "", port, limit)
    if url.scheme == "https":
        loop = asyncio.get_running_loop()
        common["ssl"] = await loop.run_in_executor(None, rest.tls) if target.plugin else rest.tls()
        if target.tls_server_name:
            common["server_hostname"] = target.tls_server_name
    scheme = "wss" if url.scheme == "https" else "ws"
    return await connect(f"{scheme}://{url.netloc}{where}", **common)  # type: ignore[arg-type]


def _offering(names: tuple[str, ...]) -> Callable[..., ClientConnection]:
    """Makes connections that offer names with a slash, which the package takes for invalid."""

    def chosen(headers: Headers) -> str | None:
        return next((name for name in headers.get_all(_PROTOCOL_HEADER) if name in names), None)

    def create(protocol: ClientProtocol, **settings: object) -> ClientConnection:
        protocol.available_subprotocols = [Subprotocol(name) for name in names]
        protocol.process_subprotocol = chosen  # type: ignore[method-assign,assignment]
        return ClientConnection(protocol, **settings)  # type: ignore[arg-type]

    return create
