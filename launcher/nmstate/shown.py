"""What is there, as nmstate shows it: from the kernel's rows and the switch's to a state."""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Iterable, Mapping

import msgspec

from launcher.net.bridgevlans import PortVlans
from launcher.net.devices import PROTOCOLS, Device, DeviceAddress, DeviceRoute
from launcher.nmstate import linkplan, rules, switch
from launcher.nmstate.schema import (
    Aggregation,
    Bridge,
    BridgeOptions,
    BridgePort,
    DnsResolver,
    IdRange,
    Interface,
    Ip,
    IpAddress,
    PortVlan,
    Resolver,
    Route,
    RouteRules,
    Routes,
    State,
    Toggle,
    TrunkTag,
    Veth,
    Vlan,
    Vxlan,
)
from launcher.nmstate.switch import SwitchRows
from launcher.ops.routerules import TableRule

HIDDEN = ("veth*",)
"""Names of links of pods: they come and go, and are nobody's configuration."""
_TYPES = {"": "ethernet", "bridge": "linux-bridge", "bond": "bond", "vlan": "vlan",
          "vxlan": "vxlan", "veth": "veth", "dummy": "dummy"}  # fmt: skip
_PROTOCOLS = {0x8100: "802.1q", 0x88A8: "802.1ad"}
_OURS = {3, 4, 16, 9}  # routes that somebody configured: boot, static, DHCP, router


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the kernel does not know of a node: whom it asks for names, DHCP, descriptions."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    dhcp: tuple[tuple[str, int], ...] = ()
    descriptions: dict[str, str] = msgspec.field(default_factory=dict)


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was seen of a node. ``vlans`` are of ports, by index.

    ``autoconf`` and ``without_ipv6`` are names of links that listen to routers, or have no IPv6.
    """

    devices: tuple[Device, ...] = ()
    addresses: tuple[DeviceAddress, ...] = ()
    routes: tuple[DeviceRoute, ...] = ()
    rules: tuple[TableRule, ...] = ()
    vlans: dict[int, tuple[PortVlans, ...]] = msgspec.field(default_factory=dict)
    autoconf: frozenset[str] = frozenset()
    without_ipv6: frozenset[str] = frozenset()
    kept: Kept = Kept()
    switch: SwitchRows | None = None


def state_of(seen: Observation, *, leased: bool = False) -> State:
    """The whole state; addresses that somebody must renew are left out unless ``leased``.

    They are not configuration: who gave them takes them back.
    """
    if not leased:
        lasting = tuple(each for each in seen.addresses if each.lasting)
        seen = msgspec.structs.replace(seen, addresses=lasting)
    names = {device.index: device.name for device in seen.devices}
    bridges = {each.name for each in seen.switch.bridges} if seen.switch else set()
    inside = switch.internal(seen.switch) if seen.switch else {}
    found = []
    for device in sorted(seen.devices, key=lambda each: each.name):
        own = device.name in inside
        synthetic = device.kind == "openvswitch" or device.name in {*bridges, "ovs-netdev"}
        if own or not synthetic:
            found.append(_interface(device, seen, names, internal=own))
    if seen.switch is not None:
        attached = switch.controllers(seen.switch)
        found = [
            msgspec.structs.replace(one, controller=attached[one.name])
            if one.name in attached
            else one
            for one in found
        ]
        found += switch.interfaces(seen.switch)
    return State(
        interfaces=tuple(found),
        routes=_routes(seen.routes, names),
        route_rules=RouteRules(config=rules.shown(seen.rules)),
        dns_resolver=_resolver(seen.kept),
        ovn=switch.mappings(seen.switch) if seen.switch else None,
        ovs_db=switch.database(seen.switch) if seen.switch else None,
    )


def visible(state: State, hidden: Iterable[str] = HIDDEN) -> State:
    """Without the links of pods, and without them as ports."""
    patterns = tuple(hidden)

    def shows(name: str) -> bool:
        return not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)

    interfaces = []
    for each in state.interfaces:
        if not shows(each.name):
            continue
        if each.bridge and each.bridge.port is not None:
            ports = tuple(port for port in each.bridge.port if shows(port.name))
            bridge = msgspec.structs.replace(each.bridge, port=ports)
            each = msgspec.structs.replace(each, bridge=bridge)  # noqa: PLW2901
        interfaces.append(each)
    return msgspec.structs.replace(state, interfaces=tuple(interfaces))


def _interface(
    device: Device, seen: Observation, names: Mapping[int, str], *, internal: bool
) -> Interface:
    base = names.get(device.base, "")
    kind = "ovs-interface" if internal else _TYPES.get(device.kind, "unknown")
    if device.loopback:
        kind = "loopback"
    elif kind == "veth" and not base:
        kind = "ethernet"  # its other end is elsewhere: for this node it is a cable
    return Interface(
        name=device.name,
        type=kind,
        state="up" if device.up else "down",
        description=seen.kept.descriptions.get(device.name),
        mac_address=device.mac.upper() or None,
        permanent_mac_address=device.permanent_mac.upper() or None,
        mtu=device.mtu,
        min_mtu=device.min_mtu or None,
        max_mtu=device.max_mtu or None,
        controller=names.get(device.master) if device.master else None,
        ipv4=_ip(device, seen, 4),
        ipv6=_ip(device, seen, 6),
        bridge=_bridge(device, seen) if kind == "linux-bridge" else None,
        link_aggregation=_bond(device, seen, names) if kind == "bond" else None,
        vlan=_vlan(device, base) if kind == "vlan" else None,
        vxlan=_vxlan(device, names) if kind == "vxlan" else None,
        veth=Veth(peer=base) if kind == "veth" and base else None,
    )


def _ip(device: Device, seen: Observation, version: int) -> Ip:
    there = tuple(
        IpAddress(ip=one.ip, prefix_length=one.prefix)
        for one in seen.addresses
        if one.index == device.index and ipaddress.ip_address(one.ip).version == version
    )
    dhcp = (device.name, version) in seen.kept.dhcp
    automatic = version == 6 and device.name in seen.autoconf
    on = device.name not in seen.without_ipv6 if version == 6 else bool(there or dhcp)
    if not on:
        return Ip(enabled=False)
    return Ip(enabled=True, dhcp=dhcp, autoconf=automatic if version == 6 else None, address=there)


def _bridge(device: Device, seen: Observation) -> Bridge:
    options = device.options
    filtering = bool(options.get("vlan-filtering"))
    ports = tuple(
        BridgePort(
            name=port.name,
            stp_hairpin_mode=bool(port.port.get("stp-hairpin-mode")),
            stp_path_cost=int(port.port.get("stp-path-cost", 0)),
            stp_priority=int(port.port.get("stp-priority", 0)),
            vlan=port_vlan(seen.vlans.get(port.index, ())) if filtering else PortVlan(),
        )
        for port in sorted(seen.devices, key=lambda each: each.name)
        if port.master == device.index and port.port is not None
    )
    stp = Toggle(
        enabled=bool(options.get("stp")),
        forward_delay=_integer(options, "forward-delay"),
        hello_time=_integer(options, "hello-time"),
        max_age=_integer(options, "max-age"),
        priority=_integer(options, "priority"),
    )
    return Bridge(
        options=BridgeOptions(
            stp=stp,
            mac_ageing_time=_integer(options, "mac-ageing-time"),
            group_forward_mask=_integer(options, "group-forward-mask"),
            group_addr=str(options["group-addr"]).upper() if "group-addr" in options else None,
            multicast_snooping=_flag(options, "multicast-snooping"),
            multicast_querier=_flag(options, "multicast-querier"),
            multicast_router=_integer(options, "multicast-router"),
        ),
        port=ports,
    )


def port_vlan(vlans: Iterable[PortVlans]) -> PortVlan:
    """A port's VLANs; ``PortVlan()`` when it has only the one that every port has."""
    all_of_it = tuple(vlans)
    native = next((each.first for each in all_of_it if each.native), 0)
    tagged = tuple(each for each in all_of_it if not each.native)
    if not tagged:
        return PortVlan(mode="access", tag=native, trunk_tags=()) if native > 1 else PortVlan()
    tags = tuple(
        TrunkTag(id=each.first)
        if each.first == each.last
        else TrunkTag(id_range=IdRange(min=each.first, max=each.last))
        for each in tagged
    )
    if native > 1:
        return PortVlan(mode="trunk", enable_native=True, tag=native, trunk_tags=tags)
    return PortVlan(mode="trunk", enable_native=False, trunk_tags=tags)


