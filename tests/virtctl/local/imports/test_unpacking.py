"""Compressed streams."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Iterator

import pytest

from launcher.disks import CHUNK, Packing
from virtctl.local.imports.job import Refused
from virtctl.local.imports.unpacking import pieces, unpacked

DATA = b"".join(number.to_bytes(4, "big") for number in range(60_000)) + bytes(3 * CHUNK)


def stream(data: bytes, size: int = 100_000) -> Iterator[memoryview]:
    for place in range(0, len(data), size):
        yield memoryview(data[place : place + size])


class Dribble:
    """Gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def readinto(self, buffer: memoryview) -> int:
        size = min(1000, len(buffer))
        piece, self.data = self.data[:size], self.data[size:]
        buffer[: len(piece)] = piece
        return len(piece)


def test_pieces_are_full_but_for_the_last() -> None:
    found = [bytes(piece) for piece in pieces(Dribble(DATA[: CHUNK + 5]))]
    assert [len(piece) for piece in found] == [CHUNK, 5]
    assert b"".join(found) == DATA[: CHUNK + 5]


@pytest.mark.parametrize(
    ("packing", "pack"), [(Packing.GZIP, gzip.compress), (Packing.XZ, lzma.compress)]
)
@pytest.mark.parametrize("size", [977, 100_000, 10**9])
def test_what_was_packed_comes_out(packing: Packing, pack, size: int) -> None:
    two = pack(DATA[:1000]) + pack(DATA[1000:]) + bytes(512)
    found = [bytes(piece) for piece in unpacked(stream(two, size), packing)]
    assert b"".join(found) == DATA
    assert max(map(len, found)) <= CHUNK


@pytest.mark.parametrize(
    ("packing", "pack"), [(Packing.GZIP, gzip.compress), (Packing.XZ, lzma.compress)]
)
def test_what_is_cut_off_is_refused(packing: Packing, pack) -> None:
    with pytest.raises(Refused, match="cut off"):
        list(unpacked(stream(pack(DATA)[:-9]), packing))


@pytest.mark.parametrize(
    ("packing", "pack"), [(Packing.GZIP, gzip.compress), (Packing.XZ, lzma.compress)]
)
def test_what_is_damaged_is_refused(packing: Packing, pack) -> None:
    data = bytearray(pack(DATA))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(Refused, match=r"damaged|cut off"):
        list(unpacked(stream(bytes(data)), packing))


def test_nothing_is_cut_off() -> None:
    with pytest.raises(Refused, match="cut off"):
        list(unpacked(iter(()), Packing.GZIP))
