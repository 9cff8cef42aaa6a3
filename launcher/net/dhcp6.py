"""A DHCPv6 server for one guest NIC, bytes in and bytes out (RFC 8415).

Facts and quirks from spec/launcher-network.md §7: one address for whoever asks, the same lease as
by DHCPv4, no status codes. The default route comes by ``launcher.net.routeradv``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv6Address, ip_address

from launcher.net.dhcp4 import LEASE_SECONDS

SERVER_PORT = 547
SERVERS_GROUP = "ff02::1:2"


class _Message(IntEnum):
    SOLICIT = 1
    ADVERTISE = 2
    REQUEST = 3
    CONFIRM = 4
    RENEW = 5
    REBIND = 6
    REPLY = 7
    RELEASE = 8
    INFORMATION = 11


class _Option(IntEnum):
    CLIENT_ID = 1
    SERVER_ID = 2
    IA_NA = 3
    IA_ADDRESS = 5
    RAPID_COMMIT = 14
    NAMESERVERS = 23


_ANSWERED = frozenset(_Message) - {_Message.ADVERTISE, _Message.REPLY}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What the guest is told. ``nameservers`` are of both families; ``mac`` is the bridge's."""

    address: IPv6Address
    mac: str
    nameservers: tuple[str, ...] = ()


class Server:
    """Answers the requests that arrive on one bridge."""

    def __init__(self, config: Config) -> None:
        self._address = config.address
        # DUID-LL (type 3) of hardware type 1, Ethernet: RFC 8415 §11.4.
        self._id = b"\x00\x03\x00\x01" + bytes.fromhex(config.mac.replace(":", ""))
        self._nameservers = b"".join(
            address.packed
            for address in map(ip_address, config.nameservers)
            if address.version == 6
        )

    def answer(self, packet: bytes) -> bytes | None:
        """The reply to a packet, for the address it came from; None when there is none to give."""
        if len(packet) < 4 or packet[0] not in _ANSWERED:
            return None
        options = _parse(packet[4:])
        if options is None or _Option.CLIENT_ID not in options:
            return None
        kind, rapid = _Message.REPLY, b""
        if packet[0] == _Message.SOLICIT:
            if _Option.RAPID_COMMIT in options:
                rapid = _option(_Option.RAPID_COMMIT, b"")
            else:
                kind = _Message.ADVERTISE
        out = bytes([kind]) + packet[1:4]
        out += _option(_Option.CLIENT_ID, options[_Option.CLIENT_ID])
        out += _option(_Option.SERVER_ID, self._id)
        out += self._association(options) + rapid
        if self._nameservers:
            out += _option(_Option.NAMESERVERS, self._nameservers)
        return out

    def _association(self, options: Mapping[int, bytes]) -> bytes:
        """The address, in the identity association that was asked for, else in one of id 0.

        KubeVirt's server sends it always, also to those who only want to be told of other things.
        """
        asked = options.get(_Option.IA_NA, bytes(12))
        if len(asked) < 12:
            return b""
        address = struct.pack("!16sII", self._address.packed, LEASE_SECONDS, LEASE_SECONDS)
        return _option(
            _Option.IA_NA,
            asked[:4] + struct.pack("!II", 0, 0) + _option(_Option.IA_ADDRESS, address),
        )


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("!HH", code, len(value)) + value


def _parse(data: bytes) -> dict[int, bytes] | None:
    """Options by code, the first of each; None when they do not fill the packet exactly."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            return None
        code, length = struct.unpack_from("!HH", data, at)
        at += 4 + length
        if at > len(data):
            return None
        found.setdefault(code, data[at - length : at])
    return found
