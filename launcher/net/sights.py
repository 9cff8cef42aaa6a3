"""What can be seen of one network namespace, for people who look for where frames get lost.

More than ``NetState`` has: counters, neighbours, the other ends of veths, VLANs of ports, and rules
as nft writes them. Nothing here is a desired state. Sources: the JSON of ip(8) and bridge(8).
"""

from __future__ import annotations

import msgspec


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """Packets and bytes since a link was made, and packets that were lost at it."""

    packets: int = 0
    bytes: int = 0
    errors: int = 0
    dropped: int = 0


class SeenVlan(msgspec.Struct, frozen=True, kw_only=True):
    """A VLAN of a bridge's port; ``pvid`` is that of untagged frames."""

    vlan: int
    vlan_end: int = 0
    pvid: bool = False
    untagged: bool = False


class SeenLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link. ``peer`` is the index of a veth's other end, in its own namespace."""

    name: str
    index: int
    kind: str = ""
    mac: str = ""
    mtu: int = 0
    state: str = ""
    up: bool = False
    carrier: bool = False
    master: str = ""
    peer: int = 0
    vlan: int = 0
    filters_vlans: bool = False
    addresses: tuple[str, ...] = ()
    vlans: tuple[SeenVlan, ...] = ()
    rx: Counters = Counters()
    tx: Counters = Counters()


class SeenRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A route of the main table; the destination is ``default`` or a CIDR."""

    destination: str
    device: str = ""
    gateway: str = ""


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for an address on a link, by ARP or neighbour discovery."""

    address: str
    device: str
    mac: str = ""
    state: str = ""


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """One namespace. ``rules`` are nft's own lines, with counters."""

    netns: str
    links: tuple[SeenLink, ...] = ()
    routes: tuple[SeenRoute, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    rules: tuple[str, ...] = ()


class _Address(msgspec.Struct):
    local: str = ""
    prefixlen: int = 0


class _Data(msgspec.Struct):
    id: int = 0
    vlan_filtering: int = 0


class _Info(msgspec.Struct):
    info_kind: str = ""
    info_data: _Data = msgspec.field(default_factory=_Data)


class _Stats(msgspec.Struct):
    rx: Counters = Counters()
    tx: Counters = Counters()


class _Link(msgspec.Struct):
    ifindex: int = 0
    ifname: str = ""
    flags: tuple[str, ...] = ()
    mtu: int = 0
    operstate: str = ""
    master: str = ""
    address: str = ""
    link_index: int = 0
    linkinfo: _Info = msgspec.field(default_factory=_Info)
    addr_info: tuple[_Address, ...] = ()
    stats64: _Stats = msgspec.field(default_factory=_Stats)


class _Vlan(msgspec.Struct, rename={"vlan_end": "vlanEnd"}):
    vlan: int = 0
    vlan_end: int = 0
    flags: tuple[str, ...] = ()


class _Port(msgspec.Struct):
    ifname: str = ""
    vlans: tuple[_Vlan, ...] = ()


class _Route(msgspec.Struct):
    dst: str = ""
    dev: str = ""
    gateway: str = ""


class _Neighbour(msgspec.Struct):
    dst: str = ""
    dev: str = ""
    lladdr: str = ""
    state: tuple[str, ...] = ()


def links(shown: str, vlans: str = "") -> tuple[SeenLink, ...]:
    """Links from ``ip -j -d -s address show``, and VLANs from ``bridge -j vlan show``.

    Raises ``msgspec.DecodeError`` for what is not theirs.
    """
    ports = msgspec.json.decode(vlans or "[]", type=list[_Port])
    of_port = {
        port.ifname: tuple(
            SeenVlan(
                vlan=one.vlan,
                vlan_end=one.vlan_end,
                pvid="PVID" in one.flags,
                untagged="Egress Untagged" in one.flags,
            )
            for one in port.vlans
        )
        for port in ports
    }
    found = msgspec.json.decode(shown or "[]", type=list[_Link])
    # Of some links that belong to no namespace ip(8) shows empty objects.
    return tuple(_seen(link, of_port.get(link.ifname, ())) for link in found if link.ifname)


def routes(shown: str) -> tuple[SeenRoute, ...]:
    """Routes from ``ip -j route show``."""
    found = msgspec.json.decode(shown or "[]", type=list[_Route])
    return tuple(
        SeenRoute(destination=one.dst, device=one.dev, gateway=one.gateway) for one in found
    )


def neighbours(shown: str) -> tuple[Neighbour, ...]:
    """Neighbours from ``ip -j neighbour show``."""
    found = msgspec.json.decode(shown or "[]", type=list[_Neighbour])
    return tuple(
        Neighbour(address=one.dst, device=one.dev, mac=one.lladdr, state=" ".join(one.state))
        for one in found
    )


def rules(listed: str) -> tuple[str, ...]:
    """Rules of ``nft list ruleset``, each with its family, table and chain before it.

    Chains that drop what no rule accepts count as a rule.
    """
    found: list[str] = []
    table = chain = ""
    for line in (raw.strip() for raw in listed.splitlines()):
        words = line.split()
        if line.endswith("{") and words[0] == "table":
            table = " ".join(words[1:-1])
        elif line.endswith("{"):
            chain = words[1] if words[0] == "chain" else ""
        elif line.startswith("}") or not chain or not words:
            chain = "" if line.startswith("}") else chain
        elif words[0] != "type":
            found.append(f"{table} {chain}: {line}")
        elif line.endswith("policy drop;"):
            found.append(f"{table} {chain}: policy drop")
    return tuple(found)


def _seen(link: _Link, vlans: tuple[SeenVlan, ...]) -> SeenLink:
    return SeenLink(
        name=link.ifname,
        index=link.ifindex,
        kind=link.linkinfo.info_kind or ("loopback" if "LOOPBACK" in link.flags else "ethernet"),
        mac=link.address,
        mtu=link.mtu,
        state=link.operstate,
        up="UP" in link.flags,
        carrier="LOWER_UP" in link.flags,
        master=link.master,
        peer=link.link_index if link.linkinfo.info_kind == "veth" else 0,
        vlan=link.linkinfo.info_data.id if link.linkinfo.info_kind == "vlan" else 0,
        filters_vlans=bool(link.linkinfo.info_data.vlan_filtering),
        addresses=tuple(f"{one.local}/{one.prefixlen}" for one in link.addr_info if one.local),
        vlans=vlans,
        rx=link.stats64.rx,
        tx=link.stats64.tx,
    )