def _bond(device: Device, seen: Observation, names: Mapping[int, str]) -> Aggregation:
    mode, named = str(device.options.get("mode", "")), {"primary", "active_slave"}
    options = {
        key: names.get(int(value), "") if key in named else value
        for key, value in device.options.items()
        if key != "mode" and linkplan.fits(key, mode)
    }
    ports = sorted(each.name for each in seen.devices if each.master == device.index)
    return Aggregation(mode=mode, options=options, port=tuple(ports))


def _vlan(device: Device, base: str) -> Vlan:
    protocol = int(device.options.get("protocol", 0))
    # The kernel tells the protocol in network order, as it is asked for.
    word = _PROTOCOLS.get(protocol, "802.1q")
    return Vlan(base_iface=base, id=_integer(device.options, "id"), protocol=word)


def _vxlan(device: Device, names: Mapping[int, str]) -> Vxlan:
    options = device.options
    below = names.get(int(options.get("base-iface", 0)))
    return Vxlan(
        base_iface=below,
        id=_integer(options, "id"),
        remote=str(options.get("remote") or options.get("remote6") or "") or None,
        local=str(options.get("local") or options.get("local6") or "") or None,
        destination_port=_integer(options, "destination-port"),
        learning=_flag(options, "learning"),
    )


def _routes(rows: Iterable[DeviceRoute], names: Mapping[int, str]) -> Routes:
    running, config = [], []
    for row in rows:
        if row.index not in names and not row.kind:
            continue
        route = Route(
            destination=row.destination,
            next_hop_interface=None if row.kind else names[row.index],
            next_hop_address=row.gateway,
            route_type=row.kind or None,
            metric=row.metric,
            table_id=row.table,
            protocol=PROTOCOLS.get(row.protocol),
        )
        running.append(route)
        if row.protocol in _OURS:
            config.append(msgspec.structs.replace(route, protocol=None))
    return Routes(running=tuple(running), config=tuple(config))


def _resolver(kept: Kept) -> DnsResolver:
    found = Resolver(server=kept.servers, search=kept.search)
    return DnsResolver(running=found, config=found)


def _integer(options: Mapping[str, bool | int | str], name: str) -> int | None:
    return int(options[name]) if name in options else None


def _flag(options: Mapping[str, bool | int | str], name: str) -> bool | None:
    return bool(options[name]) if name in options else None
