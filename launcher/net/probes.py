"""Frames that ask who and what is on a link: ARP, neighbour discovery, pings in a guest's name.

Bytes in and bytes out. Sources: RFC 826 and 5227 (ARP), 4861 (neighbour discovery), 792 and 4443
(echo), 1071 (the checksum). ``launcher.system`` sends and hears them.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

_HEAD = struct.Struct("!6s6sH")
_ARP, _IP4, _IP6 = 0x0806, 0x0800, 0x86DD
_ASK = struct.Struct("!HHBBH6s4s6s4s")
_REQUEST, _REPLY = 1, 2
_BROADCAST = b"\xff" * 6
_ICMP, _ICMP6 = 1, 58
_GROUP = ipaddress.IPv6Address("ff02::1:ff00:0").packed
_SOLICIT, _ADVERT, _TARGET_LINK = 135, 136, 2
_ECHO = {4: (8, 0), 6: (128, 129)}
_HEADERS = {4: 28, 6: 48}
"""Bytes of the heads of IP and ICMP."""
_LIMIT = 255  # hops: neighbours take nothing that a router may have passed on
_DONT_FRAGMENT = 0x4000


class Ping(NamedTuple):
    """An echo request from one address of a network to another. ``size`` has all heads of IP.

    ``number`` are four bytes that tell its answer from others.
    """

    own_mac: str
    own: str
    mac: str
    address: str
    size: int
    number: bytes


def packed(mac: str) -> bytes:
    """The six bytes of a MAC; raises ``ValueError``."""
    try:
        found = bytes.fromhex(mac.replace(":", ""))
    except ValueError:
        found = b""
    if len(found) != len(_BROADCAST):
        raise ValueError(f"`{mac}` is no MAC address")
    return found


def probe(own: bytes, address: str) -> bytes:
    """A frame that asks who has an address, and tells of no address of the sender."""
    wanted = ipaddress.ip_address(address)
    if isinstance(wanted, ipaddress.IPv4Address):
        body = _ASK.pack(1, _IP4, 6, 4, _REQUEST, own, b"\0" * 4, b"\0" * 6, wanted.packed)
        return _HEAD.pack(_BROADCAST, own, _ARP) + body
    message = struct.pack("!BBHI16s", _SOLICIT, 0, 0, 0, wanted.packed)
    return _solicitation(own, bytes(16), _GROUP[:-3] + wanted.packed[-3:], message)


def introduction(own_mac: str, own: str, address: str) -> bytes:
    """A solicitation by which whoever has an IPv6 address learns where to answer the sender."""
    wanted, source = ipaddress.IPv6Address(address).packed, ipaddress.IPv6Address(own).packed
    group = _GROUP[:-3] + wanted[-3:]
    message = struct.pack("!BBHI16sBB6s", _SOLICIT, 0, 0, 0, wanted, 1, 1, packed(own_mac))
    return _solicitation(packed(own_mac), source, group, message)


def answer(frame: bytes, address: str) -> str:
    """The MAC that a frame tells for an address; empty when it is no such answer."""
    wanted = ipaddress.ip_address(address).packed
    if len(frame) < _HEAD.size:
        return ""
    _, source, kind = _HEAD.unpack_from(frame)
    if kind == _ARP and len(wanted) == 4 and len(frame) >= _HEAD.size + _ASK.size:
        fields = _ASK.unpack_from(frame, _HEAD.size)
        return fields[5].hex(":") if (fields[4], fields[6]) == (_REPLY, wanted) else ""
    body = frame[_HEAD.size + 40 :]
    if kind != _IP6 or len(body) < 24 or frame[_HEAD.size + 6] != _ICMP6:
        return ""
    if body[0] != _ADVERT or body[8:24] != wanted:
        return ""
    if len(body) >= 32 and body[24] == _TARGET_LINK:
        return body[26:32].hex(":")
    told: str = source.hex(":")
    return told


def ping(asked: Ping) -> bytes:
    """The frame of an echo request, which may not be cut into parts on its way."""
    own, wanted = ipaddress.ip_address(asked.own), ipaddress.ip_address(asked.address)
    version = wanted.version
    room = bytes(max(asked.size - _HEADERS[version], 0))
    message = struct.pack("!BBH4s", _ECHO[version][0], 0, 0, asked.number) + room
    if version == 4:
        message = _summed(message)
        head = struct.pack(
            "!BBHHHBBH4s4s", 0x45, 0, 20 + len(message), 0, _DONT_FRAGMENT, 64, _ICMP, 0,
            own.packed, wanted.packed,
        )  # fmt: skip
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    else:
        message = _with_checksum(message, own.packed, wanted.packed)
        head = struct.pack("!IHBB", 6 << 28, len(message), _ICMP6, 64) + own.packed + wanted.packed
    kind = _IP4 if version == 4 else _IP6
    return _HEAD.pack(packed(asked.mac), packed(asked.own_mac), kind) + head + message


def is_pong(frame: bytes, asked: Ping) -> bool:
    """Whether a frame is the answer to a ping."""
    version = ipaddress.ip_address(asked.address).version
    kind, length = (_IP4, 20) if version == 4 else (_IP6, 40)
    if len(frame) < _HEAD.size + length + 8 or _HEAD.unpack_from(frame)[2] != kind:
        return False
    if version == 4:
        length = (frame[_HEAD.size] & 15) * 4
    return _is_reply(frame[_HEAD.size + length :], version, asked.number)


def request(version: int, size: int, number: bytes) -> bytes:
    """The ICMP message of a ping that the kernel sends; it adds the checksum to IPv6's itself."""
    room = bytes(max(size - _HEADERS[version], 0))
    message = struct.pack("!BBH4s", _ECHO[version][0], 0, 0, number) + room
    return _summed(message) if version == 4 else message


def is_reply(packet: bytes, version: int, number: bytes) -> bool:
    """Whether a raw socket's packet is the answer to ``request``; IPv4's come with their heads."""
    length = (packet[0] & 15) * 4 if version == 4 and packet else 0
    return _is_reply(packet[length:], version, number)


def _solicitation(own: bytes, source: bytes, group: bytes, message: bytes) -> bytes:
    message = _with_checksum(message, source, group)
    head = struct.pack("!IHBB", 6 << 28, len(message), _ICMP6, _LIMIT) + source + group
    return _HEAD.pack(b"\x33\x33" + group[-4:], own, _IP6) + head + message


def _is_reply(message: bytes, version: int, number: bytes) -> bool:
    return message[:1] == bytes([_ECHO[version][1]]) and message[4:8] == number


def _summed(message: bytes) -> bytes:
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def _with_checksum(message: bytes, source: bytes, destination: bytes) -> bytes:
    """An ICMPv6 message with its checksum, which covers the addresses (RFC 8200 §8.1)."""
    head = source + destination + struct.pack("!IxxxB", len(message), _ICMP6)
    return message[:2] + struct.pack("!H", checksum(head + message)) + message[4:]


def checksum(data: bytes) -> int:
    """The Internet's checksum (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
