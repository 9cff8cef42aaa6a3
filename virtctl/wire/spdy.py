"""SPDY/3.1 framing, as port-forward, exec and attach of pods use it. Sans-I/O.

Source: SPDY protocol, draft 3.1. Streams, data, resets and pings; no flow control windows, which
the Go clients do not keep either: the connection's own back pressure does.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from virtctl.errors import StreamError

_CONTROL = 0x8000_0000
_VERSION = 3
_FIN = 1
_CHUNK = 32 * 1024
_MAX_CONTROL = 64 * 1024
_MAX_HEADERS = 64 * 1024
_MAX_DATA = 1 << 20

# The dictionary of header compression is a part of the protocol (section 2.6.10.1): names and some
# values, each after its length, and then common words.
_NAMES = (
    "options", "head", "post", "put", "delete", "trace", "accept", "accept-charset",
    "accept-encoding", "accept-language", "accept-ranges", "age", "allow", "authorization",
    "cache-control", "connection", "content-base", "content-encoding", "content-language",
    "content-length", "content-location", "content-md5", "content-range", "content-type", "date",
    "etag", "expect", "expires", "from", "host", "if-match", "if-modified-since", "if-none-match",
    "if-range", "if-unmodified-since", "last-modified", "location", "max-forwards", "pragma",
    "proxy-authenticate", "proxy-authorization", "range", "referer", "retry-after", "server", "te",
    "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning",
    "www-authenticate", "method", "get", "status", "200 OK", "version", "HTTP/1.1", "url",
    "public", "set-cookie", "keep-alive", "origin",
)  # fmt: skip
_WORDS = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203"
    " Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 "
    "Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service"
    " UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, "
    "Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application"
    "/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8"
    "charset=iso-8859-1,utf-,*,enq=0."
)


def _sized(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">I", len(data)) + data


DICTIONARY = b"".join(_sized(name) for name in _NAMES) + _WORDS.encode()


class _Type(IntEnum):
    SYN_STREAM = 1
    SYN_REPLY = 2
    RST_STREAM = 3
    PING = 6
    GOAWAY = 7
    HEADERS = 8


class Reset(IntEnum):
    """Why a stream is reset (section 2.6.3)."""

    PROTOCOL_ERROR = 1
    REFUSED_STREAM = 3
    CANCEL = 5
    INTERNAL_ERROR = 6


@dataclass(frozen=True)
class Opened:
    """The other side opened a stream; with ``fin`` it will send nothing on it."""

    stream: int
    headers: dict[str, str]
    fin: bool


@dataclass(frozen=True)
class Replied:
    """The other side accepted our stream."""

    stream: int
    headers: dict[str, str]
    fin: bool


@dataclass(frozen=True)
class Received:
    """Data came on a stream; with ``fin`` it was the last."""

    stream: int
    data: bytes
    fin: bool


@dataclass(frozen=True)
class WasReset:
    """The other side gave a stream up."""

    stream: int


@dataclass(frozen=True)
class Pinged:
    """The other side wants its ping back: send ``pong``."""

    pong: bytes


@dataclass(frozen=True)
class Ended:
    """The other side opens no more streams."""


Event: TypeAlias = Opened | Replied | Received | WasReset | Pinged | Ended


class SpdyConnection:
    """One end of a connection: bytes in, events out; and the bytes of what we want to say.

    A client's streams and pings have odd numbers, a server's even ones.
    """

    def __init__(self, *, client: bool = False) -> None:
        self._rest = bytearray()
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)
        self._next = 1 if client else 2

    # What comes

    def receive(self, data: bytes) -> Iterator[Event]:
        """The events that ``data`` completes. Raises ``StreamError`` on what is no SPDY."""
        self._rest += data
        while len(self._rest) >= 8:
            word, sized = struct.unpack_from(">II", self._rest)
            flags, length = sized >> 24, sized & 0xFF_FFFF
            if length > (_MAX_CONTROL if word & _CONTROL else _MAX_DATA):
                raise StreamError(f"a SPDY frame of {length} bytes is too long")
            if len(self._rest) < 8 + length:
                return
            body = bytes(self._rest[8 : 8 + length])
            del self._rest[: 8 + length]
            event = self._event(word, flags, body)
            if event is not None:
                yield event

    def _event(self, word: int, flags: int, body: bytes) -> Event | None:
        fin = bool(flags & _FIN)
        if not word & _CONTROL:
            return Received(word, body, fin)
        if (word >> 16) & 0x7FFF != _VERSION:
            raise StreamError("the other side does not speak SPDY/3")
        try:
            return self._control(word & 0xFFFF, body, fin=fin)
        except (struct.error, zlib.error, UnicodeDecodeError) as error:
            raise StreamError(f"a SPDY frame is not understood: {error}") from error

    def _control(self, type_: int, body: bytes, *, fin: bool) -> Event | None:
        event: Event | None = None
        match type_:
            case _Type.SYN_STREAM:
                event = Opened(_stream(body), self._headers(body[10:]), fin)
            case _Type.SYN_REPLY:
                event = Replied(_stream(body), self._headers(body[4:]), fin)
            case _Type.HEADERS:
                self._headers(body[4:])  # the compression goes on through them
            case _Type.RST_STREAM:
                event = WasReset(_stream(body))
            case _Type.PING:
                (number,) = struct.unpack(">I", body)
                ours = number % 2 == self._next % 2
                event = None if ours else Pinged(_frame(_Type.PING, body))
            case _Type.GOAWAY:
                event = Ended()
            case _:
                pass
        return event

    def _headers(self, block: bytes) -> dict[str, str]:
        data = self._inflate.decompress(block, _MAX_HEADERS)
        if self._inflate.unconsumed_tail:
            raise StreamError(f"SPDY headers of more than {_MAX_HEADERS} bytes")
        (count,) = struct.unpack_from(">I", data)
        position, found = 4, {}
        for _ in range(count):
            name, position = _text(data, position)
            value, position = _text(data, position)
            found[name.lower()] = value
        return found

    # What we say

    def open(self, headers: Mapping[str, str], *, fin: bool = False) -> tuple[int, bytes]:
        """A new stream's number, and the frame that opens it."""
        stream = self._next
        self._next += 2
        body = struct.pack(">IIH", stream, 0, 0) + self._block(headers)
        return stream, _frame(_Type.SYN_STREAM, body, fin=fin)

    def reply(self, stream: int, headers: Mapping[str, str] | None = None) -> bytes:
        """The frame that accepts ``stream``."""
        return _frame(_Type.SYN_REPLY, struct.pack(">I", stream) + self._block(headers or {}))

    def data(self, stream: int, data: bytes, *, fin: bool = False) -> bytes:
        """The frames of ``data``; with ``fin`` nothing more will come."""
        pieces = [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)] or [b""]
        frames = []
        for number, piece in enumerate(pieces, 1):
            flags = _FIN if fin and number == len(pieces) else 0
            frames.append(struct.pack(">II", stream, flags << 24 | len(piece)) + piece)
        return b"".join(frames)

    def reset(self, stream: int, why: Reset = Reset.CANCEL) -> bytes:
        """The frame that gives ``stream`` up."""
        return _frame(_Type.RST_STREAM, struct.pack(">II", stream, why))

    def ping(self, number: int) -> bytes:
        """A ping; ``number`` is odd from clients."""
        return _frame(_Type.PING, struct.pack(">I", number))

    def _block(self, headers: Mapping[str, str]) -> bytes:
        pairs = b"".join(_sized(name.lower()) + _sized(value) for name, value in headers.items())
        packed = self._deflate.compress(struct.pack(">I", len(headers)) + pairs)
        return packed + self._deflate.flush(zlib.Z_SYNC_FLUSH)


def _stream(body: bytes) -> int:
    (number,) = struct.unpack_from(">I", body)
    return int(number) & 0x7FFF_FFFF


def _text(data: bytes, position: int) -> tuple[str, int]:
    (size,) = struct.unpack_from(">I", data, position)
    start, end = position + 4, position + 4 + size
    if end > len(data):
        raise StreamError("SPDY headers are cut off")
    return data[start:end].decode(), end


def _frame(type_: _Type, body: bytes, *, fin: bool = False) -> bytes:
    word = _CONTROL | _VERSION << 16 | type_
    return struct.pack(">II", word, (_FIN if fin else 0) << 24 | len(body)) + body
