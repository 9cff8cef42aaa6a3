"""Decompress a stream as it comes: gzip and xz. zstd is left to its program, on whole files."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from launcher.disks import CHUNK, Packing
from virtctl.local.imports.job import Refused

_MEMORY = 256 << 20  # bytes that xz may use: its largest preset needs a quarter of that
_GZIP = 31  # zlib's word for a gzip header and trailer


class Stream(Protocol):
    """Bytes to be read."""

    def readinto(self, buffer: memoryview) -> int:
        """Fill at least a part of ``buffer``; 0 at the end. Raises ``LocalError``."""


class _Unpacker(Protocol):
    """One member of a compressed file."""

    @property
    def eof(self) -> bool:
        """Whether the member is over."""

    @property
    def unused_data(self) -> bytes:
        """What follows the member."""

    def more(self, data: bytes) -> bytes:
        """At most ``CHUNK`` bytes out of ``data`` and what is held back."""

    @property
    def hungry(self) -> bool:
        """Whether nothing is held back."""


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP)
        self._full = False  # zlib may hold back more than it says after a full answer

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def hungry(self) -> bool:
        return not self._inner.unconsumed_tail and not self._full

    def more(self, data: bytes) -> bytes:
        out = self._inner.decompress(self._inner.unconsumed_tail + data, CHUNK)
        self._full = len(out) == CHUNK
        return out


class _Xz:
    def __init__(self) -> None:
        self._inner = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def hungry(self) -> bool:
        return self._inner.needs_input

    def more(self, data: bytes) -> bytes:
        return self._inner.decompress(data, CHUNK)


_UNPACKERS: dict[Packing, Callable[[], _Unpacker]] = {Packing.GZIP: _Gzip, Packing.XZ: _Xz}


def pieces(stream: Stream) -> Iterator[memoryview]:
    """The stream in pieces; each is good until the next is asked for."""
    buffer = memoryview(bytearray(CHUNK))
    while got := _fill(stream, buffer):
        yield buffer[:got]


def _fill(stream: Stream, buffer: memoryview) -> int:
    """Read until ``buffer`` is full: whole blocks are what holes are found in."""
    done = 0
    while done < len(buffer) and (got := stream.readinto(buffer[done:])):
        done += got
    return done


def unpacked(stream: Iterable[memoryview], packing: Packing) -> Iterator[memoryview]:
    """The contents of a compressed stream, in pieces of at most ``CHUNK`` bytes.

    Raises ``Refused`` for a stream that is damaged or cut off.
    """
    make = _UNPACKERS[packing]
    member: _Unpacker | None = None
    complete = False
    try:
        for piece in stream:
            data = bytes(piece)
            while data or (member is not None and not member.hungry):
                if member is None:
                    data = data.lstrip(b"\0")  # padding between members, or after the last
                    if not data:
                        break
                    member = make()
                out, data = member.more(data), b""
                if out:
                    yield memoryview(out)
                if member.eof:
                    data, member, complete = member.unused_data, None, True
    except (zlib.error, lzma.LZMAError) as error:
        raise Refused(f"the {packing} stream is damaged: {error}") from error
    if member is not None or not complete:
        raise Refused(f"the {packing} stream is cut off")
