"""Files: atomic writes, directories, locks, removal that stays inside.

Every function raises ``HostError`` with the path and the reason.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from launcher.errors import HostError


def write(path: Path, content: bytes | str, *, mode: int = 0o600) -> None:
    """Write a file so that a reader sees the old content or the new, also after a power cut.

    The parent directory is made when missing.
    """
    data = content.encode() if isinstance(content, str) else content
    make_directory(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            with os.fdopen(fd, "wb") as file:
                os.fchmod(file.fileno(), mode)  # whatever the umask says
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        _sync_directory(path.parent)
    except OSError as error:
        raise HostError(f"cannot write `{path}`: {error.strerror}") from error


def append(path: Path, line: bytes) -> None:
    """Append bytes to a file, which is made 0600.

    They are the kernel's when this returns: they outlive our death, but not a power cut.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "ab") as file:
            file.write(line)
    except OSError as error:
        raise HostError(f"cannot write `{path}`: {error.strerror}") from error


def make_directory(path: Path, *, mode: int = 0o755) -> None:
    """Make a directory and its parents; one that exists keeps its mode."""
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise HostError(f"cannot make the directory `{path}`: {error.strerror}") from error


def give(path: Path, user: int) -> None:
    """Make a file or directory the property of a user and of the group of the same number."""
    try:
        os.chown(path, user, user)
    except OSError as error:
        raise HostError(f"cannot give `{path}` to the user {user}: {error.strerror}") from error


def let_read(path: Path) -> None:
    """Let all users read a file, if they may not yet; one that does not exist is left to others."""
    try:
        mode = path.stat().st_mode
        if not mode & stat.S_IROTH:
            path.chmod(stat.S_IMODE(mode) | 0o444)
    except FileNotFoundError:
        return
    except OSError as error:
        raise HostError(f"cannot let QEMU read `{path}`: {error.strerror}") from error


def may_search(directory: Path, user: int) -> bool:
    """Whether a user, whose group has the same number, may go through a directory."""
    status = directory.stat()
    if status.st_uid == user:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == user:
        return bool(status.st_mode & stat.S_IXGRP)
    return user == 0 or bool(status.st_mode & stat.S_IXOTH)


def remove(path: Path) -> None:
    """Remove a file or a whole directory; one that does not exist is fine.

    Symbolic links are removed, not followed. A directory with something mounted in it is refused:
    removing it would empty what is mounted there.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            if inside := mounts_below(path):
                raise HostError(
                    f"`{path}` is not removed: `{inside[0]}` is mounted in it",
                    f"umount {inside[0]}",
                )
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return  # somebody else removed it at the same time
    except OSError as error:
        raise HostError(f"cannot remove `{path}`: {error.strerror}") from error


def mounts_below(path: Path) -> tuple[Path, ...]:
    """Mount points at or below a path, in the order in which they were mounted."""
    root = path.resolve()
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        # proc(5): blanks, tabs, newlines and backslashes are written in octal.
        name = line.split()[4].encode().decode("unicode_escape").encode("latin-1").decode()
        if Path(name).is_relative_to(root):
            found.append(Path(name))
    return tuple(found)


@contextmanager
def lock(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock on a file or directory; it is given up even when we are killed.

    A file that is missing is made. It stays, since removing it would let two holders lock two
    files of the same name. Without ``wait`` a lock that somebody holds raises ``HostError``.
    """
    if path.is_dir():
        flags = os.O_RDONLY | os.O_DIRECTORY
    else:
        make_directory(path.parent)
        flags = os.O_RDWR | os.O_CREAT
    fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise HostError(f"`{path}` is locked by another process") from None
        yield
    finally:
        os.close(fd)


def _sync_directory(path: Path) -> None:
    with suppress(OSError):  # not every file system can
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
