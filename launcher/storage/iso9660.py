"""ISO 9660 images with Rock Ridge and Joliet names, written from memory.

ECMA-119 gives the sectors, IEEE P1282 (Rock Ridge, on SUSP) the names that Linux reads, Joliet
those that Windows reads. Small on purpose: no permissions, no links, one date for everything, so
that the same files give the same bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

_SECTOR = 2048
_SYSTEM_SECTORS = 16
# Readers that look for other file systems first want something to read where those have their
# superblocks (busybox gives up on shorter images); as many as mkisofs appends.
_TRAILING_SECTORS = 150
_PAD_SECTORS = 32  # images end on 64 KiB: direct I/O wants more than a sector
_DATE = bytes([100, 1, 1, 0, 0, 0, 0])  # 1 January 2000 in GMT, as directory records have it
_LONG_DATE = b"2000010100000000\0"
_NO_DATE = b"0" * 16 + b"\0"
_FIRST_SECTOR_OF_TABLES = 19  # after the two volume descriptors and their terminator
_DIRECTORY, _FILE = 2, 0  # file flags
_S_IFDIR, _S_IFREG = 0o040555, 0o100444
_JOLIET_ESCAPE = b"%/E"  # UCS-2 level 3
_JOLIET_LIMIT = 64
_NAME_LIMIT = 250 - 5 - 33 - 36 - 12  # what is left of a directory record for an NM entry

Encode: TypeAlias = Callable[["_Node"], bytes]


def build(label: str, files: Mapping[str, bytes]) -> bytes:
    """An image named ``label`` (at most 16 characters in Joliet, 32 else) with these files.

    Names may hold ``/``; directories are made. Raises ``ValueError`` for a name that is too long.
    """
    root = _tree(files)
    primary = _Catalogue(root, _plain_name, rock_ridge=True)
    joliet = _Catalogue(root, _joliet_name, rock_ridge=False)
    at = _FIRST_SECTOR_OF_TABLES
    for catalogue in (primary, joliet):
        at = catalogue.place(at)
    for node in _files(root):
        node.sector = at
        at += _sectors(len(node.content or b""))
    total = -(-(at + _TRAILING_SECTORS) // _PAD_SECTORS) * _PAD_SECTORS
    image = bytearray(total * _SECTOR)
    for number, catalogue in enumerate((primary, joliet)):
        _put(image, _SYSTEM_SECTORS + number, catalogue.descriptor(label, total))
        catalogue.write(image)
    _put(image, _SYSTEM_SECTORS + 2, b"\xffCD001\x01")
    for node in _files(root):
        _put(image, node.sector, node.content or b"")
    return bytes(image)


@dataclass
class _Node:
    """A file, or a directory when ``content`` is None."""

    name: str
    parent: _Node | None = None
    content: bytes | None = None
    children: list[_Node] = field(default_factory=list)
    sector: int = 0
    short: str = ""

    @property
    def is_directory(self) -> bool:
        return self.content is None


def _tree(files: Mapping[str, bytes]) -> _Node:
    root = _Node("")
    for path, content in sorted(files.items()):
        *directories, name = path.strip("/").split("/")
        here = root
        for part in directories:
            here = _directory(here, part)
        here.children.append(_Node(name, here, content))
    for directory in _directories(root):
        _shorten(directory)
    return root


def _directory(parent: _Node, name: str) -> _Node:
    for child in parent.children:
        if child.name == name and child.is_directory:
            return child
    made = _Node(name, parent)
    parent.children.append(made)
    return made


def _shorten(directory: _Node) -> None:
    """Give each child an 8.3 name of its own, for readers that know neither extension."""
    taken: set[str] = set()
    for child in directory.children:
        if len(child.name.encode()) > _NAME_LIMIT:
            raise ValueError(f"`{child.name}` is too long for an ISO 9660 image")
        stem, dot, suffix = child.name.rpartition(".")
        if not dot:
            stem, suffix = child.name, ""
        stem, suffix = _plain(stem)[:8] or "_", _plain(suffix)[:3]
        number, candidate = 0, stem
        while (candidate, suffix) in _pairs(taken):
            number += 1
            candidate = f"{stem[: 8 - len(str(number))]}{number}"
        taken.add(f"{candidate}.{suffix}")
        ending = "" if child.is_directory else f".{suffix};1"
        child.short = (candidate + suffix)[:8] if child.is_directory else candidate + ending


def _pairs(taken: set[str]) -> set[tuple[str, str]]:
    return {(stem, suffix) for stem, _, suffix in (name.partition(".") for name in taken)}


def _plain(text: str) -> str:
    return re.sub(r"[^A-Z0-9_]", "_", text.upper())


def _directories(root: _Node) -> Iterator[_Node]:
    """All directories, level by level, as path tables list them."""
    level = [root]
    while level:
        yield from level
        level = [child for each in level for child in each.children if child.is_directory]


def _files(root: _Node) -> Iterator[_Node]:
    for directory in _directories(root):
        yield from (child for child in directory.children if not child.is_directory)


def _plain_name(node: _Node) -> bytes:
    return node.short.encode("ascii")


def _joliet_name(node: _Node) -> bytes:
    ending = "" if node.is_directory else ";1"
    return (node.name[:_JOLIET_LIMIT] + ending).encode("utf-16-be")


# --- one hierarchy: its directories, path tables and volume descriptor ----------------------------


class _Catalogue:
    """One of the two directory hierarchies over the same files."""

    def __init__(self, root: _Node, encode: Encode, *, rock_ridge: bool) -> None:
        self._root, self._encode, self._rock_ridge = root, encode, rock_ridge
        self._directories = list(_directories(root))
        self._at: dict[int, int] = {}  # directory -> sector
        self._sizes: dict[int, int] = {}
        self._table = 0

    def place(self, sector: int) -> int:
        """Say where things go, from ``sector`` on; the first free sector after them."""
        self._table = sector
        sector += 2 * _sectors(len(self._path_table("<")))
        for directory in self._directories:
            self._at[id(directory)] = sector
            self._sizes[id(directory)] = _sectors(len(self._records(directory))) * _SECTOR
            sector += self._sizes[id(directory)] // _SECTOR
        return sector

    def write(self, image: bytearray) -> None:
        """Put path tables and directories into the image."""
        little, big = self._path_table("<"), self._path_table(">")
        _put(image, self._table, little)
        _put(image, self._table + _sectors(len(little)), big)
        for directory in self._directories:
            _put(image, self._at[id(directory)], self._records(directory))

    def descriptor(self, label: str, total: int) -> bytes:
        """The volume descriptor: primary for Rock Ridge, supplementary for Joliet."""
        joliet = not self._rock_ridge
        table = self._path_table("<")
        parts = (
            b"\x02" if joliet else b"\x01",
            b"CD001\x01\0",
            self._text("LINUX", 32),
            self._text(label, 32),
            bytes(8),
            _both32(total),
            (_JOLIET_ESCAPE if joliet else b"").ljust(32, b"\0"),
            _both16(1) + _both16(1) + _both16(_SECTOR),
            _both32(len(table)),
            struct.pack("<II", self._table, 0),
            struct.pack(">II", self._table + _sectors(len(table)), 0),
            self._record(self._root, b"\0", with_names=False),
            self._text("", 128) * 4,  # volume set, publisher, preparer, application
            self._text("", 37) * 3,  # copyright, abstract, bibliography
            _LONG_DATE + _LONG_DATE + _NO_DATE + _NO_DATE,
            b"\x01",
        )
        return b"".join(parts)

    def _text(self, text: str, width: int) -> bytes:
        if self._rock_ridge:
            return text.encode("ascii", "replace")[:width].ljust(width)
        whole = text.encode("utf-16-be")[: width // 2 * 2]
        filled = whole + " ".encode("utf-16-be") * (width // 2 - len(whole) // 2)
        return filled.ljust(width, b"\0")

    def _path_table(self, order: str) -> bytes:
        numbers = {id(each): number for number, each in enumerate(self._directories, 1)}
        entries = []
        for each in self._directories:
            name = self._encode(each) if each.parent else b"\0"
            parent = numbers[id(each.parent or each)]
            entry = struct.pack(f"{order}BBIH", len(name), 0, self._at.get(id(each), 0), parent)
            entries.append(entry + name + b"\0" * (len(name) % 2))
        return b"".join(entries)

    def _records(self, directory: _Node) -> bytes:
        """A directory's records; none crosses a sector."""
        records = [
            self._record(directory, b"\0", first=directory.parent is None),
            self._record(directory.parent or directory, b"\1"),
            *(self._record(child, self._encode(child)) for child in self._sorted(directory)),
        ]
        laid = bytearray()
        for record in records:
            left = _SECTOR - len(laid) % _SECTOR
            if left < len(record):
                laid += bytes(left)
            laid += record
        return bytes(laid)

    def _sorted(self, directory: _Node) -> list[_Node]:
        return sorted(directory.children, key=self._encode)

    def _record(
        self, node: _Node, name: bytes, *, first: bool = False, with_names: bool = True
    ) -> bytes:
        """One directory record (ECMA-119, 9.1), with its Rock Ridge entries."""
        if node.is_directory:
            sector, size = self._at.get(id(node), 0), self._sizes.get(id(node), 0)
        else:
            sector, size = node.sector, len(node.content or b"")
        extra = self._rock(node, name, first=first) if self._rock_ridge and with_names else b""
        body = b"".join(
            (
                b"\0",  # no extended attributes
                _both32(sector),
                _both32(size),
                _DATE,
                bytes([_DIRECTORY if node.is_directory else _FILE, 0, 0]),
                _both16(1),
                bytes([len(name)]),
                name,
                b"\0" * (1 - len(name) % 2),
                extra,
            )
        )
        body += b"\0" * ((len(body) + 1) % 2)
        return bytes([len(body) + 1]) + body

    def _rock(self, node: _Node, name: bytes, *, first: bool) -> bytes:
        """SUSP entries: mode and real name; on the root's own record, that there are any."""
        mode, links = (_S_IFDIR, 2) if node.is_directory else (_S_IFREG, 1)
        attributes = b"".join(_both32(number) for number in (mode, links, 0, 0))
        entries = _entry(b"PX", attributes)
        if first:
            identifier = b"RRIP_1991A"
            extension = bytes([len(identifier), 0, 0, 1]) + identifier
            return _entry(b"SP", b"\xbe\xef\0") + entries + _entry(b"ER", extension)
        if name not in {b"\0", b"\1"}:
            entries += _entry(b"NM", b"\0" + node.name.encode())
        return entries


def _entry(signature: bytes, data: bytes) -> bytes:
    return signature + bytes([len(data) + 4, 1]) + data


def _both16(number: int) -> bytes:
    return struct.pack("<H", number) + struct.pack(">H", number)


def _both32(number: int) -> bytes:
    return struct.pack("<I", number) + struct.pack(">I", number)


def _sectors(size: int) -> int:
    return max(1, -(-size // _SECTOR))


def _put(image: bytearray, sector: int, content: bytes) -> None:
    image[sector * _SECTOR : sector * _SECTOR + len(content)] = content
