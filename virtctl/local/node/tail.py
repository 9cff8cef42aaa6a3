"""Read a growing file from its end or its beginning, and follow it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

_CHUNK = 64 * 1024
_LOOK_AGAIN = 0.25  # seconds


async def follow_file(
    path: Path, *, follow: bool, tail: int | None, over: Callable[[], bool]
) -> AsyncIterator[bytes]:
    """The file's last ``tail`` lines (all when None), in chunks; a missing file is empty.

    With ``follow`` it goes on until ``over`` says that nothing more will be written. A file that
    became shorter is read from its beginning.
    """
    position = await asyncio.to_thread(_beginning, path, tail)
    while True:
        last = over()
        chunk, position = await asyncio.to_thread(_read, path, position)
        if chunk:
            yield chunk
        elif not follow or last:
            return
        else:
            await asyncio.sleep(_LOOK_AGAIN)


def _read(path: Path, position: int) -> tuple[bytes, int]:
    try:
        with path.open("rb") as file:
            if path.stat().st_size < position:
                position = 0
            file.seek(position)
            chunk = file.read(_CHUNK)
    except FileNotFoundError:
        return b"", 0
    return chunk, position + len(chunk)


def _beginning(path: Path, tail: int | None) -> int:
    """Where the last ``tail`` lines begin."""
    if tail is None:
        return 0
    try:
        with path.open("rb") as file:
            end = file.seek(0, 2)
            if tail <= 0:
                return end
            return _line_start(file.seek, file.read, end, tail)
    except FileNotFoundError:
        return 0


def _line_start(
    seek: Callable[[int], int], read: Callable[[int], bytes], end: int, lines: int
) -> int:
    """Walk back from ``end`` over ``lines`` line ends; the one that closes the file is none."""
    position, wanted = end, lines + 1
    first = True
    while position > 0:
        size = min(_CHUNK, position)
        position -= size
        seek(position)
        block = read(size)
        if first and not block.endswith(b"\n"):
            wanted -= 1
        first = False
        count = block.count(b"\n")
        if count >= wanted:
            at = len(block)
            for _ in range(wanted):
                at = block.rfind(b"\n", 0, at)
            return position + at + 1
        wanted -= count
    return 0
