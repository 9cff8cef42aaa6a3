"""Options of bonds, bridges, bridge ports, VLANs and VXLANs as rtnetlink attributes, and back.

Names are those that nmstate uses. A table says for each option which attribute it is, how it is
laid out, and which words stand for its numbers (linux/if_link.h, linux/if_bonding.h).
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from launcher.net.rtnetlink import NESTED, build_attribute, parse_attributes

Option: TypeAlias = bool | int | str
Options: TypeAlias = Mapping[str, Option]


@dataclass(frozen=True)
class Field:
    """One option. ``layout`` is of ``struct``, or ``mac``, ``ip``, ``ips`` (a nested list).

    ``words`` are names of the numbers from 0; ``scale`` is how many of the kernel's units one of
    ours has, ``flag`` makes it a boolean. ``device`` is an option that names a link by its index.
    """

    number: int
    layout: str = "=I"
    words: tuple[str, ...] = ()
    scale: int = 1
    flag: bool = False
    device: bool = False


MODES = (
    "balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb",
    "balance-alb",
)  # fmt: skip
_BYTE, _SHORT = "=B", "=H"
_HUNDREDTHS = 100  # USER_HZ: bridges count time in hundredths of a second

BOND = {
    "mode": Field(1, _BYTE, MODES),
    "active_slave": Field(2, device=True),
    "miimon": Field(3),
    "updelay": Field(4),
    "downdelay": Field(5),
    "use_carrier": Field(6, _BYTE, flag=True),
    "arp_interval": Field(7),
    "arp_ip_target": Field(8, "ips"),
    "arp_validate": Field(
        9,
        words=("none", "active", "backup", "all", "filter", "filter_active", "filter_backup"),
    ),
    "arp_all_targets": Field(10, words=("any", "all")),
    "primary": Field(11, device=True),
    "primary_reselect": Field(12, _BYTE, ("always", "better", "failure")),
    "fail_over_mac": Field(13, _BYTE, ("none", "active", "follow")),
    "xmit_hash_policy": Field(
        14, _BYTE, ("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac")
    ),
    "resend_igmp": Field(15),
    "num_grat_arp": Field(16, _BYTE),
    "num_unsol_na": Field(16, _BYTE),
    "all_slaves_active": Field(17, _BYTE, ("dropped", "delivered")),
    "min_links": Field(18),
    "lp_interval": Field(19),
    "packets_per_slave": Field(20),
    "lacp_rate": Field(21, _BYTE, ("slow", "fast")),
    "ad_select": Field(22, _BYTE, ("stable", "bandwidth", "count")),
    "ad_actor_sys_prio": Field(24, _SHORT),
    "ad_user_port_key": Field(25, _SHORT),
    "ad_actor_system": Field(26, "mac"),
    "tlb_dynamic_lb": Field(27, _BYTE, flag=True),
    "peer_notif_delay": Field(28),
    "lacp_active": Field(29, _BYTE, ("off", "on")),
    "arp_missed_max": Field(30, _BYTE),
    "ns_ip6_target": Field(31, "ips"),
}
BRIDGE = {
    "forward-delay": Field(1, scale=_HUNDREDTHS),
    "hello-time": Field(2, scale=_HUNDREDTHS),
    "max-age": Field(3, scale=_HUNDREDTHS),
    "mac-ageing-time": Field(4, scale=_HUNDREDTHS),
    "stp": Field(5, flag=True),
    "priority": Field(6, _SHORT),
    "vlan-filtering": Field(7, _BYTE, flag=True),
    "group-forward-mask": Field(9, _SHORT),
    "group-addr": Field(20, "mac"),
    "multicast-router": Field(22, _BYTE),
    "multicast-snooping": Field(23, _BYTE, flag=True),
    "multicast-querier": Field(25, _BYTE, flag=True),
}
BRIDGE_PORT = {
    "stp-priority": Field(2, _SHORT),
    "stp-path-cost": Field(3),
    "stp-hairpin-mode": Field(4, _BYTE, flag=True),
}
VLAN = {"id": Field(1, _SHORT), "protocol": Field(5, "!H")}
VXLAN = {
    "id": Field(1),
    "remote": Field(2, "ip"),
    "base-iface": Field(3, device=True),
    "local": Field(4, "ip"),
    "learning": Field(7, _BYTE, flag=True),
    "destination-port": Field(15, "!H"),
    "remote6": Field(16, "ip"),
    "local6": Field(17, "ip"),
}
TABLES = {"bond": BOND, "bridge": BRIDGE, "vlan": VLAN, "vxlan": VXLAN}

_IFLA_IFNAME, _IFLA_LINK, _IFLA_LINKINFO = 3, 5, 18
_INFO_KIND, _INFO_DATA, _INFO_SLAVE_KIND, _INFO_SLAVE_DATA = 1, 2, 4, 5
_LINK = struct.Struct("=BxHiII")


def build(table: Mapping[str, Field], options: Options) -> bytes:
    """Attributes of options. Raises ``ValueError`` for a value that an option cannot have."""
    return b"".join(_build(name, table[name], given) for name, given in options.items())


def parse(table: Mapping[str, Field], data: bytes) -> dict[str, Option]:
    """Options of attributes; those that the table does not know are left out."""
    found = parse_attributes(data)
    return {
        name: _parse(field, found[field.number])
        for name, field in table.items()
        if found.get(field.number)
    }


def build_new_link(name: str, kind: str, options: Options, base: int = 0) -> bytes:
    """Body that makes a link of a kind with options; ``base`` is the index of the one below."""
    body = _LINK.pack(0, 0, 0, 0, 0)
    body += build_attribute(_IFLA_IFNAME, name.encode() + b"\0")
    if base:
        body += build_attribute(_IFLA_LINK, struct.pack("=I", base))
    return body + _info(kind, options)


def build_change(index: int, kind: str, options: Options) -> bytes:
    """Body that changes options of the link of an index."""
    return _LINK.pack(0, 0, index, 0, 0) + _info(kind, options)


def build_port_change(index: int, options: Options) -> bytes:
    """Body that changes options of a bridge's port."""
    info = build_attribute(_INFO_SLAVE_KIND, b"bridge\0")
    info += build_attribute(_INFO_SLAVE_DATA | NESTED, build(BRIDGE_PORT, options))
    return _LINK.pack(0, 0, index, 0, 0) + build_attribute(_IFLA_LINKINFO | NESTED, info)


