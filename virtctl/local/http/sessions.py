"""The server's side of an HTTP/2 connection (RFC 9113) without I/O: python-hyper's ``h2``, bounded.

What the library leaves open is here: how much a client may ask for, and may be a nuisance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes as Code
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    PingAckReceived,
    PingReceived,
    PriorityUpdated,
    RemoteSettingsChanged,
    RequestReceived,
    SettingsAcknowledged,
    StreamEnded,
    StreamReset,
    UnknownFrameReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hpack import NeverIndexedHeaderTuple
from hyperframe.frame import GoAwayFrame

Field: TypeAlias = tuple[bytes, bytes]
"""Name, in lower case, and value."""

_WINDOW = 65535  # of a connection, until something else is said
_OVERHEAD = 32  # what each header field counts for beyond its bytes (RFC 7541 section 4.1)
_SILENT = 2 * 1024 * 1024  # bytes of which nothing comes: of frames that are not complete, mostly
_PATH = re.compile(rb"/[!-~]*")
# Values that do not come again would push those that do out of the table.
_UNIQUE = {b"audit-id", b"content-length", b"content-range", b"etag", b"location"}


@dataclass(frozen=True)
class Bounds:
    """What a client may do.

    ``streams`` at a time, whose bodies may be ``stream_window`` bytes ahead of their readers each
    and ``window`` bytes together. ``nuisances`` are frames that ask for nothing (resets, pings,
    settings, and the like) which may come at once; ``refill`` of them are forgiven each second.
    """

    streams: int = 100
    head_bytes: int = 64 * 1024
    stream_window: int = 256 * 1024
    window: int = 1024 * 1024
    nuisances: int = 1000
    refill: int = 100


@dataclass(slots=True)
class Head:
    """A request's head; ``fields`` begin with the host."""

    method: bytes
    target: bytes
    fields: list[Field]


@dataclass(slots=True)
class Stream:
    """One request and its answer.

    ``asked`` when the request is complete. Of its body, ``held`` bytes came that nobody took yet.
    """

    number: int
    asked: bool = False
    held: int = 0


class Handler(Protocol):
    """Who is told what comes."""

    def begin(self, stream: Stream, head: Head) -> bool:
        """A request has begun; False refuses it."""

    def refuse(self, stream: Stream) -> None:
        """The head of a request is larger than is allowed."""

    def receive(self, stream: Stream, data: bytes) -> None:
        """Some of the body has come, of which no more is sent than is taken."""

    def end(self, stream: Stream) -> None:
        """The request is complete."""

    def cancel(self, stream: Stream) -> None:
        """The stream has ended too early; nothing can be sent on it any more."""

    def widen(self, stream: Stream | None) -> None:
        """There is room again on a stream, or on all."""


