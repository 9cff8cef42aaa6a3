"""rtnetlink(7) messages: build requests, parse answers. No sockets here.

A codec of our own for the dozen messages that we need: the general library for it takes 220 ms and
18 MB in every launcher, several times the rest of a launcher's start.

Layout of a message: a header (length, type, flags, sequence, port id), a fixed structure of the
family, then attributes (length, type, payload), each padded to four bytes. Numbers are the host's.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from launcher.net.model import Address, Link


class Type(IntEnum):
    """Message types (linux/netlink.h, linux/rtnetlink.h)."""

    ERROR = 2
    DONE = 3
    NEW_LINK = 16
    DELETE_LINK = 17
    GET_LINK = 18
    SET_LINK = 19
    NEW_ADDRESS = 20
    DELETE_ADDRESS = 21
    GET_ADDRESS = 22
    NEW_ROUTE = 24
    DELETE_ROUTE = 25
    GET_ROUTE = 26
    NEW_RULE = 32
    DELETE_RULE = 33
    GET_RULE = 34


class Flag(IntFlag):
    """Header flags: ``EXCLUSIVE`` and ``CREATE`` for new objects, ``DUMP`` for lists."""

    REQUEST = 0x1
    ACK = 0x4
    EXCLUSIVE = 0x200
    CREATE = 0x400
    DUMP = 0x300


ADD = Flag.REQUEST | Flag.ACK | Flag.CREATE | Flag.EXCLUSIVE
CHANGE = Flag.REQUEST | Flag.ACK
LIST = Flag.REQUEST | Flag.DUMP

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_LINK = struct.Struct("=BxHiII")  # family, device type, index, flags, which flags to change
_ADDRESS = struct.Struct("=BBBBI")  # family, prefix, flags, scope, index
_ROUTE = struct.Struct("=BBBBBBBBI")  # family, lengths, tos, table, protocol, scope, type, flags
_U32 = struct.Struct("=I")

_INET, _INET6 = 2, 10
NESTED = 0x8000
_TYPE_MASK = 0x3FFF
_IFF_UP = 0x1
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_MASTER = 1, 3, 4, 10
_IFLA_LINKINFO, _IFLA_NET_NS_FD = 18, 28
_INFO_KIND, _INFO_DATA, _INFO_SLAVE_KIND, _INFO_SLAVE_DATA = 1, 2, 4, 5
_BRPORT_LEARNING = 8
_VETH_PEER = 1
_TUN_TYPE, _TUN_IS_TAP = 3, 2
_IFA_ADDRESS, _IFA_LOCAL, _IFA_BROADCAST, _IFA_FLAGS = 1, 2, 4, 8
_IFA_F_NODAD = 0x02
_SCOPE_UNIVERSE, _SCOPE_LINK = 0, 253
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_TABLE = 1, 4, 5, 15
_TABLE_MAIN, _RTPROT_STATIC, _RTN_UNICAST = 254, 4, 1
_RTM_F_CLONED = 0x200
_NLMSGERR_MESSAGE = 1
_CAPPED = 0x100  # NLM_F_CAPPED: an error answer without the request's payload


@dataclass(frozen=True)
class Message:
    """A message as received."""

    type: int
    flags: int
    sequence: int
    body: bytes


@dataclass(frozen=True)
class LinkRow:
    """One link as the kernel tells it; ``master`` is an index, 0 for none."""

    index: int
    name: str
    kind: str
    mac: str
    mtu: int
    master: int
    up: bool
    learning: bool | None = None


@dataclass(frozen=True, kw_only=True)
class LinkChange:
    """What to change of a link. ``master`` is an index, 0 for none."""

    up: bool | None = None
    mac: str | None = None
    mtu: int | None = None
    master: int | None = None
    name: str = ""
    learning: bool | None = None


_NO_CHANGE = LinkChange()


@dataclass(frozen=True)
class RouteRow:
    """One route of the main table; ``device`` is an index."""

    destination: str
    device: int
    gateway: str


def build(kind: Type, flags: Flag, sequence: int, body: bytes) -> bytes:
    """A whole message."""
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, sequence, 0) + body


def parse(data: bytes) -> Iterator[Message]:
    """The messages of one datagram."""
    while len(data) >= _HEADER.size:
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data)
        if not _HEADER.size <= length <= len(data):
            raise ValueError(f"netlink message of {length} bytes in {len(data)}")
        yield Message(kind, flags, sequence, data[_HEADER.size : length])
        data = data[_padded(length) :]


def parse_error(message: Message) -> tuple[int, str]:
    """errno of an ``ERROR`` answer, 0 for success, and the kernel's explanation when it has one."""
    (number,) = struct.unpack_from("=i", message.body)
    told = 4 + _HEADER.size
    if not message.flags & _CAPPED:
        (length,) = _U32.unpack_from(message.body, 4)
        told = 4 + _padded(length)
    text = parse_attributes(message.body[told:]).get(_NLMSGERR_MESSAGE, b"")
    return -number, _text(text)


