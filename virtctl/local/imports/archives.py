"""Unpack a tar of an ``archive`` volume: plain files below one directory, within a limit."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterable, Iterator
from io import RawIOBase
from pathlib import Path

from virtctl.local.imports.job import Refused


class _Reader(RawIOBase):
    """Pieces as a file that is read from the beginning to the end."""

    def __init__(self, stream: Iterable[memoryview]) -> None:
        self._stream: Iterator[memoryview] = iter(stream)
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; empty at the end."""
        while not self._rest:
            piece = next(self._stream, None)
            if piece is None:
                return b""
            self._rest = bytes(piece)
        size = size if size >= 0 else len(self._rest)
        found, self._rest = self._rest[:size], self._rest[size:]
        return found


def unpack_archive(stream: Iterable[memoryview], target: Path, limit: int) -> None:
    """Unpack a tar into a fresh directory. Raises ``Refused`` and ``tarfile.TarError``.

    Members that would land elsewhere, devices, and more than ``limit`` bytes are refused.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    left = limit
    with tarfile.open(fileobj=_Reader(stream), mode="r|") as archive:
        for member in archive:
            left -= member.size if member.isreg() else 0
            if left < 0:
                raise Refused(f"the archive holds more than the {limit} bytes of the claim")
            archive.extract(member, target, filter="data")
