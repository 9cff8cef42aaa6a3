"""Bytes of disks on this host: written without zeros, copied, given their name at last."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from launcher.errors import HostError, ImageRefused

BLOCK = 64 * 1024
"""Zeros are left out in pieces of this size."""

CHUNK = 1 << 20
_FICLONE = 0x40049409  # linux/fs.h
_ZEROS = bytes(CHUNK)
_SECTOR = 512  # st_blocks counts these
_COPY = 64 << 20  # bytes between two words of progress
_BURST = 32 << 20  # bytes that are written to the host's disk at once
_START_WRITING = 2  # SYNC_FILE_RANGE_WRITE in linux/fs.h
_CANNOT_CLONE = {
    errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.EPERM, errno.ENOSYS,
    errno.EBADF, errno.EISDIR, errno.ETXTBSY,
}  # fmt: skip

Progress = Callable[[int], None]


class SparseFile:
    """A disk that is written from its beginning to its end; blocks of zeros become holes.

    Bytes from ``start`` on are dropped, and writing goes on there.
    """

    def __init__(self, path: Path, limit: int, start: int = 0, *, to_stay: bool = False) -> None:
        """``limit`` is the largest size in bytes; ``to_stay`` is for what will be kept as it is."""
        self._path, self._limit = path, limit
        self.position = start
        self._to_stay, self._unflushed = to_stay, 0
        if not start:
            # A file that was cut to nothing is flushed by ext4 as soon as it is closed; a new one
            # is not, and many are only read once and removed.
            path.unlink(missing_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if start:
            os.ftruncate(self._fd, start)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes. Raises ``ImageRefused`` above the limit, ``HostError`` without space."""
        size = len(data)
        if self.position + size > self._limit:
            raise ImageRefused(f"the disk is larger than the {self._limit} bytes that it may have")
        try:
            if not _is_zero(data):
                self._write_blocks(data)
        except OSError as error:
            raise HostError(f"cannot write `{self._path}`: {error.strerror}") from error
        self.position += size

    def _write_blocks(self, data: bytes | bytearray | memoryview) -> None:
        """Runs of blocks that are not all zeros."""
        view = memoryview(data)
        begin: int | None = None
        for offset in range(0, len(view), BLOCK):
            if not _is_zero(view[offset : offset + BLOCK]):
                begin = offset if begin is None else begin
            elif begin is not None:
                self._put(view[begin:offset], begin)
                begin = None
        if begin is not None:
            self._put(view[begin:], begin)

    def _put(self, piece: memoryview, offset: int) -> None:
        done = 0
        while done < len(piece):
            done += os.pwrite(self._fd, piece[done:], self.position + offset + done)
        self._unflushed += done
        if self._to_stay and self._unflushed >= _BURST:
            _start_writing(self._fd)
            self._unflushed = 0

    def settle(self) -> None:
        """Put what was written on the disk of the host, with its size."""
        os.ftruncate(self._fd, self.position)
        os.fdatasync(self._fd)

    def end(self) -> int:
        """Set the size to what was written; returns it."""
        os.ftruncate(self._fd, self.position)
        return self.position


def _is_zero(data: bytes | bytearray | memoryview) -> bool:
    # Comparing bytes is memcmp, comparing memoryviews is a loop.
    plain = data if isinstance(data, bytes | bytearray) else bytes(data)
    return plain == (_ZEROS if len(plain) == CHUNK else bytes(len(plain)))


def _start_writing(fd: int) -> None:
    # It is only a hint: where it fails, the last flush takes longer.
    all_of_it = ctypes.c_int64(0), ctypes.c_int64(0)
    ctypes.CDLL(None).sync_file_range(fd, *all_of_it, _START_WRITING)


