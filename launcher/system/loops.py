"""Files as block devices (loop(4)): what a claim in block mode is for its machine.

A device is there as long as somebody has it open and vanishes with the last one (autoclear), so
whatever is killed leaves none behind. Who attaches a file therefore keeps the ``Loop``.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from contextlib import suppress
from pathlib import Path

from launcher.errors import HostError

CONTROL = Path("/dev/loop-control")
_CONTROL_NUMBER = os.makedev(10, 237)  # linux/miscdevice.h
_MAJOR = 7
_GET_FREE, _CONFIGURE, _SET_CAPACITY = 0x4C82, 0x4C0A, 0x4C07  # linux/loop.h
_READ_ONLY, _AUTOCLEAR = 1, 4
_CONFIG = struct.Struct("=II 5Q 4I 64s 64s 32s 2Q 8Q")  # struct loop_config
_NAME_SIZE = 63
_TRIES = 64  # others may take the device that is free


class Loop:
    """One attached file. ``number`` is N of ``/dev/loopN``."""

    def __init__(self, descriptor: int, number: int) -> None:
        self._descriptor = descriptor
        self.number = number

    def grow(self) -> None:
        """Take the file's new size. Raises ``HostError``."""
        try:
            fcntl.ioctl(self._descriptor, _SET_CAPACITY)
        except OSError as error:
            raise HostError(f"loop device {self.number} does not grow: {error.strerror}") from error

    def show(self, target: Path, owner: int) -> None:
        """Make a device node of a user's own for it. Raises ``HostError``."""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            os.mknod(target, stat.S_IFBLK | 0o660, os.makedev(_MAJOR, self.number))
            os.chown(target, owner, owner)
        except OSError as error:
            raise HostError(f"cannot make the device `{target}`: {error.strerror}") from error

    def close(self) -> None:
        """Let go of the device; it stays until all others who have it open do, too."""
        os.close(self._descriptor)


def attach(path: Path, *, read_only: bool = False) -> Loop:
    """Make a file a block device. Raises ``HostError``."""
    access = os.O_RDONLY if read_only else os.O_RDWR
    try:
        backing = os.open(path, access | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise HostError(f"cannot open `{path}`: {error.strerror}") from error
    try:
        return _attach(backing, path.parent.name, read_only=read_only)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EPERM}:
            raise HostError(
                f"there are no loop devices on this host for the block claim of `{path}`: "
                f"{error.strerror}",
                "load the module (`modprobe loop`), or use volumeMode Filesystem",
            ) from error
        raise HostError(f"cannot attach `{path}`: {error.strerror}") from error
    finally:
        os.close(backing)


def _attach(backing: int, name: str, *, read_only: bool) -> Loop:
    control = _open_node(CONTROL, stat.S_IFCHR, _CONTROL_NUMBER)
    try:
        for _ in range(_TRIES):
            number = fcntl.ioctl(control, _GET_FREE)
            descriptor = _open_node(
                Path(f"/dev/loop{number}"), stat.S_IFBLK, os.makedev(_MAJOR, number)
            )
            try:
                fcntl.ioctl(descriptor, _CONFIGURE, _config(backing, name, read_only=read_only))
            except OSError as error:
                os.close(descriptor)
                if error.errno != errno.EBUSY:
                    raise
            else:
                return Loop(descriptor, number)
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
    finally:
        os.close(control)


def _config(backing: int, name: str, *, read_only: bool) -> bytes:
    flags = _AUTOCLEAR | (_READ_ONLY if read_only else 0)
    shown = name.encode()[:_NAME_SIZE]
    nothing = [0] * 4  # device, inode, rdevice, offset: the kernel fills them, or all of the file
    return _CONFIG.pack(
        backing, 0, *nothing, 0, 0, 0, 0, flags, shown, b"", b"", *([0] * 2), *([0] * 8)
    )


def _open_node(path: Path, kind: int, number: int) -> int:
    """Open a device of the host, also where no node of it is to be seen, as in a pod."""
    access = os.O_RDWR | os.O_CLOEXEC
    with suppress(FileNotFoundError):
        return os.open(path, access)
    own = path.with_name(f".{path.name}.{os.getpid()}")
    os.mknod(own, kind | 0o600, number)
    try:
        return os.open(own, access)
    finally:
        own.unlink()
