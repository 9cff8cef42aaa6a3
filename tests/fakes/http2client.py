"""A client of HTTP/2: python-hyper's, and one that writes frames by hand."""

import asyncio
import contextlib
import ssl
import struct
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATIENCE = 150


@dataclass
class Answer:
    """What came on one stream."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False
    reset: int | None = None


class Http2Client:
    """One connection; ``greedy`` makes room for what it has got."""

    def __init__(self, reader, writer, *, greedy: bool = True) -> None:
        config = h2.config.H2Configuration(header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.answers: dict[int, Answer] = {}
        self.settings = {}
        self.pongs = 0
        self.goaway: int | None = None
        self.gone = False
        self.raw = b""
        self._greedy = greedy
        self._reader, self._writer = reader, writer
        self._news = asyncio.Condition()

    def flush(self) -> None:
        self._writer.write(self.h2.data_to_send())

    async def read(self) -> None:
        """Take what comes until the connection ends."""
        with contextlib.suppress(OSError):
            while data := await self._reader.read(1 << 16):
                self.raw += data
                try:
                    events = self.h2.receive_data(data)
                except h2.exceptions.ProtocolError:
                    continue  # it understands nothing any more behind GOAWAY
                for event in events:
                    self._take(event)
                self.flush()
                async with self._news:
                    self._news.notify_all()
        self.gone = True
        async with self._news:
            self._news.notify_all()

    def _take(self, event) -> None:
        match event:
            case h2.events.ResponseReceived():
                headers = dict(event.headers)
                self.answers[event.stream_id].status = int(headers.pop(":status"))
                self.answers[event.stream_id].headers = headers
            case h2.events.DataReceived():
                self.answers[event.stream_id].body += event.data
                if self._greedy:
                    size = event.flow_controlled_length
                    self.h2.acknowledge_received_data(size, event.stream_id)
            case h2.events.StreamEnded():
                self.answers[event.stream_id].ended = True
            case h2.events.StreamReset():
                self.answers[event.stream_id].reset = event.error_code
            case h2.events.RemoteSettingsChanged():
                changed = event.changed_settings
                self.settings.update({int(key): new.new_value for key, new in changed.items()})
            case h2.events.PingAckReceived():
                self.pongs += 1
            case h2.events.ConnectionTerminated():
                self.goaway = event.error_code

    async def until(self, test) -> None:
        """Return when ``test`` holds; there is an end to the patience."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(test)

    def begin(self, method: str, path: str, *, end: bool = True, **headers: str) -> int:
        """Send the head of a request; the number of its stream."""
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        fields = [(":method", method), (":path", path), (":scheme", "https"), (":authority", "api")]
        fields += [(name.replace("_", "-"), value) for name, value in headers.items()]
        self.h2.send_headers(stream, fields, end_stream=end)
        self.flush()
        return stream

    async def send(self, stream: int, body: bytes, *, end: bool = True) -> None:
        """Send a body as there is room for it, or until it is not wanted any more."""
        answer = self.answers[stream]
        while body and answer.reset is None:
            room = self.h2.local_flow_control_window(stream)
            size = min(room, len(body), self.h2.max_outbound_frame_size)
            if not size:
                await self.until(
                    lambda: (
                        answer.reset is not None or self.h2.local_flow_control_window(stream) > 0
                    )
                )
                continue
            self.h2.send_data(stream, body[:size])
            body = body[size:]
            self.flush()
            await self._writer.drain()
        if end and answer.reset is None:
            self.h2.end_stream(stream)
            self.flush()

    async def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """The whole answer to a request."""
        stream = self.begin(method, path, end=not body, **headers)
        if body:
            await self.send(stream, body)
        answer = self.answers[stream]
        await self.until(lambda: answer.ended or answer.reset is not None or self.gone)
        return answer

    def reset(self, stream: int) -> None:
        self.h2.reset_stream(stream, 8)
        self.flush()


@contextlib.asynccontextmanager
async def connected(port: int, context: ssl.SSLContext, *, greedy: bool = True, window: int = 0):
    """A client whose streams have ``window`` bytes of room, when that is given."""
    context.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    client = Http2Client(reader, writer, greedy=greedy)
    client.h2.initiate_connection()
    if window:
        client.h2.update_settings({4: window})
    client.flush()
    task = asyncio.create_task(client.read())
    try:
        await client.until(lambda: client.settings or client.gone)
        yield client
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    """A frame, whatever it means."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBL", kind, flags, stream) + payload


@contextlib.asynccontextmanager
async def raw(port: int, context: ssl.SSLContext, *said: bytes):
    """Reader and writer of a connection whose greeting is sent, with ``said`` behind it."""
    context.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        writer.write(PREFACE + frame(4) + b"".join(said))
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def frames(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """Kind, flags, stream and payload of whole frames."""
    found, at = [], 0
    while len(data) - at >= 9:
        size = int.from_bytes(data[at : at + 3], "big")
        kind, flags, stream = struct.unpack(">BBL", data[at + 3 : at + 9])
        found.append((kind, flags, stream, data[at + 9 : at + 9 + size]))
        at += 9 + size
    return found


async def last_word(reader) -> int | None:
    """The reason (a code) with which the server ends the connection; None when it gives none."""
    data = b""
    async with asyncio.timeout(PATIENCE):
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while part := await reader.read(1 << 16):
                data += part
    codes = [struct.unpack(">L", text[4:8])[0] for kind, _, _, text in frames(data) if kind == 7]
    return codes[-1] if codes else None
