"""A name service for the machines of a node, bytes in and bytes out (RFC 1035).

``<name>.<namespace>`` and ``<name>.<namespace>.svc[.<domain>]`` are answered from a lookup, with a
name of one label or of two (a host below a service); all else below the cluster domain does not
exist, and every other name is somebody else's to answer.
Names of two labels are ours only while a machine has them: a namespace may have the name of a
top-level domain.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from ipaddress import IPv4Address, IPv6Address

PORT = 53
TTL_SECONDS = 5
LARGEST_UDP = 1232

Address = IPv4Address | IPv6Address
Lookup = Callable[[str, str], Sequence[Address] | None]
"""From name and namespace, both lower-case, to addresses; None when there is no such machine."""

_HEADER = struct.Struct("!HHHHHH")
_QUERY_MASK = 0xF800  # answer flag and operation code
_RECURSION_DESIRED = 0x0100
_ANSWER, _AUTHORITATIVE, _RECURSION_AVAILABLE = 0x8000, 0x0400, 0x0080
_INTERNET, _ANY_CLASS = 1, 255


class _Type(IntEnum):
    A = 1
    SOA = 6
    AAAA = 28
    OPT = 41
    ANY = 255


class _Code(IntEnum):
    NO_ERROR = 0
    SERVER_FAILURE = 2
    NO_SUCH_NAME = 3


class Verdict(Enum):
    """What to do with a packet that we do not answer."""

    FORWARD = auto()
    DROP = auto()


@dataclass(frozen=True, kw_only=True)
class Question:
    """The one question of a query. ``labels`` are lower-case, ``wire`` is it as it was asked."""

    id: int
    flags: int
    labels: tuple[str, ...]
    type: int
    wire: bytes
    extended: bool


def parse(query: bytes) -> Question | None:
    """The question of a standard query with exactly one; None for anything else."""
    if len(query) < _HEADER.size:
        return None
    number, flags, questions, answers, authorities, additional = _HEADER.unpack_from(query)
    if flags & _QUERY_MASK or questions != 1 or answers or authorities:
        return None
    name = _name(query, _HEADER.size)
    if name is None or name[1] + 4 > len(query):
        return None
    labels, end = name
    kind, network = struct.unpack_from("!HH", query, end)
    if network not in {_INTERNET, _ANY_CLASS}:
        return None
    return Question(
        id=number,
        flags=flags,
        labels=labels,
        type=kind,
        wire=query[_HEADER.size : end + 4],
        extended=additional > 0,
    )


def answer(query: bytes, domain: str, lookup: Lookup) -> bytes | Verdict:
    """The reply to a query, or what else is to be done with it.

    ``domain`` is the cluster's, without dots at its ends.
    """
    question = parse(query)
    if question is None:
        return Verdict.DROP
    zone = tuple(domain.lower().split("."))
    subject, ours = _subject(question.labels, zone)
    addresses = lookup(*subject) if subject else None
    if addresses is None:
        return _reply(question, _Code.NO_SUCH_NAME, [], zone) if ours else Verdict.FORWARD
    return _reply(question, _Code.NO_ERROR, addresses, zone)


def failure(query: bytes) -> bytes | None:
    """The reply that tells of a forwarding that failed."""
    question = parse(query)
    if question is None:
        return None
    return _head(question, _Code.SERVER_FAILURE, 0, 0, authoritative=False) + question.wire


def answers_to(query: bytes, reply: bytes) -> bool:
    """Whether ``reply`` is an answer to ``query``: the same number, and an answer at all."""
    return len(reply) >= _HEADER.size and reply[:2] == query[:2] and reply[2] & 0x80 != 0


def _subject(labels: tuple[str, ...], zone: tuple[str, ...]) -> tuple[tuple[str, str] | None, bool]:
    """Name and namespace that are asked for, and whether a name like that is ours alone."""
    if labels[-len(zone) :] == zone:
        rest = labels[: -len(zone)]
        return (_name_and_namespace(rest[:-1]) if rest[-1:] == ("svc",) else None), True
    if labels[-1:] == ("svc",):
        return _name_and_namespace(labels[:-1]), False
    return (_name_and_namespace(labels) if len(labels) == 2 else None), False


def _name_and_namespace(labels: tuple[str, ...]) -> tuple[str, str] | None:
    return (".".join(labels[:-1]), labels[-1]) if len(labels) in {2, 3} else None


def _name(packet: bytes, at: int) -> tuple[tuple[str, ...], int] | None:
    """Labels of the name at ``at``, and where it ends. A question's name is never compressed."""
    labels: list[str] = []
    start = at
    while at < len(packet):
        length = packet[at]
        at += 1
        if length == 0:
            return tuple(labels), at
        if length > 63 or at + length > len(packet) or at + length - start > 254:
            return None
        try:
            labels.append(packet[at : at + length].decode("ascii").lower())
        except UnicodeDecodeError:
            return None
        at += length
    return None


def _reply(
    question: Question, code: _Code, addresses: Sequence[Address], zone: tuple[str, ...]
) -> bytes:
    records = [record for address in addresses if (record := _record(question, address))]
    authority = b"" if records else _authority(zone)
    head = _head(question, code, len(records), 1 if authority else 0, authoritative=True)
    # RFC 6891: an OPT record answers an OPT record.
    option = b"\0" + struct.pack("!HHIH", _Type.OPT, LARGEST_UDP, 0, 0)
    return (
        head
        + question.wire
        + b"".join(records)
        + authority
        + (option if question.extended else b"")
    )


def _head(
    question: Question, code: _Code, answers: int, authorities: int, *, authoritative: bool
) -> bytes:
    flags = _ANSWER | _RECURSION_AVAILABLE | (question.flags & _RECURSION_DESIRED) | code
    additional = 0
    if authoritative:
        flags |= _AUTHORITATIVE
        additional = int(question.extended)
    return _HEADER.pack(question.id, flags, 1, answers, authorities, additional)


def _record(question: Question, address: Address) -> bytes:
    """A record for the address; nothing when its family was not asked for."""
    kind = _Type.A if address.version == 4 else _Type.AAAA
    if question.type not in {kind, _Type.ANY}:
        return b""
    data = address.packed
    # 0xC00C points to the name in the question.
    return struct.pack("!HHHIH", 0xC00C, kind, _INTERNET, TTL_SECONDS, len(data)) + data


def _authority(zone: tuple[str, ...]) -> bytes:
    """The zone's SOA record, which says how long a "no" may be remembered (RFC 2308)."""
    owner = b"".join(bytes([len(label)]) + label.encode() for label in zone) + b"\0"
    data = b"\x02ns" + owner + b"\x0ahostmaster" + owner
    data += struct.pack("!IIIII", 1, 7200, 1800, 86400, TTL_SECONDS)
    return owner + struct.pack("!HHIH", _Type.SOA, _INTERNET, TTL_SECONDS, len(data)) + data
