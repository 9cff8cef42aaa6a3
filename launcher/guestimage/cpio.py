"""Archives in the "new ASCII" cpio format that the kernel unpacks as its first file system.

Format: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst. Times and inode
numbers are the same in every run, so equal entries make equal bytes.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass

_MAGIC = b"070701"
_TRAILER = "TRAILER!!!"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file. ``path`` is relative to the root, ``mode`` has the type bits of stat(2).

    ``owner`` is both user and group.
    """

    path: str
    mode: int
    data: bytes = b""
    owner: int = 0


def file(path: str, data: bytes, permissions: int = 0o644) -> Entry:
    """A regular file."""
    return Entry(path=path, mode=stat.S_IFREG | permissions, data=data)


def directory(path: str, permissions: int = 0o755, owner: int = 0) -> Entry:
    """A directory."""
    return Entry(path=path, mode=stat.S_IFDIR | permissions, owner=owner)


def symlink(path: str, target: str) -> Entry:
    """A symbolic link to ``target``."""
    return Entry(path=path, mode=stat.S_IFLNK | 0o777, data=target.encode())


def with_parents(entries: Iterable[Entry]) -> list[Entry]:
    """The entries in order of their paths, with the directories that they need but lack.

    The kernel makes no parent by itself and takes the last of two entries for one path.
    """
    found: dict[str, Entry] = {}
    for entry in entries:
        found[entry.path] = entry
    for path in list(found):
        while path := path.rpartition("/")[0]:
            found.setdefault(path, directory(path))
    return [found[path] for path in sorted(found)]


def archive(entries: Iterable[Entry]) -> bytes:
    """The archive of these entries; a parent has to come before its children."""
    out = bytearray()
    number = 0
    for number, entry in enumerate(entries, 1):
        out += _record(number, entry)
    out += _record(number + 1, Entry(path=_TRAILER, mode=0))
    out += bytes(-len(out) % 512)
    return bytes(out)


def _record(number: int, entry: Entry) -> bytes:
    name = entry.path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    # ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
    owner = entry.owner
    size = len(entry.data)
    fields = (number, entry.mode, owner, owner, links, 0, size, 0, 0, 0, 0, len(name), 0)
    head = _MAGIC + b"".join(b"%08X" % value for value in fields) + name
    head += bytes(-len(head) % 4)
    return head + entry.data + bytes(-len(entry.data) % 4)