def build_new_link(
    name: str,
    kind: str,
    *,
    mac: str = "",
    peer: str = "",
    peer_netns_fd: int | None = None,
) -> bytes:
    """Body that makes a link; ``peer`` is the other end of a veth, made in another namespace."""
    info = build_attribute(_INFO_KIND, kind.encode())
    if peer:
        other = _LINK.pack(0, 0, 0, 0, 0) + build_attribute(_IFLA_IFNAME, _terminated(peer))
        if peer_netns_fd is not None:
            other += build_attribute(_IFLA_NET_NS_FD, _U32.pack(peer_netns_fd))
        info += build_attribute(_INFO_DATA | NESTED, build_attribute(_VETH_PEER | NESTED, other))
    body = _LINK.pack(0, 0, 0, 0, 0) + build_attribute(_IFLA_IFNAME, _terminated(name))
    if mac:
        body += build_attribute(_IFLA_ADDRESS, _mac(mac))
    return body + build_attribute(_IFLA_LINKINFO | NESTED, info)


def build_change_link(index: int, change: LinkChange = _NO_CHANGE) -> bytes:
    """Body that changes the link of an index; without a change, one that deletes it."""
    mask = 0 if change.up is None else _IFF_UP
    body = _LINK.pack(0, 0, index, _IFF_UP if change.up else 0, mask)
    if change.name:
        body += build_attribute(_IFLA_IFNAME, _terminated(change.name))
    if change.mac is not None:
        body += build_attribute(_IFLA_ADDRESS, _mac(change.mac))
    if change.mtu is not None:
        body += build_attribute(_IFLA_MTU, _U32.pack(change.mtu))
    if change.master is not None:
        body += build_attribute(_IFLA_MASTER, _U32.pack(change.master))
    if change.learning is not None:
        port = build_attribute(_BRPORT_LEARNING, bytes([change.learning]))
        info = build_attribute(_INFO_SLAVE_KIND, b"bridge\0")
        info += build_attribute(_INFO_SLAVE_DATA | NESTED, port)
        body += build_attribute(_IFLA_LINKINFO | NESTED, info)
    return body


def build_address(index: int, address: Address) -> bytes:
    """Body that adds or deletes an address of the link of an index."""
    packed = ipaddress.ip_address(address.ip).packed
    family = _INET6 if address.version == 6 else _INET
    body = _ADDRESS.pack(family, address.prefix, 0, _SCOPE_UNIVERSE, index)
    body += build_attribute(_IFA_LOCAL, packed) + build_attribute(_IFA_ADDRESS, packed)
    if address.version == 6:
        return body + build_attribute(_IFA_FLAGS, _U32.pack(_IFA_F_NODAD))
    if address.prefix < 31:  # RFC 3021: no broadcast on a link of two
        network = ipaddress.ip_network(str(address), strict=False)
        body += build_attribute(_IFA_BROADCAST, network.broadcast_address.packed)
    return body


def build_route(destination: str, device: int, gateway: str = "") -> bytes:
    """Body that adds or deletes a route of the main table through the link of an index."""
    network = ipaddress.ip_network(destination)
    family = _INET6 if network.version == 6 else _INET
    scope = _SCOPE_UNIVERSE if gateway or network.version == 6 else _SCOPE_LINK
    lengths = (network.prefixlen, 0, 0)
    body = _ROUTE.pack(family, *lengths, _TABLE_MAIN, _RTPROT_STATIC, scope, _RTN_UNICAST, 0)
    if network.prefixlen:
        body += build_attribute(_RTA_DST, network.network_address.packed)
    if gateway:
        body += build_attribute(_RTA_GATEWAY, ipaddress.ip_address(gateway).packed)
    return body + build_attribute(_RTA_OIF, _U32.pack(device))


def build_list(kind: Type) -> bytes:
    """Body of a request to list everything of a kind, of all families."""
    size = {Type.GET_LINK: _LINK.size, Type.GET_ADDRESS: _ADDRESS.size, Type.GET_ROUTE: _ROUTE.size}
    return bytes(size[kind])


