"""What a host tells its guests of itself, in vhostmd's form: an XML document, alone or on a disk.

The disk begins with a header of four big-endian words (signature, busy, checksum, length), the
document follows. Its checksum is the sum of the document's bytes. Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

DISK_SIZE = 256 * 1024
"""Bytes of the disk, whatever there is to tell."""

REQUEST = b"GET /metrics/XML"
"""What a guest writes into the channel, before an empty line."""

_SIGNATURE = 0x6D766264  # mvbd
_HEADER = struct.Struct(">IIiI")
_END = b"\n\n"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One fact. ``context`` is host or vm, ``kind`` string, uint64 or real64."""

    name: str
    value: str
    kind: str = "uint64"
    context: str = "host"
    unit: str = ""


def document(metrics: Iterable[Metric]) -> bytes:
    """The document of all metrics, in their order."""
    return b"<metrics>" + b"".join(_element(each) for each in metrics) + b"</metrics>"


def _element(metric: Metric) -> bytes:
    unit = f" unit={quoteattr(metric.unit)}" if metric.unit else ""
    attributes = f"type={quoteattr(metric.kind)} context={quoteattr(metric.context)}{unit}"
    name, value = escape(metric.name), escape(metric.value)
    return f"<metric {attributes}><name>{name}</name><value>{value}</value></metric>".encode()


def header(content: bytes, *, busy: bool = False) -> bytes:
    """The disk's first bytes; a guest that finds it ``busy`` looks again later."""
    checksum = sum(content) & 0x7FFFFFFF
    return _HEADER.pack(_SIGNATURE, int(busy), checksum, len(content))


def disk(content: bytes) -> bytes:
    """The whole disk. Raises ``ValueError`` for a document that is too long for it."""
    whole = header(content) + content
    if len(whole) > DISK_SIZE:
        raise ValueError(f"{len(content)} bytes of metrics do not fit on the disk")
    return whole.ljust(DISK_SIZE, b"\0")


def answer(request: bytes, content: bytes) -> bytes:
    """What to answer on the channel."""
    asked = request.strip() == REQUEST
    return (content if asked else b"INVALID REQUEST") + _END
