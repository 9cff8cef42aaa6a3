"""Router advertisements for the guest's link, bytes in and bytes out (RFC 4861, 8106).

KubeVirt sends none, so its IPv6 guests get an address and no way out; ours say that addresses come
by DHCPv6, which router is the default one, the MTU and the name servers. Checksums are left to the
kernel.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv6Network, ip_address

ALL_NODES = "ff02::1"
ALL_ROUTERS = "ff02::2"
SOLICITATION, ADVERTISEMENT = 133, 134
HOP_LIMIT = 255

ROUTER_LIFETIME_SECONDS = 1800
INTERVAL_SECONDS = 300
"""Between unsolicited ones; RFC 4861 §6.2.1 allows a third of the lifetime."""

_MANAGED, _OTHER = 0x80, 0x40
_ON_LINK = 0x80
_INFINITE = 0xFFFFFFFF


@dataclass(frozen=True, kw_only=True)
class Config:
    """What to advertise. ``mac`` is the bridge's, ``nameservers`` are of both families.

    ``prefix`` is on the link, but nobody makes addresses out of it.
    """

    mac: str
    mtu: int
    prefix: IPv6Network
    nameservers: tuple[str, ...] = ()


def advertisement(config: Config) -> bytes:
    """The ICMPv6 message, with a zero checksum."""
    out = struct.pack(
        "!BBHBBHII",
        ADVERTISEMENT, 0, 0, 64, _MANAGED | _OTHER, ROUTER_LIFETIME_SECONDS, 0, 0,
    )  # fmt: skip
    out += struct.pack("!BB6s", 1, 1, bytes.fromhex(config.mac.replace(":", "")))
    out += struct.pack("!BBHI", 5, 1, 0, config.mtu)
    out += struct.pack(
        "!BBBBIII16s",
        3, 4, config.prefix.prefixlen, _ON_LINK, _INFINITE, _INFINITE, 0,
        config.prefix.network_address.packed,
    )  # fmt: skip
    servers = [a.packed for a in map(ip_address, config.nameservers) if a.version == 6]
    if servers:
        out += struct.pack("!BBHI", 25, 1 + 2 * len(servers), 0, ROUTER_LIFETIME_SECONDS)
        out += b"".join(servers)
    return out


def is_solicitation(packet: bytes) -> bool:
    """Whether an ICMPv6 message is a router solicitation by the rules of RFC 4861 §6.1.1."""
    if len(packet) < 8 or packet[0] != SOLICITATION or packet[1] != 0:
        return False
    at = 8
    while at < len(packet):
        if at + 2 > len(packet) or packet[at + 1] == 0:
            return False
        at += packet[at + 1] * 8
    return at == len(packet)
