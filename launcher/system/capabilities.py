"""Rights of a process beside those of its user (capabilities(7)): give up all but a few.

Imported by the pod's init process: keep it light.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

NUMBERS = {
    "CHOWN": 0, "DAC_OVERRIDE": 1, "DAC_READ_SEARCH": 2, "FOWNER": 3, "FSETID": 4, "KILL": 5,
    "SETGID": 6, "SETUID": 7, "SETPCAP": 8, "NET_BIND_SERVICE": 10, "NET_ADMIN": 12, "NET_RAW": 13,
    "IPC_LOCK": 14, "SYS_CHROOT": 18, "SYS_PTRACE": 19, "SYS_ADMIN": 21, "SYS_NICE": 23,
    "SYS_RESOURCE": 24, "MKNOD": 27, "SETFCAP": 31,
}  # fmt: skip
"""Bits of linux/capability.h, as far as a launcher may need them."""

LAUNCHER = tuple(NUMBERS)
"""What a pod may at most: its network and mounts are its own, QEMU is made another user.

Gone are loading modules, raw I/O, the clock, rebooting, kernel logs, auditing, BPF and what else
would reach beyond the pod.
"""

_PR_CAPBSET_DROP, _VERSION_3 = 24, 0x20080522
_LAST = Path("/proc/sys/kernel/cap_last_cap")


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def keep_only(names: Iterable[str]) -> None:
    """Give up all capabilities but these, for this process and all that come from it.

    Those that it does not have stay away. Raises ``OSError``.
    """
    kept = {NUMBERS[name] for name in names}
    libc = ctypes.CDLL(None, use_errno=True)
    for number in range(int(_LAST.read_text()) + 1):
        if number not in kept:
            _check(libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0), "prctl")
    header, data = _Header(_VERSION_3, 0), (_Data * 2)()
    _check(libc.capget(ctypes.byref(header), data), "capget")
    for word, part in enumerate(data):
        mask = sum(1 << number - 32 * word for number in kept if number // 32 == word)
        part.effective &= mask
        part.permitted &= mask
        part.inheritable = 0
    _check(libc.capset(ctypes.byref(header), data), "capset")


def _check(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
