"""Taps: Ethernet links whose other end is a program (tuntap of the kernel's networking guide)."""

from __future__ import annotations

import errno
import fcntl
import os
import struct

from launcher.errors import HostError

DEVICE = "/dev/net/tun"

_TUNSETIFF, _TUNSETPERSIST, _TUNSETOWNER, _TUNSETGROUP = (
    0x400454CA,
    0x400454CB,
    0x400454CC,
    0x400454CE,
)
_IFF_TAP, _IFF_MULTI_QUEUE, _IFF_NO_PI, _IFF_TUN_EXCL = 0x0002, 0x0100, 0x1000, 0x8000


def create(name: str, *, owner: int = 0, queues: int = 0) -> None:
    """Make a tap in this thread's network namespace that stays until it is deleted.

    ``owner`` is the uid and gid that may open it. More than one of ``queues`` makes it a
    multi-queue tap; whoever opens it opens the queues. Raises ``HostError``.
    """
    # As KubeVirt's: QEMU says what it wants of packets when it opens the tap.
    flags = _IFF_TAP | _IFF_TUN_EXCL
    if queues > 1:
        flags |= _IFF_MULTI_QUEUE | _IFF_NO_PI
    try:
        fd = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise HostError(
            f"cannot open `{DEVICE}`: {error.strerror}", "run `modprobe tun`"
        ) from error
    try:
        fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
        fcntl.ioctl(fd, _TUNSETOWNER, owner)
        fcntl.ioctl(fd, _TUNSETGROUP, owner)
        fcntl.ioctl(fd, _TUNSETPERSIST, 1)
    except OSError as error:
        reason = "it exists already" if error.errno == errno.EBUSY else error.strerror
        raise HostError(f"cannot make the tap `{name}`: {reason}") from error
    finally:
        os.close(fd)