def parse_link(body: bytes) -> LinkRow:
    """Read a ``NEW_LINK`` body."""
    _, _, index, flags, _ = _LINK.unpack_from(body)
    attributes = parse_attributes(body[_LINK.size :])
    info = parse_attributes(attributes.get(_IFLA_LINKINFO, b""))
    kind = _text(info.get(_INFO_KIND, b""))
    if kind == "tun" and parse_attributes(info.get(_INFO_DATA, b"")).get(_TUN_TYPE) == bytes(
        [_TUN_IS_TAP]
    ):
        kind = "tap"
    return LinkRow(
        index=index,
        name=_text(attributes[_IFLA_IFNAME]),
        kind=kind,
        mac=attributes.get(_IFLA_ADDRESS, b"").hex(":"),
        mtu=_number(attributes.get(_IFLA_MTU)),
        master=_number(attributes.get(_IFLA_MASTER)),
        up=bool(flags & _IFF_UP),
        learning=_learning(info),
    )


def _learning(info: dict[int, bytes]) -> bool | None:
    if _text(info.get(_INFO_SLAVE_KIND, b"")) != "bridge":
        return None
    port = parse_attributes(info.get(_INFO_SLAVE_DATA, b""))
    return port.get(_BRPORT_LEARNING, b"\1") != b"\0"


def parse_address(body: bytes) -> tuple[int, Address] | None:
    """Read a ``NEW_ADDRESS`` body: index of the link and address; None for a link-local one."""
    _, prefix, _, scope, index = _ADDRESS.unpack_from(body)
    attributes = parse_attributes(body[_ADDRESS.size :])
    packed = attributes.get(_IFA_LOCAL, attributes.get(_IFA_ADDRESS, b""))
    ip = ipaddress.ip_address(packed)
    if scope == _SCOPE_LINK and ip.version == 6:
        return None
    return index, Address(ip=str(ip), prefix=prefix)


def parse_route(body: bytes) -> RouteRow | None:
    """Read a ``NEW_ROUTE`` body; None for one that is not a plain route of the main table."""
    family, length, _, _, table, _, _, kind, flags = _ROUTE.unpack_from(body)
    attributes = parse_attributes(body[_ROUTE.size :])
    table = _number(attributes.get(_RTA_TABLE)) or table
    plain = table == _TABLE_MAIN and kind == _RTN_UNICAST and not flags & _RTM_F_CLONED
    if family not in {_INET, _INET6} or not plain or _RTA_OIF not in attributes:
        return None
    nothing = bytes(16 if family == _INET6 else 4)
    address = ipaddress.ip_address(attributes.get(_RTA_DST, nothing))
    gateway = attributes.get(_RTA_GATEWAY)
    return RouteRow(
        destination=f"{address}/{length}",
        device=_number(attributes[_RTA_OIF]),
        gateway=str(ipaddress.ip_address(gateway)) if gateway else "",
    )


def parse_attributes(data: bytes) -> dict[int, bytes]:
    """The attributes of a body or of a nested attribute, by type."""
    found = {}
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            break
        found[kind & _TYPE_MASK] = data[_ATTRIBUTE.size : length]
        data = data[_padded(length) :]
    return found


def join(links: list[LinkRow], addresses: list[tuple[int, Address]]) -> tuple[Link, ...]:
    """Links with their addresses and the names of their masters, in the kernel's order."""
    names = {row.index: row.name for row in links}
    return tuple(
        Link(
            name=row.name,
            kind=row.kind,
            mac=row.mac,
            mtu=row.mtu,
            # The index of a master in another namespace means nothing here.
            master=names.get(row.master, ""),
            addresses=tuple(address for index, address in addresses if index == row.index),
            up=row.up,
            learning=row.learning,
        )
        for row in links
    )


def build_attribute(kind: int, payload: bytes) -> bytes:
    """An attribute, padded to four bytes; ``NESTED`` in its type says that it holds others."""
    length = _ATTRIBUTE.size + len(payload)
    return _ATTRIBUTE.pack(length, kind) + payload + bytes(_padded(length) - length)


def _padded(length: int) -> int:
    return (length + 3) & ~3


def _terminated(name: str) -> bytes:
    return name.encode() + b"\0"


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode(errors="replace")


def _number(raw: bytes | None) -> int:
    return _U32.unpack(raw)[0] if raw else 0


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
