"""A guest on a tap that asks for its addresses, and tells what it was told as text.

Only what a client of DHCP needs, written apart from the servers' own codecs: RFC 2131 and 8415.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import select
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address

_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI, _IFF_MULTI_QUEUE = 0x0002, 0x1000, 0x0100
_AGAIN, _GIVE_UP = 0.3, 60.0  # seconds
_COOKIE = bytes([99, 130, 83, 99])
_BROADCAST4, _SERVERS6 = b"\xff" * 6, bytes.fromhex("333300010002")
_ADDRESSES4 = frozenset({1, 3, 6, 42, 54})
_TEXTS4 = frozenset({12, 15, 66, 67, *range(224, 255)})
DISCOVER, REQUEST, INFORM = 1, 3, 8
SOLICIT, REQUEST6, INFORMATION = 1, 3, 11


class Guest:
    """Sends and receives frames at a tap; ``mac`` is who it is."""

    def __init__(self, fd: int, mac: str) -> None:
        self._fd = fd
        self._mac = bytes.fromhex(mac.replace(":", ""))
        self._numbers = itertools.count(7)

    def dhcp4(self, kind: int, options: bytes = b"", *, mac: str = "", silent: int = 0) -> str:
        """What was answered to a message, as text; empty for no answer.

        With ``silent`` a message of that kind is sent before: the server takes one after the other,
        so an answer to it would come first, and is told as such.
        """
        own = bytes.fromhex(mac.replace(":", "")) if mac else self._mac
        for _ in self._tries():
            first, second = next(self._numbers), next(self._numbers)
            if silent:
                self._send(_frame4(own, _message4(own, silent, first, options)))
            self._send(_frame4(own, _message4(own, kind, second, options)))
            for packet in self._received():
                reply = _payload4(packet)
                number = struct.unpack_from("!I", reply, 4)[0] if reply else 0
                if number == first:
                    return "what must not be answered is"
                if number == second and reply:
                    return told4(reply)
        return ""

    def is_answered(self, mac: str, then: str) -> bool:
        """Whether a station is answered that asks before another one does."""
        stations = [bytes.fromhex(each.replace(":", "")) for each in (mac, then)]
        for _ in self._tries():
            numbers = [next(self._numbers) for _ in stations]
            for own, number in zip(stations, numbers, strict=True):
                self._send(_frame4(own, _message4(own, DISCOVER, number, b"")))
            for packet in self._received():
                reply = _payload4(packet)
                number = struct.unpack_from("!I", reply, 4)[0] if reply else 0
                if number in numbers:
                    return number == numbers[0]
        raise AssertionError("nobody is answered")

    def dhcp6(self, kind: int, options: bytes = b"") -> str:
        """The same for DHCPv6, from the MAC's link-local address."""
        source = _link_local(self._mac)
        for _ in self._tries():
            number = next(self._numbers)
            message = bytes([kind]) + number.to_bytes(3, "big") + options
            self._send(self._frame6(source, message))
            for packet in self._received():
                if _solicits(packet, source):
                    self._send(_advertisement(packet, source, self._mac))
                elif packet[12:14] == b"\x86\xdd" and packet[20] == 17:
                    reply = packet[62:]
                    if reply[1:4] == number.to_bytes(3, "big"):
                        return f"{reply[0]}: " + ", ".join(_options6(reply[4:]))
        return ""

    def _frame6(self, source: bytes, message: bytes) -> bytes:
        target = IPv6Address("ff02::1:2").packed
        datagram = struct.pack("!HHHH", 546, 547, 8 + len(message), 0) + message
        check = _sum6(source, target, 17, datagram) or 0xFFFF
        datagram = datagram[:6] + struct.pack("!H", check) + datagram[8:]
        head = _SERVERS6 + self._mac + b"\x86\xdd"
        return head + _packet6(source, target, 17, datagram, hops=64)

    @staticmethod
    def _tries() -> Iterator[int]:
        until = time.monotonic() + _GIVE_UP
        for number in itertools.count():
            if time.monotonic() > until:
                return
            yield number

    def _received(self) -> Iterator[bytes]:
        until = time.monotonic() + _AGAIN
        while (left := until - time.monotonic()) > 0:
            if select.select([self._fd], [], [], left)[0]:
                yield os.read(self._fd, 65535)

    def _send(self, frame: bytes) -> None:
        os.write(self._fd, frame)


