"""Listening: HTTPS with client certificates, and a Unix socket, on one ASGI application.

uvicorn's protocols do the parsing. Its ``Server`` is left out: that polls ten times a second,
takes the signals, and serves one address only.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import logging
import socket
import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from virtctl.errors import LocalError
from virtctl.local.http.guarding import Guarded, Limits, Patience, Phase
from virtctl.local.http.identity import Peer
from virtctl.local.http.outlets import Outlet
from virtctl.local.http.spdyupgrades import SPDY, SpdyUpgrade

_MAX_MESSAGE = 16 * 1024 * 1024
_BACKLOG = 256
_HANDSHAKE_SECONDS = 10.0
_LIMITS = Limits()
_HTTP2 = "h2"
_MULTIPLEXING = "virtctl.local.http.multiplexing"


@dataclass(frozen=True)
class Tls:
    """Where to listen with TLS; ``port`` 0 takes a free one.

    Client certificates are asked for, and must be signed by ``ca_file``, when that is given.
    """

    host: str
    port: int
    cert_file: Path
    key_file: Path
    ca_file: Path | None = None


class Ending:
    """Tells who has to know that a connection has ended: cheaper than a task that waits for it."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []
        self._has_come = False

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` once, at the end, or now if that was before."""
        if self._has_come:
            listener()
        else:
            self._listeners.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` no more."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def come(self) -> None:
        """The connection has ended."""
        self._has_come = True
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()


class _Connection(HttpToolsProtocol, Guarded):
    """uvicorn's HTTP protocol that tells the application who the peer is, and is not patient."""

    def __init__(
        self, config: Config, state: ServerState, loop: asyncio.AbstractEventLoop, limits: Limits
    ) -> None:
        super().__init__(config, state, {}, loop)
        self._limits = limits
        self._patience = Patience(limits, loop.time())
        self._refused = False
        self._outlet = Outlet(self._write_chunk)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {"peer": peer_of(transport), "ending": Ending(), "outlet": self._outlet}
        if self.scheme == "https" and len(self.connections) > self._limits.connections:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        super().connection_lost(exc)
        self.app_state["ending"].come()

    def pause_writing(self) -> None:
        """Called by the event loop."""
        super().pause_writing()
        self._outlet.pause()

    def resume_writing(self) -> None:
        """Called by the event loop."""
        super().resume_writing()
        self._outlet.resume()

    def _write_chunk(self, part: bytes) -> None:
        """Some of an answer whose length was not told (RFC 9112 section 7.1)."""
        self.transport.write(b"%x\r\n%b\r\n" % (len(part), part))

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        if self._refused:
            return
        self._patience.receive(len(data))
        super().data_received(data)
        if self._patience.too_long:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def sweep(self, now: float) -> None:
        """End the connection when the client keeps us waiting for too long."""
        if self.flow.read_paused:
            self._patience.wait(now)  # for us
        if self._patience.is_over(now) and not self._refused:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        elif self._is_forgotten():
            self._patience.begin_head(now)

    def _is_forgotten(self) -> bool:
        """Whether nothing is under way, and no timer of uvicorn waits for the next request."""
        if self._patience.phase is not Phase.NOTHING or self.timeout_keep_alive_task is not None:
            return False
        current = self._current()
        return not self.pipeline and (current is None or current.response_complete)

    def _current(self) -> RequestResponseCycle | None:
        """The newest request, before the first of which there is none."""
        return self.cycle

    def _refuse(self, code: HTTPStatus) -> None:
        """Answer without having understood the request, and end the connection."""
        self._refused = True
        if self.transport.is_closing():
            return
        current = self._current()
        if current is None or current.response_complete or not current.response_started:
            text = code.phrase.encode()
            head = f"HTTP/1.1 {code} {code.phrase}\r\ncontent-type: text/plain\r\n"
            head += f"content-length: {len(text)}\r\nconnection: close\r\n\r\n"
            self.transport.write(head.encode() + text)
        self.transport.close()

    # Called by the parser

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._patience.begin_head(self.loop.time())
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there, perhaps with some of what comes behind it."""
        if self._patience.too_long:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > self._limits.head_bytes:
                return
        self._patience.begin_body(self.loop.time())
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        if self._patience.phase is Phase.BODY:
            self._patience.begin_body(self.loop.time())
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of the request."""
        if self._patience.phase is Phase.BODY:
            self._patience.rest()
            super().on_message_complete()

    def _asks_for_spdy(self) -> bool:
        return self._get_upgrade() == SPDY.lower().encode()

    def _should_upgrade(self) -> bool:
        return self._asks_for_spdy() or super()._should_upgrade()

    def handle_websocket_upgrade(self) -> None:
        """Called when the head of a request to upgrade is there; SPDY clients wait for ours."""
        self._patience.rest()
        if not self._asks_for_spdy():
            super().handle_websocket_upgrade()
            return
        self.connections.discard(self)
        protocol = SpdyUpgrade(self.config, self.server_state, {**self.scope, "raw_path": self.url})
        self.transport.set_protocol(protocol)
        protocol.start(self.transport)