def number_of(field: Field, given: Option) -> int:
    """The kernel's number of a value: a word's place, or the number itself in its units.

    Raises ``ValueError``.
    """
    if isinstance(given, str):
        if given in field.words:
            return field.words.index(given)
        if field.flag and given in {"true", "false", "on", "off"}:
            return int(given in {"true", "on"})
        if not given.isdecimal():
            known = ", ".join(field.words)
            raise ValueError(f"must be one of {known}" if known else "must be a number")
        given = int(given)
    if field.words and given >= len(field.words):
        raise ValueError(f"must be one of {', '.join(field.words)}")
    most = 256 ** struct.calcsize(field.layout) - 1
    if not 0 <= given * field.scale <= most:
        raise ValueError(f"must be from 0 to {most // field.scale}")
    return int(given) * field.scale


def _info(kind: str, options: Options) -> bytes:
    info = build_attribute(_INFO_KIND, kind.encode())
    if options:
        info += build_attribute(_INFO_DATA | NESTED, build(TABLES[kind], options))
    return build_attribute(_IFLA_LINKINFO | NESTED, info)


def _build(name: str, field: Field, given: Option) -> bytes:
    try:
        if field.layout == "mac":
            payload = bytes.fromhex(str(given).replace(":", ""))
        elif field.layout == "ip":
            payload = ipaddress.ip_address(str(given)).packed
        elif field.layout == "ips":
            return build_attribute(field.number | NESTED, _list(str(given).split(",")))
        else:
            payload = struct.pack(field.layout, number_of(field, given))
    except ValueError as error:
        raise ValueError(f"`{name}` {given}: {error}") from None
    return build_attribute(field.number, payload)


def _list(addresses: Iterable[str]) -> bytes:
    return b"".join(
        build_attribute(number, ipaddress.ip_address(address.strip()).packed)
        for number, address in enumerate(one for one in addresses if one.strip())
    )


def _parse(field: Field, payload: bytes) -> Option:
    if field.layout == "mac":
        return payload.hex(":")
    if field.layout == "ip":
        return str(ipaddress.ip_address(payload))
    if field.layout == "ips":
        return ",".join(str(ipaddress.ip_address(a)) for a in parse_attributes(payload).values())
    (number,) = struct.unpack_from(field.layout, payload)
    if field.words:
        return field.words[number] if number < len(field.words) else int(number)
    return bool(number) if field.flag else int(number) // field.scale
