"""pcap streams: where a frame ends."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

_HEAD = 24
_RECORD = struct.Struct("<IIII")


def counted(chunks: Iterable[bytes], wanted: int) -> Iterator[bytes]:
    """A little-endian pcap stream until so many frames are whole."""
    held = b""
    started = False
    for chunk in chunks:
        held += chunk
        if not started and len(held) >= _HEAD:
            started = True
            yield held[:_HEAD]
            held = held[_HEAD:]
        while started and len(held) >= _RECORD.size:
            whole = _RECORD.size + _RECORD.unpack_from(held)[2]
            if len(held) < whole:
                break
            yield held[:whole]
            held, wanted = held[whole:], wanted - 1
            if not wanted:
                return
