"""Kernel settings of this thread's network namespace, as files below ``/proc/sys``."""

from __future__ import annotations

import os
from pathlib import Path

from launcher.errors import HostError

_ROOT = "/proc/sys/"


def read(key: str) -> str | None:
    """The value of ``net/ipv4/ip_forward``; None when the kernel has no such setting."""
    try:
        # The namespace is the opening thread's: it must be this one.
        fd = os.open(_ROOT + key, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(fd) as file:
        return file.read().strip()


def write(key: str, value: str) -> None:
    """Set a value; raises ``HostError`` when there is no such setting or it is refused."""
    try:
        fd = os.open(_ROOT + key, os.O_WRONLY | os.O_CLOEXEC)
        with os.fdopen(fd, "w") as file:
            file.write(value)
    except OSError as error:
        raise HostError(f"cannot set `{key}` to {value}: {error.strerror}") from error


def write_if_other(key: str, value: str) -> None:
    """Set a value unless it is set, or the kernel has no such setting; raises ``HostError``."""
    if read(key) not in {None, value}:
        write(key, value)


def beside(key: str) -> tuple[str, ...]:
    """The same setting of each link, for a key that is of all links (``net/ipv6/conf/all/...``)."""
    head, everywhere, name = key.partition("/all/")
    if not everywhere:
        return ()
    links = sorted(entry.name for entry in Path(_ROOT + head).iterdir())
    return tuple(f"{head}/{link}/{name}" for link in links if link != "all")
