"""Disks and directories of claims as streams: raw, gzip, tar.gz, without a copy in between.

What a guest wrote is never interpreted: a disk is raw, whatever its first bytes look like, and
links in a directory are not followed. All functions block; they raise ``LocalError`` for what is no
disk, and ``OSError`` as the host does.
"""

from __future__ import annotations

import errno
import gzip
import os
import stat
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from virtctl.errors import LocalError

CHUNK = 1 << 20
"""Bytes that are read at once."""
_HOLE = 16 << 20  # zeros in one member of a gzip stream, compressed once
_LEVEL = 1  # of compression: disks are large, and the network is near
_WRAPPED = zlib.MAX_WBITS | 16  # zlib's word for a gzip header and trailer
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Sink = Callable[[bytes], None]
"""Takes what comes next."""


class Changed(LocalError):
    """Somebody wrote what is being read: what was sent is of no moment."""


@dataclass(frozen=True)
class Zeros:
    """So many zero bytes."""

    size: int


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A disk that is open for reading; without a ``descriptor`` it is nothing but zeros."""

    size: int
    descriptor: int = -1

    def pieces(self, start: int, stop: int) -> Iterator[bytes | Zeros]:
        """What is from ``start`` to ``stop``, holes unread. Raises ``Changed``."""
        if self.descriptor < 0:
            yield from [Zeros(stop - start)] if stop > start else []
            return
        before = _version(self.descriptor)
        place = start
        while place < stop:
            data, end = _extent(self.descriptor, place, stop)
            if data > place:
                yield Zeros(data - place)
            place = data
            while place < end:
                read = os.pread(self.descriptor, min(CHUNK, end - place), place)
                if not read:
                    raise Changed("the disk became smaller while it was read")
                if _version(self.descriptor) != before:
                    raise Changed("the disk was written while it was read")
                place += len(read)
                yield read
        if _version(self.descriptor) != before:
            raise Changed("the disk was written while it was read")


@contextmanager
def opened(path: Path, capacity: int) -> Iterator[Disk]:
    """The disk at ``path``; one that is not there yet is ``capacity`` zeros.

    Raises ``LocalError`` when it is no file or block device, as a link is.
    """
    try:
        descriptor = os.open(path, _FILE)
    except FileNotFoundError:
        yield Disk(size=capacity)
        return
    except OSError as error:
        why = "a link" if error.errno == errno.ELOOP else error.strerror
        raise LocalError(f"cannot read the disk `{path}`: {why}") from error
    try:
        mode = os.fstat(descriptor).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
            raise LocalError(f"cannot read the disk `{path}`: neither a file nor a block device")
        yield Disk(size=os.lseek(descriptor, 0, os.SEEK_END), descriptor=descriptor)
    finally:
        os.close(descriptor)


def send_raw(disk: Disk, start: int, stop: int, sink: Sink) -> None:
    """Bytes ``start`` to ``stop`` of a disk."""
    for piece in disk.pieces(start, stop):
        if isinstance(piece, Zeros):
            left = piece.size
            while left > 0:
                sink(_zeros(min(left, CHUNK)))
                left -= CHUNK
        else:
            sink(piece)


def send_gzip(disk: Disk, sink: Sink) -> None:
    """A whole disk as gzip: members that follow each other (RFC 1952 §2.2), holes ready-made."""
    packing = zlib.compressobj(_LEVEL, wbits=_WRAPPED)
    begun = False
    for piece in disk.pieces(0, disk.size):
        if isinstance(piece, bytes):
            sink(packing.compress(piece))
            begun = True
            continue
        if begun:
            sink(packing.flush())
            packing, begun = zlib.compressobj(_LEVEL, wbits=_WRAPPED), False
        left = piece.size
        while left > 0:
            sink(_packed_zeros(min(left, _HOLE)))
            left -= _HOLE
    if begun or not disk.size:
        sink(packing.flush())


def send_tar(root: Path, sink: Sink) -> None:
    """The files below ``root`` as tar.gz; links are told of and not followed."""
    with (
        gzip.GzipFile(fileobj=_Writer(sink), mode="wb", compresslevel=_LEVEL, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        _directory(root) as top,
    ):
        for place, directories, files, at in os.fwalk(".", dir_fd=top, follow_symlinks=False):
            directories.sort()
            for name in sorted([*directories, *files]):
                _add(archive, f"{place}/{name}".removeprefix("./"), name, at)


def listed(root: Path, words: list[str]) -> list[str]:
    """Names in a directory below ``root``, directories with a slash at the end."""
    with _below(root, words) as at, os.scandir(at) as entries:
        return sorted(
            f"{entry.name}{'/' if entry.is_dir(follow_symlinks=False) else ''}"
            for entry in entries
            if not entry.is_symlink()
        )


@contextmanager
def opened_below(root: Path, words: list[str]) -> Iterator[Disk | None]:
    """A file below ``root``; None for a directory. Raises ``OSError``, also for a link."""
    with _below(root, words[:-1]) as at:
        descriptor = os.open(words[-1], _FILE, dir_fd=at)
        try:
            found = os.fstat(descriptor)
            if stat.S_ISDIR(found.st_mode):
                yield None
            elif stat.S_ISREG(found.st_mode):
                yield Disk(size=found.st_size, descriptor=descriptor)
            else:
                raise FileNotFoundError(errno.ENOENT, "not a file", words[-1])
        finally:
            os.close(descriptor)


@contextmanager
def _directory(root: Path) -> Iterator[int]:
    descriptor = os.open(root, _DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _below(root: Path, words: list[str]) -> Iterator[int]:
    """A directory below ``root``, reached step by step so that no link leads elsewhere."""
    at = os.open(root, _DIRECTORY)
    try:
        for word in words:
            if word in {"", ".", ".."}:
                raise FileNotFoundError(errno.ENOENT, "no such directory", word)
            deeper = os.open(word, _DIRECTORY, dir_fd=at)
            os.close(at)
            at = deeper
        yield at
    finally:
        os.close(at)


def _add(archive: tarfile.TarFile, path: str, name: str, at: int) -> None:
    """One entry of a directory that is open at ``at``."""
    found = os.stat(name, dir_fd=at, follow_symlinks=False)
    entry = tarfile.TarInfo(path)
    entry.mode, entry.mtime = stat.S_IMODE(found.st_mode), int(found.st_mtime)
    entry.uid, entry.gid = found.st_uid, found.st_gid
    if stat.S_ISLNK(found.st_mode):
        entry.type, entry.linkname = tarfile.SYMTYPE, os.readlink(name, dir_fd=at)
        archive.addfile(entry)
    elif stat.S_ISDIR(found.st_mode):
        entry.type = tarfile.DIRTYPE
        archive.addfile(entry)
    elif stat.S_ISREG(found.st_mode):
        with os.fdopen(os.open(name, _FILE, dir_fd=at), "rb") as file:
            before = _version(file.fileno())
            entry.size = os.fstat(file.fileno()).st_size
            archive.addfile(entry, file)
            if _version(file.fileno()) != before:
                raise Changed(f"the file {path} was written while it was read")


class _Writer:
    """A sink as the file that ``gzip`` writes to."""

    mode = "wb"

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Pass on."""
        if data:
            self._sink(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


def _version(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_mtime_ns, found.st_size


def _extent(descriptor: int, place: int, stop: int) -> tuple[int, int]:
    """Where data begins at or after ``place``, and where that ends."""
    try:
        data = os.lseek(descriptor, place, os.SEEK_DATA)
        if data >= stop:
            return stop, stop
        return data, min(os.lseek(descriptor, data, os.SEEK_HOLE), stop)
    except OSError as error:
        if error.errno == errno.ENXIO:  # nothing but a hole is left
            return stop, stop
        return place, stop  # a device that knows no holes


@cache
def _block() -> bytes:
    return bytes(CHUNK)


def _zeros(size: int) -> bytes:
    return _block() if size == CHUNK else _block()[:size]


def _packed_zeros(size: int) -> bytes:
    return _whole_hole() if size == _HOLE else _pack_zeros(size)


@cache
def _whole_hole() -> bytes:
    return _pack_zeros(_HOLE)


def _pack_zeros(size: int) -> bytes:
    packing = zlib.compressobj(wbits=_WRAPPED)
    parts = [packing.compress(_zeros(min(CHUNK, size - at))) for at in range(0, size, CHUNK)]
    return b"".join([*parts, packing.flush()])
