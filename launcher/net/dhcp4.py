"""A DHCPv4 server for one guest NIC, bytes in and bytes out (RFC 2131, 2132).

Facts and quirks from spec/launcher-network.md §6: one address for whoever asks, a lease that no
guest lives to renew, every option always sent, requests never refused. Sockets are in
``launcher.system.sockets``.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network, ip_address

from launcher.errors import SpecError
from launcher.spec import DhcpOptions

SERVER_PORT = 67
LEASE_SECONDS = 999 * 24 * 3600
FALLBACK_NAMESERVER = "8.8.8.8"
DEFAULT_SEARCH = "cluster.local"

_COOKIE = b"\x63\x82\x53\x63"
_HEADER = struct.Struct("!BBBBIHHIIII16s192x4s")
_SMALLEST_REPLY = 272
_BROADCAST = 0x8000
_NAME = re.compile(
    r"(?:[_a-z0-9](?:[_a-z0-9-]{0,61}[a-z0-9])?\.)*(?:[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)?"
)


_NO_EXTRA = DhcpOptions()


class _Option(IntEnum):
    PAD = 0
    MASK = 1
    ROUTER = 3
    NAMESERVERS = 6
    HOST_NAME = 12
    DOMAIN = 15
    MTU = 26
    NTP = 42
    LEASE = 51
    TYPE = 53
    SERVER = 54
    TFTP_SERVER = 66
    BOOT_FILE = 67
    SEARCH = 119
    ROUTES = 121
    END = 255


class _Type(IntEnum):
    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    ACK = 5
    INFORM = 8


_ANSWERS: dict[int | None, int] = {_Type.DISCOVER: _Type.OFFER, _Type.REQUEST: _Type.ACK}


@dataclass(frozen=True, kw_only=True)
class Route:
    """A route to hand out. ``gateway`` None: the destination is on the link."""

    destination: IPv4Network
    gateway: IPv4Address | None = None


@dataclass(frozen=True, kw_only=True)
class Config:
    """What the guest is told.

    ``nameservers`` are of both families, as in resolv.conf; ``search`` is made by ``search_list``.
    ``only_mac`` answers nobody else, empty answers anyone.
    """

    address: IPv4Interface
    server: IPv4Address
    hostname: str
    mtu: int
    router: IPv4Address | None = None
    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = (DEFAULT_SEARCH,)
    routes: tuple[Route, ...] = ()
    only_mac: str = ""
    extra: DhcpOptions = _NO_EXTRA


@dataclass(frozen=True)
class Reply:
    """A packet to send, and where to."""

    packet: bytes
    address: str
    port: int


@dataclass
class Asked:
    """How often a guest asked for its lease, and was answered.

    ``foreign`` is the MAC of the last one who is not the guest, and got no answer.
    """

    offers: int = 0
    acknowledged: int = 0
    foreign: str = ""


class Server:
    """Answers the requests that arrive on one bridge; ``asked`` counts them."""

    def __init__(self, config: Config) -> None:
        """Raises ``SpecError`` when an option cannot be put into a packet."""
        self._config = config
        self._options = _options(config)
        self._mac = bytes.fromhex(config.only_mac.replace(":", ""))
        self.asked = Asked()

    @property
    def address(self) -> str:
        """The address that it gives."""
        return str(self._config.address.ip)

    def answer(self, packet: bytes, source: tuple[str, int]) -> Reply | None:
        """The reply to a packet that came from ``source``; None for all that is not for us."""
        if len(packet) < 240 or packet[0] != 1 or packet[2] > 16 or packet[236:240] != _COOKIE:
            return None
        answer = _ANSWERS.get(_message_type(packet))
        if answer is None:
            return None
        hardware = packet[28:44]
        if self._mac and hardware[: len(self._mac)] != self._mac:
            self.asked.foreign = hardware[:6].hex(":")
            return None
        xid, flags = struct.unpack_from("!I2xH", packet, 4)
        (relay,) = struct.unpack_from("!I", packet, 24)
        head = _HEADER.pack(
            2, 1, 6, 0, xid, 0, flags, 0, int(self._config.address.ip), 0, relay, hardware, _COOKIE
        )
        body = head + _option(_Option.TYPE, bytes([answer])) + self._options
        self._count(answer)
        address, port = source
        if address == "0.0.0.0" or flags & _BROADCAST:  # noqa: S104 - compared, not bound
            address = "255.255.255.255"
        return Reply(body.ljust(_SMALLEST_REPLY, b"\0"), address, port)

    def _count(self, answer: int) -> None:
        if answer == _Type.OFFER:
            self.asked.offers += 1
        else:
            self.asked.acknowledged += 1


def search_list(search: tuple[str, ...], subdomain: str = "") -> tuple[str, ...]:
    """Search domains for the guest, from the pod's.

    With a subdomain, the service domain of the namespace is prepended under it, so that machines of
    one subdomain find each other by host name.
    """
    found = tuple(name.lower() for name in search) or (DEFAULT_SEARCH,)
    services = [name for name in found if ".svc." in name]
    if subdomain and services:
        service = max(services, key=len)
        if not service.startswith(f"{subdomain}."):
            return (f"{subdomain}.{service}", *found)
    return found


def _message_type(packet: bytes) -> int | None:
    """Option 53; None when it is missing, or the options are cut short before it."""
    at = 240
    while at < len(packet):
        code = packet[at]
        if code == _Option.END:
            return None
        if code == _Option.PAD:
            at += 1
            continue
        if at + 2 > len(packet):
            return None
        length = packet[at + 1]
        value = packet[at + 2 : at + 2 + length]
        if code == _Option.TYPE:
            return value[0] if length == 1 and value else None
        at += 2 + length
    return None


def _options(config: Config) -> bytes:
    """All options after the message type, END included."""
    out = _option(_Option.SERVER, config.server.packed)
    out += _option(_Option.LEASE, struct.pack("!I", LEASE_SECONDS))
    out += _option(_Option.MASK, config.address.netmask.packed)
    if config.router:
        out += _option(_Option.ROUTER, config.router.packed)
    out += _option(_Option.NAMESERVERS, _nameservers(config.nameservers))
    out += _option(_Option.HOST_NAME, config.hostname.encode())
    if config.search:
        out += _option(_Option.DOMAIN, max(config.search, key=len).encode())
    out += _option(_Option.MTU, struct.pack("!H", config.mtu))
    if config.search:
        out += _option(_Option.SEARCH, _search(config.search))
    if config.routes:
        out += _option(_Option.ROUTES, b"".join(map(_route, _default_last(config.routes))))
    return out + _extra(config.extra) + bytes([_Option.END])


def _extra(extra: DhcpOptions) -> bytes:
    out = b""
    if extra.tftp_server_name:
        out += _option(_Option.TFTP_SERVER, extra.tftp_server_name.encode())
    if extra.boot_file_name:
        out += _option(_Option.BOOT_FILE, extra.boot_file_name.encode())
    if extra.ntp_servers:
        out += _option(_Option.NTP, b"".join(map(_ntp, extra.ntp_servers)))
    for private in extra.private_options:
        # Others belong to the standard: KubeVirt skips them without a word.
        if 224 <= private.option <= 254:
            out += _option(private.option, private.value.encode())
    return out


def _option(code: int, value: bytes) -> bytes:
    if len(value) > 255:
        raise SpecError(
            "dhcpOptions", f"DHCP option {code} has {len(value)} bytes; at most 255 fit"
        )
    return bytes([code, len(value)]) + value


def _nameservers(servers: tuple[str, ...]) -> bytes:
    addresses = [ip_address(server.partition("%")[0]) for server in servers]
    if not addresses:
        return IPv4Address(FALLBACK_NAMESERVER).packed
    return b"".join(address.packed for address in addresses if address.version == 4)


def _ntp(server: str) -> bytes:
    try:
        return IPv4Address(server).packed
    except AddressValueError:
        raise SpecError("dhcpOptions.ntpServers", f"`{server}` is not an IPv4 address") from None


def _search(names: tuple[str, ...]) -> bytes:
    """Domain names as in RFC 1035 §3.1, without its compression (RFC 3397 leaves it open)."""
    out = b""
    for name in names:
        if len(name) > 253 or not _NAME.fullmatch(name):
            raise SpecError("dnsConfig.searches", f"`{name}` is not a domain name")
        # A dot at the end is a label without a letter, which KubeVirt's server sends too.
        for label in name.split("."):
            out += bytes([len(label)]) + label.encode()
        out += b"\0"
    return out


def _default_last(routes: tuple[Route, ...]) -> list[Route]:
    return sorted(routes, key=lambda route: route.destination.prefixlen == 0)


def _route(route: Route) -> bytes:
    """RFC 3442: width of the destination, its significant octets, the gateway."""
    width = route.destination.prefixlen
    octets = route.destination.network_address.packed[: -(-width // 8)]
    gateway = route.gateway or IPv4Address(0)
    return bytes([width]) + octets + gateway.packed
