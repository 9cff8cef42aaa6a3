"""Network namespaces: make, remove, enter for a while.

Named namespaces are those of ip-netns(8): a mount of the namespace's handle on a file in
``/run/netns``, so that ``ip netns`` lists them. Entering is per *thread* (setns(2)): other threads
stay where they are, and a child process is born where the thread was that forked it.

The standard library has ``os.setns`` and ``os.unshare`` only from 3.12 on, hence the C library.
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from launcher.errors import HostError

NETNS_DIRECTORY = Path("/run/netns")
_OWN = "/proc/thread-self/ns/net"
_CLONE_NEWNET = 0x40000000
_MS_BIND, _MS_REC, _MS_SHARED = 0x1000, 0x4000, 0x100000
_MNT_DETACH = 2


def path_of(name: str) -> Path:
    """File of a named namespace, whether it exists or not."""
    return NETNS_DIRECTORY / name


def exists(name: str) -> bool:
    """Whether a named namespace exists."""
    return path_of(name).exists()


def listed() -> tuple[str, ...]:
    """Names of all named namespaces, sorted."""
    with suppress(FileNotFoundError):
        return tuple(sorted(entry.name for entry in NETNS_DIRECTORY.iterdir()))
    return ()


def create(name: str) -> None:
    """Make a named namespace; raises ``HostError`` when it exists or is not permitted.

    Its loopback link is down, as with ``ip netns add``.
    """
    prepare_directory()
    target = path_of(name)
    try:
        target.touch(mode=0o444, exist_ok=False)
    except FileExistsError:
        raise HostError(f"the network namespace `{name}` exists already") from None
    try:
        home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _call("unshare", _CLONE_NEWNET)
            try:
                _mount(_OWN, target, _MS_BIND)
            finally:
                _call("setns", home, _CLONE_NEWNET)
        finally:
            os.close(home)
    except OSError as error:
        target.unlink()
        raise HostError(f"cannot make the network namespace `{name}`: {error.strerror}") from error


def remove(name: str) -> None:
    """Remove a named namespace; one that does not exist is fine.

    The namespace itself, with its links, goes when the last process in it ends.
    """
    target = path_of(name)
    if not target.exists():
        return
    with suppress(OSError):  # a leftover file that nothing is mounted on
        _unmount(target)
    target.unlink(missing_ok=True)


def prepare_directory() -> bool:
    """Make ``/run/netns`` a shared mount as ip-netns(8) does; says whether there was none.

    Sharing lets a removal be seen in every mount namespace, else a process with a mount namespace
    of its own would keep removed network namespaces alive.
    """
    NETNS_DIRECTORY.mkdir(parents=True, exist_ok=True)
    if NETNS_DIRECTORY.is_mount() or _is_bind(NETNS_DIRECTORY):
        return False
    try:
        _mount(NETNS_DIRECTORY, NETNS_DIRECTORY, _MS_BIND | _MS_REC)
        _mount("", NETNS_DIRECTORY, _MS_SHARED | _MS_REC)
    except OSError as error:
        raise HostError(f"cannot mount `{NETNS_DIRECTORY}`: {error.strerror}") from error
    return True


def remove_directory() -> None:
    """Undo ``prepare_directory``, but only when no namespace is left in it."""
    if listed():
        return
    with suppress(OSError):
        _unmount(NETNS_DIRECTORY)
    with suppress(OSError):
        NETNS_DIRECTORY.rmdir()


@contextmanager
def in_netns(name: str | Path) -> Iterator[None]:
    """Run the body with this thread in a network namespace, and come back whatever happens.

    ``name`` is a named namespace or a path to a handle. Never await inside: other tasks of the
    loop would run in the namespace too. Raises ``HostError`` when there is no such namespace.
    """
    home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        enter(name)
        try:
            yield
        finally:
            _call("setns", home, _CLONE_NEWNET)
    finally:
        os.close(home)


def enter(name: str | Path) -> None:
    """Move this thread into a network namespace for good; see ``in_netns`` for coming back."""
    handle = name if isinstance(name, Path) else path_of(name)
    try:
        fd = os.open(handle, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise HostError(f"no network namespace `{name}`: {error.strerror}") from error
    try:
        _call("setns", fd, _CLONE_NEWNET)
    except OSError as error:
        raise HostError(f"cannot enter the network namespace `{name}`: {error.strerror}") from error
    finally:
        os.close(fd)


def open_socket(
    name: str | Path,
    family: int = socket.AF_INET,
    kind: int = socket.SOCK_STREAM,
    protocol: int = 0,
) -> socket.socket:
    """A socket that belongs to a namespace for life, made without staying in it."""
    with in_netns(name):
        return socket.socket(family, kind, protocol)


def identity(name: str | Path | None = None) -> tuple[int, int]:
    """Device and inode of a namespace, this thread's own by default; equal means the same one."""
    handle = _OWN if name is None else name if isinstance(name, Path) else path_of(name)
    found = Path(handle).stat()
    return found.st_dev, found.st_ino


def _is_bind(path: Path) -> bool:
    """Whether something is mounted on a path, binds of the same file system included."""
    mounts = Path("/proc/thread-self/mountinfo").read_text().splitlines()
    return any(line.split()[4] == str(path.resolve()) for line in mounts)


def _mount(source: str | Path, target: Path, flags: int) -> None:
    words = (str(source).encode(), str(target).encode(), b"none")
    _call("mount", *words, ctypes.c_ulong(flags), None)


def _unmount(target: Path) -> None:
    _call("umount2", str(target).encode(), _MNT_DETACH)


def _call(function: str, *arguments: int | bytes | ctypes.c_ulong | None) -> None:
    """Call the C library; raises ``OSError`` with errno."""
    if getattr(ctypes.CDLL(None, use_errno=True), function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
