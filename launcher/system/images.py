"""Carry out ops on disk images, and look at the files that disks are."""

from __future__ import annotations

import fcntl
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import assert_never

from launcher.domain.modes import FileFacts
from launcher.errors import HostError, ProgramError
from launcher.ops.base import Op, Plan
from launcher.ops.images import (
    GrowRaw,
    ImageOp,
    MakeIso,
    MakeOverlay,
    MakeQcow2,
    MakeSparse,
)
from launcher.ops.tracking import MakeTracking
from launcher.storage import iso9660
from launcher.system import files, process, tracking
from launcher.system.perform import perform as perform_other

_TIMEOUT = 60.0  # seconds; each of them takes a few milliseconds
_BLKSSZGET, _BLKPBSZGET = 0x1268, 0x127B  # linux/fs.h
_QCOW2_MAGIC, _QCOW2_HEADER = b"QFI\xfb", 32
_IMAGE_MODE = 0o640
_MIB = 1 << 20
_BLOCK = 512  # st_blocks counts these, whatever the file system's blocks are


def carry_out(plan: Plan) -> None:
    """Carry out a plan of ops on images and files, in order. Raises ``HostError``."""
    for op in plan:
        perform(op)


def perform(op: Op) -> None:
    """Carry out one op; those on other things than images are passed on."""
    if isinstance(op, MakeTracking):
        tracking.make(op)
        return
    if not isinstance(op, ImageOp):
        perform_other(op)
        return
    try:
        _perform(op)
    except OSError as error:
        raise HostError(f"cannot make `{op.path}`: {error.strerror}") from error
    except ProgramError as error:
        said = error.stderr.strip().splitlines()
        raise HostError(f"cannot make `{op.path}`: {said[0] if said else error}") from error


def _perform(op: ImageOp) -> None:
    path = Path(op.path)
    match op:
        case MakeOverlay() | MakeQcow2():
            process.run(op.argv, timeout=_TIMEOUT)
            path.chmod(_IMAGE_MODE)
        case MakeSparse():
            _make_sparse(path, op.size)
        case GrowRaw():
            _grow(path, op.size)
        case MakeIso():
            files.write(path, iso9660.build(op.label, op.files))
        case _:
            assert_never(op)


def _make_sparse(path: Path, size: int) -> None:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _IMAGE_MODE)
    except FileExistsError:
        return
    try:
        os.ftruncate(fd, size)
    finally:
        os.close(fd)


def _grow(path: Path, size: int) -> None:
    now, room = path.stat(), os.statvfs(path.parent)
    possible = now.st_blocks * _BLOCK + room.f_bavail * room.f_frsize
    wanted = min(size, possible) // _MIB * _MIB
    if wanted > now.st_size:
        os.truncate(path, wanted)


def look(paths: Mapping[str, Iterable[str]]) -> dict[str, FileFacts]:
    """What the files behind each disk allow; the first path is the one that QEMU opens."""
    found = {}
    for name, listed in paths.items():
        first, *rest = (Path(path) for path in listed)
        found[name] = _facts(first, rest)
    return found


def _facts(path: Path, below: list[Path]) -> FileFacts:
    status = path.stat()
    direct_io = all(_direct_io(each) for each in (path, *below))
    if stat.S_ISBLK(status.st_mode):
        return _device(path, status.st_rdev, direct_io=direct_io)
    return FileFacts(
        direct_io=direct_io,
        preallocated=0 < _virtual_size(path) <= status.st_blocks * _BLOCK,
        block_size=os.statvfs(path).f_bsize,
    )


def _virtual_size(path: Path) -> int:
    """Bytes that the guest sees of an image: a qcow2 says so in its header (version 2 and 3)."""
    with path.open("rb") as file:
        header = file.read(_QCOW2_HEADER)
    if header.startswith(_QCOW2_MAGIC):
        return int.from_bytes(header[24:32], "big")
    return path.stat().st_size


def _device(path: Path, number: int, *, direct_io: bool) -> FileFacts:
    queue = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}/queue")
    try:
        discard = int((queue / "discard_granularity").read_text())
    except OSError:
        discard = 0  # a partition's queue is its disk's
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        logical, physical = (_ask(fd, request) for request in (_BLKSSZGET, _BLKPBSZGET))
    finally:
        os.close(fd)
    return FileFacts(
        direct_io=direct_io, block=True, logical=logical, physical=physical, discard=discard
    )


def _ask(fd: int, request: int) -> int:
    answer = fcntl.ioctl(fd, request, bytes(4))
    return int.from_bytes(answer, sys.byteorder)


def _direct_io(path: Path) -> bool:
    """Whether a file can be opened around the host's page cache."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    except OSError:
        return False
    os.close(fd)
    return True
