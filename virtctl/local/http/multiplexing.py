"""HTTP/2: many requests on one connection, each as ASGI sees those of HTTP/1.1.

What several of them have to say in one turn of the event loop goes out in one piece.
"""

from __future__ import annotations

import asyncio
import logging
import urllib.parse
from collections.abc import Callable, Iterable

from h2.errors import ErrorCodes as Code
from starlette.types import ASGIApp, Message, Scope
from uvicorn.protocols.utils import get_local_addr, get_remote_addr
from uvicorn.server import ServerState

from virtctl.local.http.guarding import Guarded, Limits
from virtctl.local.http.identity import Peer
from virtctl.local.http.outlets import Outlet
from virtctl.local.http.serving import Ending, peer_of
from virtctl.local.http.sessions import Bounds, Field, Head, Session, Stream

_log = logging.getLogger(__name__)
_FLUSHED = 64 * 1024  # bytes that are not held back for what else may be said
_HOARDED = 1024 * 1024  # bytes that wait for a client that goes on asking without reading
_DISCONNECT: Message = {"type": "http.disconnect"}
_PLAIN = (b"content-type", b"text/plain; charset=utf-8")
# Fields of HTTP/1.1's connections, which HTTP/2 must not have (RFC 9113 section 8.2.2).
_CONNECTION = {
    b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade",
}  # fmt: skip

# Answers with these end by themselves, so that a client may be expected to take them.
_BOUNDING = {b"content-length", b"content-encoding"}


class Multiplexed(asyncio.Protocol, Guarded):
    """A connection whose streams are requests to ``app``."""

    def __init__(self, app: ASGIApp, state: ServerState, limits: Limits) -> None:
        self.transport: asyncio.Transport | None = None
        self.loop = asyncio.get_running_loop()
        self.peer = Peer()
        self.state = state
        self.paused = False
        self._app = app
        self._limits = limits
        self._bounds = Bounds(head_bytes=limits.head_bytes, streams=limits.streams)
        self.session = Session(self, self._bounds)
        self._base: Scope = {}
        self._exchanges: dict[int, Exchange] = {}
        self._busy = 0
        self._waiting: dict[int, Callable[[], None]] = {}
        self._flushing = self._leaving = False
        self._since = self.loop.time()  # that nothing is asked
        self._waited = self._since
        self._swept = self._since

    # Called by the event loop

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        connections = self.state.connections
        connections.add(self)  # type: ignore[arg-type]  # has what is used of a connection
        self._base = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "2",
            "server": get_local_addr(transport),
            "client": get_remote_addr(transport),
            "scheme": "https",
            "root_path": "",
        }
        self.peer = peer_of(transport)
        if len(connections) > self._limits.connections:
            self.session.close(Code.ENHANCE_YOUR_CALM, "too many connections")
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.state.connections.discard(self)
        self._lose()

    def _lose(self) -> None:
        """Nothing can be sent any more."""
        exchanges, self._exchanges = self._exchanges, {}
        for exchange in exchanges.values():
            exchange.lose()
        self.widen(None)

    def data_received(self, data: bytes) -> None:
        self.session.receive(data)
        if self.session.closed:
            self._lose()
        if self.session.pending:
            self.flush_soon()
        transport = self.transport
        # Answers wait for the client to read, but not what is said of its frames.
        if self.paused and transport and transport.get_write_buffer_size() > _HOARDED:
            transport.abort()

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self.widen(None)

    # Called by the session

    def begin(self, stream: Stream, head: Head) -> bool:
        """A request: False while too many that the client gave up are still being worked on."""
        if self._busy >= 2 * self._bounds.streams:
            return False
        self._busy += 1
        path, _, query = head.target.partition(b"?")
        text = path.decode("ascii")
        scope = {
            **self._base,
            "method": head.method.decode("ascii"),
            "path": urllib.parse.unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            "headers": head.fields,
        }
        exchange = Exchange(self, stream, scope)
        self._exchanges[stream.number] = exchange
        task = self.loop.create_task(exchange.run(self._app))
        self.state.tasks.add(task)
        task.add_done_callback(self._finish)
        return True

    def _finish(self, task: asyncio.Task[None]) -> None:
        self.state.tasks.discard(task)
        self._busy -= 1

    def refuse(self, stream: Stream) -> None:
        """The head is too large, which is all that we know of it."""
        text = b"Request Header Fields Too Large"
        head = [(b":status", b"431"), _PLAIN, (b"content-length", b"%d" % len(text))]
        self.session.answer(stream, head)
        if self.session.room(stream) < len(text):
            self.session.reset(stream, Code.CANCEL)
        else:
            self.session.send(stream, text, end=True)

    def receive(self, stream: Stream, data: bytes) -> None:
        """Some of a body."""
        self._exchanges[stream.number].add(data)

    def end(self, stream: Stream) -> None:
        """The end of a body, or of the stream of a refused head."""
        exchange = self._exchanges.get(stream.number)
        if exchange is not None:
            exchange.wake()

    def cancel(self, stream: Stream) -> None:
        """The client does not want the answer any more."""
        exchange = self._exchanges.get(stream.number)
        if exchange is not None:
            self.forget(stream)
            exchange.lose()
            self._tell(stream)

    def widen(self, stream: Stream | None) -> None:
        """There is room on a stream, or on all: those who have waited longest are first."""
        if stream is not None:
            self._tell(stream)
            return
        waiting, self._waiting = self._waiting, {}
        for tell in waiting.values():
            tell()

    def _tell(self, stream: Stream) -> None:
        tell = self._waiting.pop(stream.number, None)
        if tell is not None:
            tell()

    # Called by exchanges

    def has_room(self, stream: Stream) -> bool:
        """Whether some of a body can be sent on ``stream``."""
        return not self.paused and self.session.room(stream) > 0

    def wait_for_room(self, stream: Stream, tell: Callable[[], None]) -> None:
        """Call ``tell`` when there may be some, or when nobody wants it any more."""
        self._waiting[stream.number] = tell

    def forget(self, stream: Stream) -> None:
        """The answer on ``stream`` is complete, or not wanted."""
        self._exchanges.pop(stream.number, None)
        if not self._exchanges:
            self._since = self.loop.time()

    def date(self) -> list[Field]:
        """The header fields of every answer."""
        return self.state.default_headers

    def flush_soon(self) -> None:
        """Send all, in this turn of the event loop's or the next."""
        if self.session.pending > _FLUSHED:
            self._flush()
        elif not self._flushing:
            self._flushing = True
            self.loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        transport = self.transport
        if transport is None or transport.is_closing():
            self.session.take()
            return
        if self.session.pending:
            transport.write(self.session.take())
        if self.session.closed or (self._leaving and not self.session.streams):
            transport.close()

    # Called by the server

    def shutdown(self) -> None:
        """Begin nothing any more, and close the connection when all is answered."""
        self._leaving = True
        self.session.drain()
        self._flush()

    def sweep(self, now: float) -> None:
        """End what the client keeps waiting for too long; forgive it some of what it did."""
        self.session.refill(now - self._swept)
        self._swept = now
        if self.session.draining and not self.session.streams:
            self._leaving = True
        elif not self._exchanges and self._is_idle(now):
            self.session.drain()  # and go with the next sweep: something may be on its way
        for exchange in list(self._exchanges.values()):
            exchange.sweep(now, self._limits)
        self._flush()

    def _is_idle(self, now: float) -> bool:
        """Whether nothing is asked for too long, or what was begun is not ended."""
        if self.session.greeted and not self.session.silent:
            self._waited = now
        late = now - self._waited > self._limits.head_seconds
        return late or now - self._since > self._limits.idle_seconds