class Session:
    """One connection: bytes in, calls of ``handler`` and bytes out.

    A client that says that it goes is taken at its word: what it still asked for is not answered.
    """

    def __init__(self, handler: Handler, bounds: Bounds) -> None:
        self.streams: dict[int, Stream] = {}
        self.closed = False
        """Whether the connection has to be closed, once all is written."""
        self.draining = False
        self.greeted = False
        self.pending = 0
        """About how many bytes are to be taken."""
        self.silent = 0
        """Bytes that came since anything was understood."""
        self._handler = handler
        self._bounds = bounds
        self._left: float = bounds.nuisances
        self._last = b""
        self._gone: set[int] = set()
        self._readers: dict[type[Event], Callable[..., None]] = {
            RequestReceived: self._read_request,
            DataReceived: self._read_data,
            StreamEnded: self._read_end,
            StreamReset: self._read_reset,
            WindowUpdated: self._read_window,
            RemoteSettingsChanged: self._read_settings,
            SettingsAcknowledged: self._read_agreement,
            ConnectionTerminated: self._read_goaway,
            PingReceived: self._spend,
            PingAckReceived: self._spend,
            PriorityUpdated: self._spend,
            UnknownFrameReceived: self._spend,
        }
        self._h2 = H2Connection(
            H2Configuration(
                client_side=False,
                header_encoding=None,
                # The application's fields are sound, and checking them costs more than all else.
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self._greet()

    def _greet(self) -> None:
        settings = {
            SettingCodes.MAX_CONCURRENT_STREAMS: self._bounds.streams,
            SettingCodes.INITIAL_WINDOW_SIZE: self._bounds.stream_window,
            SettingCodes.MAX_HEADER_LIST_SIZE: self._bounds.head_bytes,
        }
        self._h2.local_settings = Settings(client=False, initial_values=settings)
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(self._bounds.window - _WINDOW)
        # The library ends the connection of who has too many streams or fields; we the stream.
        self._h2.local_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = 2 * self._bounds.streams
        self._h2.local_settings.acknowledge()
        self._h2.decoder.max_header_list_size = 2 * self._bounds.head_bytes
        self.pending = 1

    # Receiving

    def receive(self, data: bytes) -> None:
        """Bytes have come."""
        if self.closed:
            return
        self.pending += 1
        try:
            events = self._h2.receive_data(data)
        except ProtocolError:  # of which the library tells the client
            self.closed = self.draining = True
            return
        self.silent = 0 if events else self.silent + len(data)
        if self.silent > _SILENT:
            self.close(Code.ENHANCE_YOUR_CALM, "nothing comes of all that")
        # The library is ahead of its events: of what is reset already nothing can be answered.
        self._gone = {event.stream_id for event in events if isinstance(event, StreamReset)}
        for event in events:
            read = self._readers.get(type(event))
            if read is not None and not self.closed:
                read(event)

    def _spend(self, _: Event | None = None) -> None:
        """A frame has come that asks for nothing: of these a client may send so many."""
        self._left -= 1
        if self._left < 0:
            self.close(Code.ENHANCE_YOUR_CALM, "too many frames that ask for nothing")

    def refill(self, seconds: float) -> None:
        """Forgive some of the frames that asked for nothing, now that ``seconds`` have passed."""
        self._left = min(self._left + self._bounds.refill * seconds, self._bounds.nuisances)

    def _read_request(self, event: RequestReceived) -> None:
        if event.stream_id in self._gone:
            return
        stream = Stream(event.stream_id, asked=event.stream_ended is not None)
        if self.draining or len(self.streams) >= self._bounds.streams:
            self._refuse(stream, Code.REFUSED_STREAM)
            return
        fields = [(bytes(name), bytes(value)) for name, value in event.headers]
        size = sum(len(name) + len(value) + _OVERHEAD for name, value in fields)
        if size > self._bounds.head_bytes:
            self.streams[stream.number] = stream
            self._handler.refuse(stream)
            return
        head = _head(fields)
        if head is None:
            self._refuse(stream, Code.PROTOCOL_ERROR)
            return
        self.streams[stream.number] = stream
        if not self._handler.begin(stream, head):
            self._refuse(stream, Code.REFUSED_STREAM)

    def _refuse(self, stream: Stream, code: Code) -> None:
        self._spend()
        self.reset(stream, code)

    def _read_data(self, event: DataReceived) -> None:
        size = event.flow_controlled_length or 0
        stream = self.streams.get(event.stream_id)
        if not event.data and event.stream_ended is None:
            self._spend()
        if stream is None:
            self._h2.acknowledge_received_data(size, event.stream_id)
            return
        padding = size - len(event.data)
        if padding:
            self._h2.acknowledge_received_data(padding, event.stream_id)
        stream.held += len(event.data)
        if event.data:
            self._handler.receive(stream, bytes(event.data))

    def _read_end(self, event: StreamEnded) -> None:
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            stream.asked = True
            self._handler.end(stream)

    def _read_reset(self, event: StreamReset) -> None:
        self._spend()
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            self._drop(stream)
            self._handler.cancel(stream)

    def _read_window(self, event: WindowUpdated) -> None:
        if not event.stream_id:
            self._handler.widen(None)
        elif event.stream_id in self.streams:
            self._handler.widen(self.streams[event.stream_id])

    def _read_settings(self, _: RemoteSettingsChanged) -> None:
        if self.greeted:
            self._spend()
        self.greeted = True
        self._handler.widen(None)

    def _read_agreement(self, _: SettingsAcknowledged) -> None:
        self._spend()
        # The library goes back to what was announced.
        self._h2.decoder.max_header_list_size = 2 * self._bounds.head_bytes

    def _read_goaway(self, _: ConnectionTerminated) -> None:
        self.closed = self.draining = True

    # Sending

    def take(self) -> bytes:
        """All that is to be sent."""
        data = self._h2.data_to_send() + self._last
        self._last = b""
        self.pending = 0
        return data

    def room(self, stream: Stream) -> int:
        """How many bytes of a body can be sent on ``stream`` now; may be negative."""
        return self._h2.local_flow_control_window(stream.number)

    def answer(self, stream: Stream, fields: Iterable[Field], *, end: bool = False) -> None:
        """Send the head of an answer, behind which nothing comes with ``end``."""
        headers = [
            NeverIndexedHeaderTuple(name, value) if name in _UNIQUE else (name, value)
            for name, value in fields
        ]
        self._h2.send_headers(stream.number, headers, end_stream=end)
        self.pending += 100
        if end:
            self._finish(stream)

    def send(self, stream: Stream, data: bytes | memoryview, *, end: bool = False) -> None:
        """Send some of a body, no more than there is room for, and with ``end`` the last of it."""
        most = self._h2.max_outbound_frame_size
        self.pending += len(data) + 1
        while len(data) > most:
            data = memoryview(data)
            self._send(stream, data[:most], end=False)
            data = data[most:]
        self._send(stream, data, end=end)
        if end:
            self._finish(stream)

    def _send(self, stream: Stream, data: bytes | memoryview, *, end: bool) -> None:
        self._h2.send_data(stream.number, data, end_stream=end)

    def _finish(self, stream: Stream) -> None:
        """Whoever has the whole answer need not send the rest of the request (section 8.1)."""
        if stream.asked:
            self._drop(stream)
        else:
            self.reset(stream, Code.NO_ERROR)

    def reset(self, stream: Stream, code: Code) -> None:
        """End ``stream``, on which nothing is sent or received from now on."""
        with suppress(ProtocolError):  # when it, or the connection, has ended meanwhile
            self._h2.reset_stream(stream.number, code)
        self.pending += 1
        self._drop(stream)

    def _drop(self, stream: Stream) -> None:
        self.streams.pop(stream.number, None)
        self.consume(stream, stream.held)

    def consume(self, stream: Stream, size: int) -> None:
        """``size`` bytes of a body were taken: the client may send as many."""
        size = min(size, stream.held)  # it may have been given back when the stream ended
        stream.held -= size
        if size:
            self._h2.acknowledge_received_data(size, stream.number)
            self.pending += 1

    def drain(self) -> None:
        """Begin nothing any more: clients ask elsewhere for what is not under way."""
        if not self.draining:
            self.draining = True
            # By hand: the library lets nothing be sent behind it.
            last = self._h2.highest_inbound_stream_id
            self._last = GoAwayFrame(0, last, Code.NO_ERROR).serialize()
            self.pending += 1

    def close(self, code: Code, problem: str) -> None:
        """Say why the connection ends now, which then is to be closed."""
        if not self.closed:
            self.closed = self.draining = True
            self._h2.close_connection(code, problem.encode())
            self.pending += 1


def _head(fields: Sequence[Field]) -> Head | None:
    """The head that ``fields`` make, which the library has looked at; None for what is no use."""
    pseudo: dict[bytes, bytes] = {}
    others: list[Field] = []
    cookies: list[bytes] = []
    host = b""
    for name, value in fields:
        if name[:1] == b":":
            pseudo[name] = value
        elif name == b"cookie":
            cookies.append(value)
        elif name == b"host":
            host = value
        else:
            others.append((name, value))
    method, target = pseudo.get(b":method", b""), pseudo.get(b":path", b"")
    if not _PATH.fullmatch(target) or not method.isalpha() or not method.isascii():
        return None
    if cookies:
        others.append((b"cookie", b"; ".join(cookies)))
    return Head(method, target, [(b"host", pseudo.get(b":authority", host)), *others])
