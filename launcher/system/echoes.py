"""Ask an address whether it is there: ICMP echo (RFC 792, RFC 4443), from a network namespace."""

from __future__ import annotations

import os
import socket
import struct
import time

from launcher.system import namespaces

_ECHO = {4: (8, 0), 6: (128, 129)}
_AGAIN = 0.2  # seconds between two questions
_ICMPV6 = socket.IPPROTO_ICMPV6


def answers(address: str, netns: str, seconds: float) -> bool:
    """Whether an address answers within so many seconds; returns as soon as it does.

    A link-local one has the index of its link, as in ``fe80::1%2``.
    """
    version = 6 if ":" in address else 4
    family, protocol = (
        (socket.AF_INET6, _ICMPV6) if version == 6 else (socket.AF_INET, socket.IPPROTO_ICMP)
    )
    number = os.getpid() & 0xFFFF
    deadline = time.monotonic() + seconds
    with namespaces.open_socket(netns, family, socket.SOCK_RAW, protocol) as channel:
        turn = 0
        while (left := deadline - time.monotonic()) > 0:
            turn += 1
            try:
                channel.sendto(_request(version, number, turn), (address, 0))
            except OSError:
                time.sleep(min(_AGAIN, left))  # there is no way to it now
                continue
            if _heard(channel, address, (_ECHO[version][1], number), min(_AGAIN, left)):
                return True
    return False


def _heard(channel: socket.socket, address: str, wanted: tuple[int, int], seconds: float) -> bool:
    """Whether the answer comes; ``wanted`` is its type and number."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        channel.settimeout(left)
        try:
            data, source = channel.recvfrom(2048)
        except OSError:
            return False
        # IPv4's raw sockets give the IP header, too.
        body = data[(data[0] & 15) * 4 :] if channel.family == socket.AF_INET else data
        if len(body) < 8 or source[0].partition("%")[0] != address.partition("%")[0]:
            continue
        kind, _, _, number = struct.unpack_from("!BBHH", body)
        if (kind, number) == wanted:
            return True
    return False


def _request(version: int, number: int, turn: int) -> bytes:
    kind = _ECHO[version][0]
    body = struct.pack("!BBHHH", kind, 0, 0, number, turn & 0xFFFF)
    if version == 6:
        return body  # the kernel fills in the checksum, which covers addresses
    return struct.pack("!BBHHH", kind, 0, checksum(body), number, turn & 0xFFFF)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
