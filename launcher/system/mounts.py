"""What a machine's processes see of the file system: a mount namespace put together from binds.

The namespace shows the host's root with a fresh ``/run`` (so that nothing of the host's own
services is in reach), a ``/dev`` of few devices, and ``/proc`` and ``/sys`` that belong to the
pod's own process and network namespaces. Directories of the machine are bound where KubeVirt has
them. Everything vanishes with the last process of the pod; nothing is ever mounted outside.

Imported by the pod's init process: keep it light.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x20, 0x1000, 0x4000, 0x40000
_DETACH = 2  # of umount2(2)

NEW_MOUNTS, NEW_HOSTNAME, NEW_IPC, NEW_PIDS = 0x00020000, 0x04000000, 0x08000000, 0x20000000

DEVICES = (
    "null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "net",
    "vhost-net", "vhost-vsock", "vfio", "hugepages",
)  # fmt: skip
"""Entries of the host's ``/dev`` that a pod gets, where they exist; beside ``KVM``."""

KVM = Path("/dev/kvm")

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Give this process namespaces of its own; a pid namespace holds from its next child on."""
    _check(_libc.unshare(flags), "unshare")


def set_hostname(name: str) -> None:
    """Name the UTS namespace that this process is in."""
    text = name.encode()
    _check(_libc.sethostname(text, len(text)), f"sethostname {name}")


def mount(
    source: str | Path, target: str | Path, kind: str = "", *, flags: int = 0, data: str = ""
) -> None:
    """mount(2); raises ``OSError`` that names the target."""
    result = _libc.mount(
        str(source).encode(),
        str(target).encode(),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        data.encode() or None,
    )
    _check(result, f"mount {target}")


def bind(source: Path, target: Path) -> None:
    """Show one more file or directory at ``target``, which is made; raises ``OSError``."""
    fd = os.open(source, os.O_PATH | os.O_CLOEXEC)
    try:
        _bind(fd, target, read_only=False)
    finally:
        os.close(fd)


def show_alone(path: Path) -> None:
    """Hide all of a file's directory but the file, so that whoever may open it also gets there."""
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        mount("tmpfs", path.parent, "tmpfs", flags=MS_NOSUID | MS_NODEV, data="mode=711")
        _bind(fd, path, read_only=False)  # a mount that was read only stays so
    finally:
        os.close(fd)


def unbind(target: Path) -> None:
    """Take such a file away again; one that is not there is fine. Raises ``OSError``."""
    if not target.exists():
        return
    if _libc.umount2(str(target).encode(), _DETACH) != 0 and ctypes.get_errno() != errno.EINVAL:
        _check(-1, f"umount {target}")
    if target.is_dir():
        target.rmdir()
    else:
        target.unlink()


def private_devices(owner: int) -> None:
    """Give this process's mount namespace a ``/dev`` as pods have it."""
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    _assemble_devices(owner)


def assemble(binds: Sequence[tuple[str, str, bool]], *, owner: int = 0) -> None:
    """Make this process's mount namespace a pod's.

    Each bind is (source on the host, target, read only); a missing target is made, as a directory
    or an empty file after its source. Sources are opened before anything is hidden, so they may lie
    under ``/run``. A missing source raises ``OSError`` with its path. ``owner`` is the user and
    group that QEMU runs as: the pod's KVM is theirs.
    """
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    sources = [os.open(source, os.O_PATH | os.O_CLOEXEC) for source, _, _ in binds]
    mount("tmpfs", "/run", "tmpfs", flags=MS_NOSUID | MS_NODEV, data="mode=755")
    Path("/run/lock").mkdir(mode=0o1777)
    _assemble_devices(owner)
    for fd, (_, target, read_only) in zip(sources, binds, strict=True):
        _bind(fd, Path(target), read_only=read_only)
        os.close(fd)
    # Last: the binds go through the old /proc. Both show the namespaces of who mounts them.
    mount("sysfs", "/sys", "sysfs", flags=MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("proc", "/proc", "proc", flags=MS_NOSUID | MS_NODEV | MS_NOEXEC)


def _bind(fd: int, target: Path, *, read_only: bool) -> None:
    place = _made(target, directory=stat.S_ISDIR(os.fstat(fd).st_mode))
    mount(f"/proc/self/fd/{fd}", place, flags=MS_BIND | MS_REC)
    if read_only:
        mount("none", place, flags=MS_BIND | MS_REMOUNT | MS_RDONLY)


def _made(target: Path, *, directory: bool) -> Path:
    """The real place of a mount point, which exists afterwards."""
    place = target.resolve()  # resolv.conf is often a link into /run, which is empty now
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        if directory:
            place.mkdir()
        else:
            place.touch()
    return place


def _assemble_devices(owner: int) -> None:
    found, kvm = _open_existing(DEVICES), _open_existing((KVM.name,))
    mount("tmpfs", "/dev", "tmpfs", flags=MS_NOSUID, data="mode=755")
    for _, fd in kvm:
        try:
            # A node of the pod's own: the host's keeps its owner, whatever we need here.
            os.mknod(KVM, stat.S_IFCHR | 0o660, os.fstat(fd).st_rdev)
            os.chown(KVM, owner, owner)
        except PermissionError:  # a container that may make no devices
            _bind(fd, KVM, read_only=False)
        os.close(fd)
    for name, fd in found:
        _bind(fd, Path("/dev") / name, read_only=False)
        os.close(fd)
    for name, target in (("fd", "self/fd"), ("stdin", "self/fd/0"), ("stdout", "self/fd/1")):
        Path("/dev", name).symlink_to(f"/proc/{target}")
    Path("/dev/stderr").symlink_to("/proc/self/fd/2")


def _open_existing(names: Iterable[str]) -> list[tuple[str, int]]:
    found = []
    for name in names:
        path = Path("/dev", name)
        if path.exists():
            found.append((name, os.open(path, os.O_PATH | os.O_CLOEXEC)))
    return found


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
