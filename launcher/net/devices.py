"""Links, addresses and routes with everything that the network of a node is about.

``rtnetlink`` reads what a pod needs; here the same messages are read whole.
"""

from __future__ import annotations

import ipaddress
import struct

import msgspec

from launcher.net import linkoptions
from launcher.net.linkoptions import Option
from launcher.net.rtnetlink import build_attribute, parse_attributes

_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")
_ROUTE = struct.Struct("=BBBBBBBBI")
_U32 = struct.Struct("=I")
_IFF_UP = 0x1
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_LINK, _IFLA_MASTER = 1, 3, 4, 5, 10
_IFLA_LINKINFO, _IFLA_OPERSTATE, _IFLA_CARRIER, _IFLA_LINK_NETNSID = 18, 16, 33, 37
_IFLA_MIN_MTU, _IFLA_MAX_MTU, _IFLA_PERM_ADDRESS = 50, 51, 54
_INFO_KIND, _INFO_DATA, _INFO_SLAVE_KIND, _INFO_SLAVE_DATA = 1, 2, 4, 5
_TUN_TYPE, _TUN_IS_TAP = 3, 2
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS, _IFA_PROTO = 1, 2, 8, 11
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_TABLE = 1, 4, 5, 6, 15
_RTM_F_CLONED, _RTN_UNICAST, _TABLE_LOCAL, _TABLE_MAIN = 0x200, 1, 255, 254
_RTPROT_KERNEL = 2
REFUSALS = {"blackhole": 6, "unreachable": 7, "prohibit": 8}
"""Kinds of routes that lead nowhere: dropped without a word, or refused with ICMP."""
_REFUSALS_BY_NUMBER = {number: kind for kind, number in REFUSALS.items()}
_INET, _INET6 = 2, 10
_LOOPBACK = 772  # ARPHRD_LOOPBACK, linux/if_arp.h
_FOREVER = 0x80  # IFA_F_PERMANENT
PROTOCOLS = {2: "kernel", 3: "boot", 4: "static", 9: "ra", 16: "dhcp"}


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A link; ``master`` and ``base`` are indexes, 0 for none, MTUs in bytes."""

    index: int
    name: str
    kind: str = ""
    mac: str = ""
    permanent_mac: str = ""
    mtu: int = 0
    min_mtu: int = 0
    max_mtu: int = 0
    master: int = 0
    base: int = 0
    up: bool = False
    carrier: bool = False
    loopback: bool = False
    options: dict[str, Option] = msgspec.field(default_factory=dict)
    port: dict[str, Option] | None = None


class DeviceAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address of the link of an index; ``lasting`` when nobody has to renew it."""

    index: int
    ip: str
    prefix: int
    lasting: bool = True


class DeviceRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A route through the link of an index, or of a ``kind`` that leads nowhere (``REFUSALS``)."""

    destination: str
    index: int = 0
    gateway: str = ""
    metric: int = 0
    table: int = _TABLE_MAIN
    protocol: int = 4
    kind: str = ""


def parse_link(body: bytes) -> Device:
    """Read a ``NEW_LINK`` body."""
    _, hardware, index, flags, _ = _LINK.unpack_from(body)
    found = parse_attributes(body[_LINK.size :])
    info = parse_attributes(found.get(_IFLA_LINKINFO, b""))
    kind = _text(info.get(_INFO_KIND))
    data = info.get(_INFO_DATA, b"")
    if kind == "tun" and parse_attributes(data).get(_TUN_TYPE) == bytes([_TUN_IS_TAP]):
        kind = "tap"
    table = linkoptions.TABLES.get(kind, {})
    is_port = _text(info.get(_INFO_SLAVE_KIND)) == "bridge"
    return Device(
        index=index,
        name=_text(found[_IFLA_IFNAME]),
        kind=kind,
        mac=found.get(_IFLA_ADDRESS, b"").hex(":"),
        permanent_mac=found.get(_IFLA_PERM_ADDRESS, b"").hex(":"),
        mtu=_number(found.get(_IFLA_MTU)),
        min_mtu=_number(found.get(_IFLA_MIN_MTU)),
        max_mtu=_number(found.get(_IFLA_MAX_MTU)),
        master=_number(found.get(_IFLA_MASTER)),
        # An index of another namespace means nothing here.
        base=0 if _IFLA_LINK_NETNSID in found else _number(found.get(_IFLA_LINK)),
        up=bool(flags & _IFF_UP),
        carrier=found.get(_IFLA_CARRIER, b"\0") != b"\0",
        loopback=hardware == _LOOPBACK,
        options=linkoptions.parse(table, data),
        port=(
            linkoptions.parse(linkoptions.BRIDGE_PORT, info.get(_INFO_SLAVE_DATA, b""))
            if is_port
            else None
        ),
    )


def parse_address(body: bytes) -> DeviceAddress:
    """Read a ``NEW_ADDRESS`` body."""
    _, prefix, flags, _, index = _ADDRESS.unpack_from(body)
    found = parse_attributes(body[_ADDRESS.size :])
    packed = found.get(_IFA_LOCAL, found.get(_IFA_ADDRESS, b""))
    flags |= _number(found.get(_IFA_FLAGS))
    return DeviceAddress(
        index=index,
        ip=str(ipaddress.ip_address(packed)),
        prefix=prefix,
        lasting=bool(flags & _FOREVER),
    )


def parse_route(body: bytes) -> DeviceRoute | None:
    """Read a ``NEW_ROUTE`` body; None for what nmstate does not show: local and cached ones."""
    family, length, _, _, table, protocol, _, kind, flags = _ROUTE.unpack_from(body)
    found = parse_attributes(body[_ROUTE.size :])
    table = _number(found.get(_RTA_TABLE)) or table
    refusal = _REFUSALS_BY_NUMBER.get(kind, "") if protocol != _RTPROT_KERNEL else ""
    leads = kind == _RTN_UNICAST and _RTA_OIF in found
    wanted = (leads or refusal) and not flags & _RTM_F_CLONED and table != _TABLE_LOCAL
    if family not in {_INET, _INET6} or not wanted:
        return None
    address = ipaddress.ip_address(found.get(_RTA_DST, bytes(16 if family == _INET6 else 4)))
    gateway = found.get(_RTA_GATEWAY)
    return DeviceRoute(
        destination=f"{address}/{length}",
        # The kernel has IPv6 routes of these kinds through the loopback link, which says nothing.
        index=0 if refusal else _number(found[_RTA_OIF]),
        gateway=str(ipaddress.ip_address(gateway)) if gateway else "",
        metric=_number(found.get(_RTA_PRIORITY)),
        table=table,
        protocol=protocol,
        kind=refusal,
    )


def build_route(route: DeviceRoute) -> bytes:
    """Body that adds or deletes a route."""
    network = ipaddress.ip_network(route.destination)
    family = _INET6 if network.version == 6 else _INET
    scope = 0 if route.gateway or route.kind or family == _INET6 else 253
    small = route.table if route.table < 256 else 0
    kind = REFUSALS.get(route.kind, _RTN_UNICAST)
    body = _ROUTE.pack(family, network.prefixlen, 0, 0, small, route.protocol, scope, kind, 0)
    if network.prefixlen:
        body += build_attribute(_RTA_DST, network.network_address.packed)
    if route.gateway:
        body += build_attribute(_RTA_GATEWAY, ipaddress.ip_address(route.gateway).packed)
    if route.metric:
        body += build_attribute(_RTA_PRIORITY, _U32.pack(route.metric))
    body += build_attribute(_RTA_TABLE, _U32.pack(route.table))
    return body if route.kind else body + build_attribute(_RTA_OIF, _U32.pack(route.index))


def _text(raw: bytes | None) -> str:
    return (raw or b"").rstrip(b"\0").decode(errors="replace")


def _number(raw: bytes | None) -> int:
    return int(_U32.unpack(raw)[0]) if raw else 0
