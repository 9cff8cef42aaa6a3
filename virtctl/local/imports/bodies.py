"""Bodies of uploads as streams: of a known length, in chunks, or as a file of a form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BufferedIOBase
from typing import Protocol

from virtctl.errors import LocalError
from virtctl.local.imports.job import Refused

_CHUNK = 1 << 20
_LINE = 4096
_HEAD = 64 * 1024  # bytes of the headers of a form's field
_BOUNDARY = re.compile(r'boundary="?([^";,]{1,70})"?')
_FIELD = re.compile(rb'name="file"')


class Body(Protocol):
    """Bytes to be read."""

    def readinto(self, buffer: memoryview) -> int:
        """Fill at least a part of ``buffer``; 0 at the end. Raises ``LocalError``."""


class Sized:
    """A body whose length the sender told."""

    def __init__(self, file: BufferedIOBase, length: int) -> None:
        self._file = file
        self._left = length

    def readinto(self, buffer: memoryview) -> int:
        """Raises ``LocalError`` when it ends too early."""
        if not self._left:
            return 0
        got = _read(self._file, buffer[: self._left])
        self._left -= got
        return got


class Chunked:
    """A body in chunks (RFC 9112, section 7.1)."""

    def __init__(self, file: BufferedIOBase) -> None:
        self._file = file
        self._left = 0
        self._over = False

    def readinto(self, buffer: memoryview) -> int:
        """Raises ``LocalError`` when it breaks off or is none."""
        if not self._left and not self._over:
            self._next()
        if self._over:
            return 0
        got = _read(self._file, buffer[: self._left])
        self._left -= got
        if not self._left:
            self._file.readline(_LINE)
        return got

    def _next(self) -> None:
        line = self._file.readline(_LINE)
        try:
            self._left = int(line.partition(b";")[0], 16)
        except ValueError as error:
            raise LocalError("the upload broke off") from error
        if not self._left:
            self._over = True
            while self._file.readline(_LINE).strip():
                continue


def _read(file: BufferedIOBase, buffer: memoryview) -> int:
    try:
        got = file.readinto(buffer)
    except OSError as error:
        raise LocalError(f"the upload broke off: {error}") from error
    if not got:
        raise LocalError("the upload broke off")
    return got


def body_of(file: BufferedIOBase, headers: Mapping[str, str]) -> tuple[Body, int | None]:
    """The body that a request's headers announce, and its length where it is known.

    Raises ``Refused`` when they announce none.
    """
    if (headers.get("transfer-encoding") or "").lower() == "chunked":
        return Chunked(file), None
    length = headers.get("content-length") or ""
    if not length.isdigit():
        raise Refused("the request has neither a length nor chunks")
    return Sized(file, int(length)), int(length)


def file_of_form(body: Body, content_type: str) -> Iterator[memoryview]:
    """The field ``file`` of a form (RFC 7578), in pieces. Raises ``Refused`` without one."""
    found = _BOUNDARY.search(content_type)
    if not content_type.startswith("multipart/form-data") or found is None:
        raise Refused("the request is no form")
    mark = b"\r\n--" + found[1].encode()
    held = b"\r\n"  # so that the first boundary looks like the others
    source = _blocks(body)
    while True:
        held = _after(mark, held, source)
        head, held = _headers(held, source)
        if _FIELD.search(head):
            break
    yield from _until(mark, held, source)


def _blocks(body: Body) -> Iterator[bytes]:
    buffer = memoryview(bytearray(_CHUNK))
    while got := body.readinto(buffer):
        yield bytes(buffer[:got])


def _after(mark: bytes, held: bytes, source: Iterator[bytes]) -> bytes:
    """What follows the next boundary."""
    while mark not in held:
        block = next(source, None)
        if block is None:
            raise Refused("the form has no field `file`")
        held = held[-len(mark) :] + block
    return held.partition(mark)[2]


def _headers(held: bytes, source: Iterator[bytes]) -> tuple[bytes, bytes]:
    """A field's headers, and the beginning of its contents."""
    while b"\r\n\r\n" not in held:
        block = next(source, None)
        if block is None or len(held) > _HEAD or held.startswith(b"--"):
            raise Refused("the form has no field `file`")
        held += block
    head, _, rest = held.partition(b"\r\n\r\n")
    return head, rest


def _until(mark: bytes, held: bytes, source: Iterator[bytes]) -> Iterator[memoryview]:
    """The contents of a field, which ends at the next boundary."""
    while mark not in held:
        safe = max(len(held) - len(mark), 0)
        if safe:
            yield memoryview(held[:safe])
        block = next(source, None)
        if block is None:
            raise LocalError("the upload broke off")
        held = held[safe:] + block
    contents = held.partition(mark)[0]
    if contents:
        yield memoryview(contents)
    for _ in source:  # what follows is read, or the sender would not read our answer
        continue