class _Door(asyncio.Protocol):
    """A new connection over TLS, which speaks what the two sides have agreed on (ALPN)."""

    def __init__(
        self, config: Config, state: ServerState, loop: asyncio.AbstractEventLoop, limits: Limits
    ) -> None:
        self._config, self._state, self._loop, self._limits = config, state, loop, limits
        self._said: list[bytes] = []

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the event loop."""
        self._transport = transport
        if transport.get_extra_info("ssl_object").selected_alpn_protocol() != _HTTP2:
            self._lead_to(_Connection(self._config, self._state, self._loop, self._limits))
        elif _MULTIPLEXING in sys.modules:
            self._multiplex()
        else:
            task = self._loop.create_task(self._learn())
            self._state.tasks.add(task)
            task.add_done_callback(self._state.tasks.discard)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        self._said.append(data)

    async def _learn(self) -> None:
        """Only who speaks HTTP/2 waits until it is loaded, which takes a while."""
        self._transport.pause_reading()
        try:
            await asyncio.to_thread(importlib.import_module, _MULTIPLEXING)
            if not self._transport.is_closing():
                self._multiplex()
                self._transport.resume_reading()
        except BaseException:
            self._transport.abort()
            raise

    def _multiplex(self) -> None:
        from virtctl.local.http.multiplexing import Multiplexed

        self._lead_to(Multiplexed(self._config.loaded_app, self._state, self._limits))

    def _lead_to(self, protocol: asyncio.Protocol) -> None:
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        for data in self._said:
            protocol.data_received(data)


def _websockets(
    config: Config, server_state: ServerState, app_state: dict[str, object]
) -> asyncio.Protocol:
    """The protocol of a connection that becomes a websocket."""
    from virtctl.local.http.upgrades import Websockets

    return Websockets(config, server_state, app_state)


def peer_of(transport: asyncio.BaseTransport) -> Peer:
    """The names in the verified client certificate, if there is one."""
    if transport.get_extra_info("sslcontext") is None:
        name = transport.get_extra_info("sockname")
        return Peer(unix=not isinstance(name, tuple))
    certificate = transport.get_extra_info("peercert") or {}
    pairs = [pair for part in certificate.get("subject", ()) for pair in part]
    common = [value for key, value in pairs if key == "commonName"]
    organizations = tuple(value for key, value in pairs if key == "organizationName")
    secured = transport.get_extra_info("ssl_object")
    encoded = secured.getpeercert(binary_form=True) if secured is not None else None
    digest = hashlib.sha256(encoded).hexdigest() if encoded else ""
    return Peer(common[0] if common else "", organizations, digest=digest)


@dataclass
class Serving:
    """An open server; ``addresses`` are the bound TLS addresses, host and port."""

    state: ServerState
    servers: list[asyncio.Server]
    path: Path | None
    ticker: asyncio.Task[None]
    addresses: list[tuple[str, int]] = field(default_factory=list)
    tls: Tls | None = None
    context: ssl.SSLContext | None = None

    def renew(self) -> None:
        """Present the certificates that are in the files now to whoever connects from now on."""
        if self.tls is not None and self.context is not None:
            _load(self.context, self.tls)

    async def stop(self, grace: float = 2.0) -> None:
        """Stop listening, let answers finish for ``grace`` seconds, and end the rest."""
        for server in self.servers:
            server.close()
        self.ticker.cancel()
        for connection in list(self.state.connections):
            connection.shutdown()
        if self.state.tasks:
            await asyncio.wait(list(self.state.tasks), timeout=grace)
        for task in list(self.state.tasks):
            task.cancel()
        await asyncio.gather(*self.state.tasks, self.ticker, return_exceptions=True)
        for connection in list(self.state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        for server in self.servers:
            await server.wait_closed()
        if self.path is not None:
            _remove(self.path)


async def _tick(state: ServerState, seconds: float) -> None:
    """Keep the Date header of answers right, and end connections that keep us waiting."""
    loop = asyncio.get_running_loop()
    while True:
        state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        now = loop.time()
        for connection in list(state.connections):
            if isinstance(connection, Guarded):
                connection.sweep(now)
        await asyncio.sleep(seconds)


def _tls_context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([_HTTP2, "http/1.1"])
    # Tools resume no sessions, and some of them stumble over tickets that come while they write.
    context.num_tickets = 0
    _load(context, tls)
    return context


def _load(context: ssl.SSLContext, tls: Tls) -> None:
    context.load_cert_chain(tls.cert_file, tls.key_file)
    if tls.ca_file is not None:
        context.load_verify_locations(tls.ca_file)
        context.verify_mode = ssl.CERT_OPTIONAL


def _unix_socket(path: Path) -> socket.socket:
    """A bound socket that nobody but us can open, from its first moment on."""
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.setblocking(False)  # noqa: FBT003 - a system call
    try:
        made.bind(str(path))
        path.chmod(0o600)  # before listen: until then every connection is refused
    except OSError:
        made.close()
        raise
    return made


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def serve(
    app: ASGIApp,
    *,
    tls: Tls | None = None,
    uds: Path | None = None,
    limits: Limits = _LIMITS,
    doors: Sequence[socket.socket] = (),
) -> Serving:
    """Listen and serve ``app``; returns once connections are accepted.

    ``doors`` are further listening sockets for ``tls``, which are closed with the others.
    The Unix socket is made 0600: whoever can open it is the administrator. Raises ``LocalError``
    when an address is taken or a file cannot be used.
    """
    config = Config(
        app,
        http=_Connection,
        ws=_websockets,  # type: ignore[arg-type]  # is called, and no more
        ws_max_size=_MAX_MESSAGE,
        # A client whose reader is blocked does not pong; ending its console for that is wrong.
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whoever is behind a proxy of his own says so in vain
        timeout_keep_alive=limits.idle_seconds,
    )
    config.load()
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # not a line per websocket
    state = ServerState()
    loop = asyncio.get_running_loop()

    def door() -> asyncio.Protocol:
        return _Door(config, state, loop, limits)

    servers: list[asyncio.Server] = []
    addresses: list[tuple[str, int]] = []
    context = _tls_context(tls) if tls is not None else None
    try:
        if tls is not None:
            server = await loop.create_server(
                door,
                tls.host,
                tls.port,
                ssl=context,
                backlog=_BACKLOG,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS,
            )
            servers.append(server)
            addresses = [bound.getsockname()[:2] for bound in server.sockets]
        servers += [
            await loop.create_server(
                door, sock=listener, ssl=context, ssl_handshake_timeout=_HANDSHAKE_SECONDS
            )
            for listener in doors
        ]
        if uds is not None:
            listener = _unix_socket(uds)

            def connection() -> asyncio.Protocol:
                return _Connection(config, state, loop, limits)

            servers.append(
                await loop.create_unix_server(connection, sock=listener, backlog=_BACKLOG)
            )
    except OSError as error:
        for server in servers:
            server.close()
        for listener in doors:
            listener.close()
        where = f"{tls.host}:{tls.port}" if tls is not None and not servers else f"{uds}"
        raise LocalError(f"cannot listen on `{where}`: {error.strerror or error}") from error
    ticker = loop.create_task(_tick(state, limits.sweep_seconds))
    return Serving(state, servers, uds, ticker, addresses, tls, context)