def copy(source: Path, target: Path, progress: Progress | None = None) -> str:
    """Make ``target`` a copy of the disk ``source``; returns how: ``reflink`` or ``sparse``.

    Where the file system can, both share their blocks until one is written; otherwise data is
    copied and holes are left out. ``progress`` gets the bytes done so far. ``target`` may be a
    block device, which then reads as zeros where the source has holes. Raises ``HostError``.
    """
    try:
        with source.open("rb") as origin, _opened(target) as made:
            if _clone(origin.fileno(), made.fileno()):
                return "reflink"
            _copy_data(origin.fileno(), made.fileno(), progress or _silent)
    except OSError as error:
        raise HostError(f"cannot copy `{source}` to `{target}`: {error.strerror}") from error
    return "sparse"


def allocated(path: Path) -> int:
    """Bytes of a disk that are data and no holes; of a device all. 0 when it cannot be read."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISBLK(status.st_mode):
                return file.seek(0, os.SEEK_END)
    except OSError:
        return 0  # whoever copies it will say so
    return min(status.st_blocks * _SECTOR, status.st_size)


def can_share(source: Path, target: Path) -> bool:
    """Whether a copy at ``target``, which must not exist yet, can share its blocks."""
    try:
        with source.open("rb") as origin, _opened(target) as made:
            return _clone(origin.fileno(), made.fileno())
    except OSError:
        return False
    finally:
        target.unlink(missing_ok=True)


def _opened(target: Path) -> FileIO:
    is_device = target.exists() and stat.S_ISBLK(target.stat().st_mode)
    return FileIO(target, "r+" if is_device else "w+")


def _clone(origin: int, made: int) -> bool:
    try:
        fcntl.ioctl(made, _FICLONE, origin)
    except OSError as error:
        if error.errno in _CANNOT_CLONE:
            return False
        raise
    return True


def _copy_data(origin: int, made: int, progress: Progress) -> None:
    size = os.lseek(origin, 0, os.SEEK_END)
    is_device = stat.S_ISBLK(os.fstat(made).st_mode)
    if not is_device:
        os.ftruncate(made, size)
    position = 0
    while position < size:
        begin, end = _next_data(origin, position, size)
        if is_device:
            _write_zeros(made, position, begin)
        _copy_range(origin, made, begin, end, progress)
        position = end
        progress(position)


def _next_data(fd: int, position: int, size: int) -> tuple[int, int]:
    """The next piece that is no hole; an empty one at the end when the rest is a hole."""
    try:
        begin = os.lseek(fd, position, os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return size, size
        return position, size  # a device, or a file system without holes
    return begin, min(os.lseek(fd, begin, os.SEEK_HOLE), size)


def _copy_range(origin: int, made: int, begin: int, end: int, progress: Progress) -> None:
    while begin < end:
        wanted = min(end - begin, _COPY)
        try:
            done = os.copy_file_range(origin, made, wanted, begin, begin)
        except OSError as error:
            if error.errno not in _CANNOT_CLONE:
                raise
            done = os.pwrite(made, os.pread(origin, min(wanted, CHUNK), begin), begin)
        if not done:
            return  # the source became shorter
        begin += done
        progress(begin)


def _write_zeros(fd: int, begin: int, end: int) -> None:
    while begin < end:
        begin += os.pwrite(fd, _ZEROS[: min(CHUNK, end - begin)], begin)


def allocate(path: Path, size: int) -> None:
    """Take all the space of a disk at once. Raises ``HostError`` when there is not enough."""
    try:
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        raise HostError(f"cannot allocate `{path}`: {error.strerror}") from error


def publish(partial: Path, target: Path, mode: int = 0o600) -> None:
    """Give a complete file its name: what has the name is whole, whatever happens to the host.

    Raises ``HostError``.
    """
    try:
        with partial.open("r+b") as file:
            os.fsync(file.fileno())
        partial.chmod(mode)
        partial.rename(target)
        _sync_directory(target.parent)
    except OSError as error:
        raise HostError(f"cannot make `{target}`: {error.strerror}") from error


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _silent(_: int) -> None:
    """Progress that nobody watches."""