class Exchange:
    """One request and its answer."""

    def __init__(self, connection: Multiplexed, stream: Stream, scope: Scope) -> None:
        self._connection = connection
        self._stream = stream
        self._scope = scope
        self._ending = Ending()
        self._outlet = Outlet(self._write)
        scope["state"] = {
            "peer": connection.peer,
            "ending": self._ending,
            "outlet": self._outlet,
        }
        self._kept = b""  # what was written to the outlet, and has no room
        self._chunks: list[bytes] = []
        self._wakened: asyncio.Event | None = None
        self._told = False  # the application has the whole request
        self._gone = False  # the client does not want the answer
        self._bare = False  # the answer has no body
        self._bounded = False
        self._started = self._complete = False
        self._heard = connection.loop.time()
        self._blocked: float | None = None

    async def run(self, app: ASGIApp) -> None:
        """Let ``app`` answer."""
        try:
            await app(self._scope, self._receive, self._send)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
            _log.error("%s %s", self._scope["method"], self._scope["path"], exc_info=error)
        finally:
            if not self._complete and not self._gone:
                self._abandon()

    def _abandon(self) -> None:
        """The application has not given an answer, or not all of it."""
        if self._started:
            self._give_up(Code.INTERNAL_ERROR)
        else:
            self._reply(500, b"Internal Server Error")

    def _reply(self, status: int, text: bytes) -> None:
        """Answer what the application does not."""
        session, stream = self._connection.session, self._stream
        fields = [(b":status", b"%d" % status), *self._connection.date(), _PLAIN]
        self._started = True
        if self._scope["method"] == "HEAD" or session.room(stream) < len(text):
            session.answer(stream, fields, end=True)
        else:
            session.answer(stream, fields)
            session.send(stream, text, end=True)
        self._finish()

    def _give_up(self, code: Code) -> None:
        self._connection.session.reset(self._stream, code)
        self._connection.cancel(self._stream)
        self._connection.flush_soon()

    # Called by the connection

    def add(self, data: bytes) -> None:
        """Some of the body has come."""
        self._heard = self._connection.loop.time()
        self._chunks.append(data)
        self.wake()

    def wake(self) -> None:
        """There is something to be received."""
        if self._wakened is not None:
            self._wakened.set()

    def lose(self) -> None:
        """The client has gone, or has lost interest."""
        self._gone = True
        self.wake()
        self._ending.come()

    def sweep(self, now: float, limits: Limits) -> None:
        """Look whether the client still sends what it began to, and takes what it asked for."""
        if self._blocked is not None and now - self._blocked > limits.stall_seconds:
            self._give_up(Code.CANCEL)
        elif self._starves() and now - self._heard > limits.body_seconds:
            if self._started:
                self._give_up(Code.CANCEL)
            else:
                self._reply(408, b"Request Timeout")
                self.lose()

    def _starves(self) -> bool:
        """Whether the application waits for a body."""
        waits = self._wakened is not None and not self._wakened.is_set()
        return waits and not self._stream.asked and not self._chunks

    # Called by the application

    async def _receive(self) -> Message:
        while True:
            if self._gone or self._complete:
                return _DISCONNECT
            asked = self._stream.asked
            if self._chunks or (asked and not self._told):
                body = b"".join(self._chunks)
                self._chunks.clear()
                self._told = asked
                if body:
                    self._connection.session.consume(self._stream, len(body))
                    self._connection.flush_soon()
                return {"type": "http.request", "body": body, "more_body": not asked}
            if self._wakened is None:
                self._wakened = asyncio.Event()
            self._wakened.clear()
            await self._wakened.wait()

    async def _send(self, message: Message) -> None:
        connection = self._connection
        while connection.paused and not self._gone:
            await self._room()
        if self._gone:
            return
        if message["type"] == "http.response.start":
            self._start(message["status"], message.get("headers", ()))
        else:
            await self._continue(message.get("body", b""), end=not message.get("more_body", False))
        connection.flush_soon()

    def _start(self, status: int, headers: Iterable[Field]) -> None:
        if self._started:
            raise RuntimeError("the answer has begun already")
        fields = [(b":status", b"%d" % status), *self._connection.date()]
        for name, value in headers:
            lower = name.lower()
            if lower in _CONNECTION:
                continue
            if lower in _BOUNDING:
                self._bounded = True
            fields.append((lower, value))
        self._started = True
        self._bare = self._scope["method"] == "HEAD" or status in {204, 304}
        self._connection.session.answer(self._stream, fields, end=self._bare)

    async def _continue(self, body: bytes, *, end: bool) -> None:
        if not self._started or self._complete:
            raise RuntimeError("the answer has not begun, or has ended already")
        session, stream = self._connection.session, self._stream
        if self._kept:
            body, self._kept = self._kept + body, b""
        if not self._bare:
            if len(body) <= max(session.room(stream), 0):
                if body or end:
                    session.send(stream, body, end=end)
            else:
                await self._push(memoryview(body), end=end)
        if end and not self._gone:
            self._finish()

    async def _push(self, body: memoryview, *, end: bool) -> None:
        """Send ``body`` as the client makes room for it."""
        connection, stream = self._connection, self._stream
        while body:
            while not self._gone and not connection.has_room(stream):
                if (self._bounded or end) and self._blocked is None:
                    self._blocked = connection.loop.time()
                await self._room()
            if self._gone:
                return
            self._blocked = None
            size = min(connection.session.room(stream), len(body))
            connection.session.send(stream, body[:size], end=end and size == len(body))
            body = body[size:]
            connection.flush_soon()

    async def _room(self) -> None:
        """Return when there may be room, or when nobody wants the answer any more."""
        future = self._connection.loop.create_future()

        def tell() -> None:
            if not future.done():
                future.set_result(None)

        self._connection.wait_for_room(self._stream, tell)
        await future

    def _write(self, part: bytes) -> None:
        """Called by who writes to the outlet."""
        if self._gone or self._complete:
            return
        self._kept = self._kept + part if self._kept else part
        self._write_kept()

    def _write_kept(self) -> None:
        connection, stream = self._connection, self._stream
        while self._kept and not self._gone and connection.has_room(stream):
            size = connection.session.room(stream)
            connection.session.send(stream, self._kept[:size])
            self._kept = self._kept[size:]
            connection.flush_soon()
        if self._gone:
            return
        if self._kept or connection.paused:
            self._outlet.pause()
            connection.wait_for_room(stream, self._write_kept)
        elif self._outlet.full:
            self._outlet.resume()

    def _finish(self) -> None:
        self._complete = True
        self._connection.forget(self._stream)
        self._connection.flush_soon()
        self.wake()
