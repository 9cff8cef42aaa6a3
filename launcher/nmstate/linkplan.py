"""Ops on the links of one interface: making it, its settings, its ports, its addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from launcher.net.linkoptions import MODES
from launcher.nmstate.checks import lasting
from launcher.nmstate.schema import (
    BridgeOptions,
    Interface,
    Ip,
    PortVlan,
    Toggle,
)
from launcher.ops.base import Op
from launcher.ops.links import (
    AddAddress,
    DeleteAddress,
    SetMac,
    SetMaster,
    SetMtu,
    SetSysctl,
    SetUp,
)
from launcher.ops.nodelinks import (
    AskDhcp,
    ChangePortVlans,
    MakeLink,
    Option,
    SetBridgePort,
    SetLinkOptions,
    VlanRange,
)

_KINDS = {"linux-bridge": "bridge", "bond": "bond", "vlan": "vlan", "vxlan": "vxlan",
          "veth": "veth", "dummy": "dummy"}  # fmt: skip
_LATE = ("primary", "active_slave")  # options of a bond that name a port of it
_AD = ("802.3ad",)
_WITH_PRIMARY = ("active-backup", "balance-tlb", "balance-alb")
_ONLY: dict[str, tuple[str, ...]] = {
    "packets_per_slave": ("balance-rr",),
    "lacp_rate": _AD,
    "ad_select": _AD,
    "lacp_active": _AD,
    "ad_actor_sys_prio": _AD,
    "ad_actor_system": _AD,
    "ad_user_port_key": _AD,
    "tlb_dynamic_lb": ("balance-tlb", "balance-alb"),
    "primary": _WITH_PRIMARY,
    "active_slave": _WITH_PRIMARY,
}
_NEVER = {
    (option, mode)
    for option in ("arp_interval", "arp_validate", "arp_missed_max")
    for mode in ("802.3ad", "balance-tlb", "balance-alb")
}
_BRIDGE_OPTIONS = ("mac_ageing_time", "group_forward_mask", "group_addr", "multicast_snooping",
                   "multicast_querier", "multicast_router")  # fmt: skip
_STP = ("forward_delay", "hello_time", "max_age", "priority")
_PORT_OPTIONS = ("stp_path_cost", "stp_priority", "stp_hairpin_mode")
_PROTOCOLS = {"802.1q": 0x8100, "802.1ad": 0x88A8}
_UNTAGGED = VlanRange(first=1, last=1, native=True)


def before(wanted: Interface, there: Interface | None) -> Interface:
    """What an interface is before anything is set: as it is, or as new ones are."""
    if there is not None:
        return there
    return Interface(name=wanted.name, type=wanted.type, state="down", ipv4=Ip(enabled=False))


# --- links -------------------------------------------------------------------------------------


def creations(links: Iterable[Interface]) -> Iterator[Op]:
    """Make links that are not there; ``links`` has those below first."""
    peers: set[str] = set()
    for each in links:
        if each.type == "ovs-interface" or each.type not in _KINDS or each.name in peers:
            continue
        options: dict[str, Option] = {}
        base = peer = ""
        if each.type == "bond" and each.link_aggregation:
            options = {"mode": each.link_aggregation.mode or ""}
            given = _early(each.link_aggregation.options or {})
            if not {"miimon", "arp_interval"} & set(given):
                options["miimon"] = 100  # NetworkManager's: else a dead link is not noticed
            options |= given
        elif each.type == "vlan" and each.vlan:
            base = each.vlan.base_iface or ""
            options = {"id": each.vlan.id or 0}
            if each.vlan.protocol:
                options["protocol"] = _PROTOCOLS.get(each.vlan.protocol, 0x8100)
        elif each.type == "vxlan":
            options = _vxlan(each)
        elif each.type == "veth" and each.veth:
            peer = each.veth.peer or ""
            peers.add(peer)
        yield MakeLink(
            name=each.name, kind=_KINDS[each.type], options=options, base=base, peer=peer
        )


def _vxlan(interface: Interface) -> dict[str, Option]:
    given = interface.vxlan
    if given is None:
        return {}
    options: dict[str, Option] = {"id": given.id or 0}
    for name in ("remote", "local"):
        address = getattr(given, name)
        if address:
            options[name + ("6" if ":" in address else "")] = address
    if given.base_iface:
        options["base-iface"] = given.base_iface
    options["destination-port"] = given.destination_port or 4789
    if given.learning is not None:
        options["learning"] = given.learning
    return options


def cleared(interface: Interface) -> Iterator[Op]:
    """What is left of a physical interface that shall be absent: a link without anything."""
    for version, ip in ((4, interface.ipv4), (6, interface.ipv6)):
        if ip and ip.dhcp:
            yield AskDhcp(name=interface.name, version=version, on=False)
        for address in lasting(ip):
            yield DeleteAddress(link=interface.name, address=address)
    if interface.state == "up":
        yield SetUp(name=interface.name, up=False)


# --- settings ----------------------------------------------------------------------------------


def settings(wanted: Interface, there: Interface) -> Iterator[Op]:
    """MAC address, MTU, and what its kind has of options."""
    if wanted.type == "ovs-interface":
        return  # the switch sets them
    if wanted.type == "bond":
        yield from _bond(wanted, there)
    if wanted.type == "linux-bridge":
        options = _bridge_changes(wanted, there)
        if options:
            yield SetLinkOptions(name=wanted.name, kind="bridge", options=options)
    if wanted.mac_address and wanted.mac_address != there.mac_address:
        yield SetMac(name=wanted.name, mac=wanted.mac_address.lower())
    if wanted.mtu and wanted.mtu != there.mtu:
        yield SetMtu(name=wanted.name, mtu=wanted.mtu)


def _early(options: Mapping[str, Option]) -> dict[str, Option]:
    return {name: value for name, value in options.items() if name not in _LATE}


def fits(option: str, mode: str) -> bool:
    """Whether a bond of a mode takes an option (the kernel's bond_options.c)."""
    return mode in _ONLY.get(option, MODES) and (option, mode) not in _NEVER


def _bond(wanted: Interface, there: Interface) -> Iterator[Op]:
    """A bond takes most options only while it is down, and its mode only without ports."""
    new, old = wanted.link_aggregation, there.link_aggregation
    if new is None or old is None:
        return
    mode = new.mode or old.mode or ""
    options: dict[str, Option] = {
        name: value
        for name, value in _early(new.options or {}).items()
        if (old.options or {}).get(name) != value and fits(name, mode)
    }
    if mode != old.mode:
        options = {"mode": mode, **options}
        for name in old.port or ():
            if new.port is None or name in new.port:  # the others have gone already
                yield SetMaster(name=str(name), master="")
    if options:
        if there.state == "up":
            yield SetUp(name=wanted.name, up=False)
        yield SetLinkOptions(name=wanted.name, kind="bond", options=options)
        if there.state == "up":
            yield SetUp(name=wanted.name, up=True)


def _bridge_changes(wanted: Interface, there: Interface) -> dict[str, Option]:
    old = _bridge_options(there.bridge.options if there.bridge else None)
    new = _bridge_options(wanted.bridge.options if wanted.bridge else None)
    for options, bridge in ((new, wanted.bridge), (old, there.bridge)):
        if any(_filters(port.vlan) for port in (bridge.port if bridge else None) or ()):
            options["vlan-filtering"] = True
    return {name: value for name, value in new.items() if old.get(name) != value}


def _filters(vlan: PortVlan | None) -> bool:
    return set(vlans(vlan)) > {_UNTAGGED} or vlans(vlan)[:1] not in {(), (_UNTAGGED,)}


def _bridge_options(given: BridgeOptions | None) -> dict[str, Option]:
    options: dict[str, Option] = {}
    if given is None:
        return options
    stp = Toggle(enabled=given.stp) if isinstance(given.stp, bool) else given.stp
    if stp is not None:
        options |= _given(stp, _STP)
        if stp.enabled is not None:
            options["stp"] = stp.enabled
    return options | _given(given, _BRIDGE_OPTIONS)


def _given(source: object, fields: Iterable[str]) -> dict[str, Option]:
    found = ((field.replace("_", "-"), getattr(source, field)) for field in fields)
    return {name: value for name, value in found if value is not None}


# --- ports -------------------------------------------------------------------------------------


def attachments(links: Iterable[Interface], there: Mapping[str, Interface]) -> Iterator[Op]:
    """Plug links into bonds and bridges of the kernel's, and set what a port has."""
    everything = list(links)
    known = {**there, **{each.name: each for each in everything}}
    for each in everything:
        holder = known.get(each.controller or "")
        now = there.get(each.name)
        if holder is None or holder.type not in {"bond", "linux-bridge"}:
            continue
        old = there.get(holder.name)
        moved = _mode(old) not in {None, _mode(holder)}
        if now is not None and now.controller == holder.name and old is not None and not moved:
            continue
        if holder.type == "bond":
            yield SetUp(name=each.name, up=False)
        yield SetMaster(name=each.name, master=holder.name)
    for each in everything:
        if each.type == "linux-bridge":
            yield from _port_settings(each, there.get(each.name))
        elif each.type == "bond" and each.link_aggregation:
            yield from _late(each, there.get(each.name))


def _mode(bond: Interface | None) -> str | None:
    return bond.link_aggregation.mode if bond and bond.link_aggregation else None


def _late(wanted: Interface, there: Interface | None) -> Iterator[Op]:
    known = (there.link_aggregation.options if there and there.link_aggregation else None) or {}
    given = (wanted.link_aggregation.options if wanted.link_aggregation else None) or {}
    mode = _mode(wanted) or ""
    options = {
        name: value
        for name, value in given.items()
        if name in _LATE and value and known.get(name) != value and fits(name, mode)
    }
    if options:
        yield SetLinkOptions(name=wanted.name, kind="bond", options=options)


def _port_settings(bridge: Interface, there: Interface | None) -> Iterator[Op]:
    old = {p.name: p for p in (there.bridge.port if there and there.bridge else None) or ()}
    for port in (bridge.bridge.port if bridge.bridge else None) or ():
        known = old.get(port.name)
        options = _given(port, _PORT_OPTIONS)
        had = _given(known, _PORT_OPTIONS) if known else {}
        if changed := {name: value for name, value in options.items() if had.get(name) != value}:
            yield SetBridgePort(name=port.name, options=changed)
        wanted = vlans(port.vlan)
        has = vlans(known.vlan if known else None) or (_UNTAGGED,)
        if wanted and set(wanted) != set(has):
            yield ChangePortVlans(
                name=port.name,
                gone=tuple(each for each in has if each not in wanted),
                new=tuple(each for each in wanted if each not in has),
            )


def vlans(given: PortVlan | None) -> tuple[VlanRange, ...]:
    """The VLANs of a port; untagged frames are of VLAN 1 unless it says otherwise.

    None of them when nothing was said; ``PortVlan()`` says that there is no other.
    """
    if given is None:
        return ()
    native = given.tag if given.mode == "access" or given.enable_native else None
    found = [VlanRange(first=native or 1, last=native or 1, native=True)]
    for tag in given.trunk_tags or ():
        if tag.id_range is not None:
            found.append(VlanRange(first=tag.id_range.min, last=tag.id_range.max))
        elif tag.id is not None:
            found.append(VlanRange(first=tag.id, last=tag.id))
    return tuple(found)


# --- addresses ---------------------------------------------------------------------------------


def activation(wanted: Interface, there: Interface) -> Iterator[Op]:
    """Switch it on or off, and give it its addresses."""
    yield from _dhcp(wanted, there, on=False)
    yield from _ipv6(wanted, there)
    yield from _addresses(wanted.ipv4, there.ipv4, wanted.name)
    if wanted.state in {"up", "down"}:
        up = wanted.state == "up"
        if up != (there.state == "up") or (up and _was_down(wanted, there)):
            yield SetUp(name=wanted.name, up=up)
    if wanted.state != "down":
        yield from _addresses(wanted.ipv6, there.ipv6, wanted.name)
        yield from _dhcp(wanted, there, on=True)


def _was_down(wanted: Interface, there: Interface) -> bool:
    """Whether plugging it in, out or over has switched it off."""
    return (wanted.controller or "") != (there.controller or "")


def _ipv6(wanted: Interface, there: Interface) -> Iterator[Op]:
    new, old = wanted.ipv6, there.ipv6
    if new is None or new.enabled is None or wanted.type == "loopback":
        return
    home = f"net/ipv6/conf/{wanted.name}"
    if old is None or old.enabled != new.enabled:
        yield SetSysctl(key=f"{home}/disable_ipv6", value="0" if new.enabled else "1")
    automatic = old.autoconf if old else None
    if new.enabled and new.autoconf is not None and new.autoconf != automatic:
        # 2: listen to routers although the node is one itself
        yield SetSysctl(key=f"{home}/accept_ra", value="2" if new.autoconf else "0")


def _addresses(new: Ip | None, old: Ip | None, name: str) -> Iterator[Op]:
    if new is None or (new.enabled is not False and new.address is None):
        return
    wanted = lasting(new) if new.enabled is not False else []
    there = lasting(old)
    leased = bool(new.dhcp or new.autoconf)
    for address in there:
        if address not in wanted and not leased:
            yield DeleteAddress(link=name, address=address)
    for address in wanted:
        if address not in there:
            yield AddAddress(link=name, address=address)


def _dhcp(wanted: Interface, there: Interface, *, on: bool) -> Iterator[Op]:
    """Begin to ask when it is up, end before its addresses change."""
    for version, new, old in ((4, wanted.ipv4, there.ipv4), (6, wanted.ipv6, there.ipv6)):
        asks = bool(new and new.enabled is not False and new.dhcp)
        if asks == on and asks != bool(old and old.dhcp):
            yield AskDhcp(
                name=wanted.name,
                version=version,
                on=asks,
                gateway=not new or False not in {new.auto_gateway, new.auto_routes},
                metric=(new.auto_route_metric if new else None) or 0,
            )
