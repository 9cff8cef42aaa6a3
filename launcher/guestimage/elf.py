"""Which shared libraries an ELF program names (elf(5): PT_DYNAMIC, DT_NEEDED), for 64-bit files."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NULL, _DT_NEEDED, _DT_STRTAB = 0, 1, 5


@dataclass(frozen=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


def needed(program: bytes) -> tuple[str, ...]:
    """Names of the libraries that ``program`` wants loaded, in its order; none when it is static.

    Raises ``ValueError`` when the bytes are not a little-endian 64-bit ELF file.
    """
    segments = list(_segments(program))
    dynamic = [entry for segment in segments for entry in _dynamic(program, segment)]
    tables = [value for tag, value in dynamic if tag == _DT_STRTAB]
    if not tables:
        return ()
    table = _file_offset(segments, tables[0])
    return tuple(_text(program, table + value) for tag, value in dynamic if tag == _DT_NEEDED)


def interpreter(program: bytes) -> str | None:
    """Path of the dynamic loader that runs ``program``; None when it is static."""
    for segment in _segments(program):
        if segment.kind == _PT_INTERP:
            return _text(program, segment.offset)
    return None


def _segments(program: bytes) -> Iterator[_Segment]:
    if program[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a little-endian 64-bit ELF file")
    try:
        (start,) = struct.unpack_from("<Q", program, 32)
        size, count = struct.unpack_from("<HH", program, 54)
        for number in range(count):
            kind, _, offset, address, _, length = struct.unpack_from(
                "<IIQQQQ", program, start + number * size
            )
            yield _Segment(kind, offset, address, length)
    except struct.error as error:
        raise ValueError("the ELF file is cut short") from error


def _dynamic(program: bytes, segment: _Segment) -> Iterator[tuple[int, int]]:
    if segment.kind != _PT_DYNAMIC:
        return
    part = program[segment.offset : segment.offset + segment.size]
    for tag, value in struct.iter_unpack("<qQ", part[: len(part) // 16 * 16]):
        if tag == _DT_NULL:
            return
        yield tag, value


def _file_offset(segments: list[_Segment], address: int) -> int:
    for segment in segments:
        if segment.kind == _PT_LOAD and 0 <= address - segment.address < segment.size:
            return address - segment.address + segment.offset
    raise ValueError(f"no segment of the ELF file holds address {address:#x}")


def _text(program: bytes, offset: int) -> str:
    return program[offset : program.index(b"\0", offset)].decode()