@contextmanager
def plugged(tap: str, mac: str, *, queues: bool) -> Iterator[Guest]:
    """A guest at a tap of the network namespace that the thread is in."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    try:
        flags = _IFF_TAP | _IFF_NO_PI | (_IFF_MULTI_QUEUE if queues else 0)
        fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", tap.encode(), flags))
        yield Guest(fd, mac)
    finally:
        os.close(fd)


def told4(reply: bytes) -> str:
    """Type, address and options of a reply, the options by their numbers."""
    found = dict(_options4(reply[240:]))
    kind = {2: "offer", 5: "ack", 6: "nak"}[found.pop(53)[0]]
    texts = [f"{code}={_value4(code, value)}" for code, value in sorted(found.items())]
    return f"{kind} {IPv4Address(reply[16:20])} " + " ".join(texts)


def requested(address: str, server: str) -> bytes:
    """Options of a REQUEST for an address."""
    return bytes([50, 4]) + ip_address(address).packed + bytes([54, 4]) + ip_address(server).packed


def option6(code: int, value: bytes) -> bytes:
    """An option of DHCPv6."""
    return struct.pack("!HH", code, len(value)) + value


def _message4(mac: bytes, kind: int, number: int, options: bytes) -> bytes:
    head = struct.pack("!BBBBIHH16x", 1, 1, 6, 0, number, 0, 0) + mac + bytes(10 + 192) + _COOKIE
    return (head + bytes([53, 1, kind]) + options + b"\xff").ljust(300, b"\0")


def _frame4(mac: bytes, message: bytes) -> bytes:
    datagram = struct.pack("!HHHH", 68, 67, 8 + len(message), 0) + message
    size = 20 + len(datagram)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, size, 1, 0, 64, 17, 0, bytes(4), b"\xff" * 4)
    head = head[:10] + struct.pack("!H", _sum(head)) + head[12:]
    return _BROADCAST4 + mac + b"\x08\x00" + head + datagram


def _payload4(packet: bytes) -> bytes:
    """What a DHCP server sent; empty for any other frame."""
    if packet[12:14] != b"\x08\x00" or len(packet) < 282 or packet[23] != 17:
        return b""
    return packet[42:] if packet[34:36] == b"\x00\x43" else b""


def _options4(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data) and data[at] != 255:
        yield data[at], data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]


def _value4(code: int, value: bytes) -> str:
    if code in _ADDRESSES4:
        return ",".join(str(IPv4Address(value[at : at + 4])) for at in range(0, len(value), 4))
    if code in _TEXTS4:
        return repr(value.decode())
    if code == 119:
        return ",".join(_names(value))
    if code == 121:
        return ",".join(_routes(value))
    return str(int.from_bytes(value, "big"))


def _names(value: bytes) -> list[str]:
    names, labels = [], list[str]()
    while value:
        size, value = value[0], value[1:]
        if not size:
            names.append(".".join(labels))
            labels = []
            continue
        labels.append(value[:size].decode())
        value = value[size:]
    return names


def _routes(value: bytes) -> Iterator[str]:
    while value:
        width, octets = value[0], -(-value[0] // 8)
        target = IPv4Address(value[1 : 1 + octets].ljust(4, b"\0"))
        yield f"{target}/{width}>{IPv4Address(value[1 + octets : 5 + octets])}"
        value = value[5 + octets :]


def _options6(data: bytes) -> Iterator[str]:
    while data:
        code, size = struct.unpack_from("!HH", data)
        yield f"{code}={_value6(code, data[4 : 4 + size])}"
        data = data[4 + size :]


def _value6(code: int, value: bytes) -> str:
    match code:
        case 3:
            times = "/".join(str(each) for each in struct.unpack_from("!III", value))
            return f"({times} {' '.join(_options6(value[12:]))})"
        case 5:
            times = "/".join(str(each) for each in struct.unpack_from("!II", value, 16))
            return f"{IPv6Address(value[:16])} {times}"
        case 23:
            return ",".join(
                str(IPv6Address(value[at : at + 16])) for at in range(0, len(value), 16)
            )
        case _:
            return value.hex()


def _solicits(packet: bytes, source: bytes) -> bool:
    """Whether somebody looks for the station of an address (RFC 4861 §4.3)."""
    return packet[12:14] == b"\x86\xdd" and packet[20] == 58 and packet[54:55] == b"\x87" and (
        packet[62:78] == source
    )  # fmt: skip


def _advertisement(packet: bytes, source: bytes, mac: bytes) -> bytes:
    asker = packet[22:38]
    body = b"\x88\0\0\0\x60\0\0\0" + source + b"\x02\x01" + mac
    body = body[:2] + struct.pack("!H", _sum6(source, asker, 58, body)) + body[4:]
    return packet[6:12] + mac + b"\x86\xdd" + _packet6(source, asker, 58, body, hops=255)


def _packet6(source: bytes, target: bytes, protocol: int, payload: bytes, *, hops: int) -> bytes:
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, hops) + source + target + payload


def _link_local(mac: bytes) -> bytes:
    """The address that a station gives itself (RFC 4291, appendix A)."""
    return b"\xfe\x80" + bytes(6) + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]


def _sum6(source: bytes, target: bytes, protocol: int, payload: bytes) -> int:
    return _sum(source + target + struct.pack("!II", len(payload), protocol) + payload)


def _sum(data: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
