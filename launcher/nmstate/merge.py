"""Join a desired state with the current one: what shall be of each interface that is concerned."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from launcher.errors import SpecError
from launcher.nmstate import checks, names, rules
from launcher.nmstate.overlay import overlay
from launcher.nmstate.schema import (
    BridgePort,
    IdRange,
    Interface,
    Ip,
    Member,
    OvsDb,
    PortVlan,
    Resolver,
    Route,
    RouteRule,
    State,
    TrunkTag,
)
from launcher.nmstate.switch import MAPPINGS, build_mappings

_replace = msgspec.structs.replace
_OFF = Ip(enabled=False)
_EVERY_VLAN = PortVlan(
    mode="trunk", trunk_tags=(TrunkTag(id_range=IdRange(min=2, max=4094)),), enable_native=False
)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the node can do. ``reserved`` are interfaces that no policy may touch."""

    vlan_filtering: bool = True
    switch: bool = True
    reserved: tuple[str, ...] = ()


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be.

    ``desired`` is what was asked for, with names and defaults filled in; ``interfaces`` are whole,
    those not concerned left out; ``absent`` are those that go, as they are; ``notes`` tell what was
    left out. ``external`` and ``other`` are for the switch; an empty value removes its key.
    """

    desired: State
    interfaces: tuple[Interface, ...] = ()
    absent: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    routes_gone: tuple[Route, ...] = ()
    rules: tuple[RouteRule, ...] = ()
    rules_gone: tuple[RouteRule, ...] = ()
    rules_wanted: tuple[RouteRule, ...] = ()
    resolver: Resolver | None = None
    external: dict[str, str] = msgspec.field(default_factory=dict)
    other: dict[str, str] = msgspec.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def touched(self) -> frozenset[tuple[str, bool]]:
        """Keys of all interfaces that may change."""
        return frozenset(each.key for each in (*self.interfaces, *self.absent))

    @property
    def needs_switch(self) -> bool:
        """Whether any of it is Open vSwitch's."""
        kinds = {each.type for each in (*self.interfaces, *self.absent)}
        return bool({"ovs-bridge", "ovs-interface"} & kinds or self.external or self.other)


def merge(desired: State, current: State, facts: Facts) -> Goal:
    """What shall be. Raises ``SpecError`` naming the field for what cannot be."""
    checks.supported(desired)
    named = names.resolve(desired, current)
    checks.reserved(named, facts.reserved)
    named, notes = _with_defaults(named, facts)
    wanted: dict[tuple[str, bool], Interface] = {}
    absent: dict[tuple[str, bool], Interface] = {}
    for each in named.interfaces:
        there = _there(current, each)
        if each.state == "absent":
            if there is not None:
                absent[there.key] = there
        elif each.state != "ignore":
            checks.interface(each, there)
            wanted[each.key] = _adjusted(overlay(there, each), each)
    _raise_bases(wanted, absent, current)
    for each in _dependents(absent, current):
        absent.setdefault(each.key, each)
    _join_ports(wanted, absent, named, current)
    _bare_ports(wanted, named)
    _leave_switch(wanted, absent, current)
    whole = tuple(wanted.values())
    checks.whole(whole, current, named)
    external, other = _switch_maps(named, current)
    added, gone = _routes(named, current)
    checks.routes(_wished_routes(named), whole, current, absent.values())
    rules_new, rules_gone, rules_wanted = rules.merge(named, current)
    config = named.dns_resolver.config if named.dns_resolver else None
    goal = Goal(
        desired=named,
        interfaces=whole,
        absent=tuple(absent.values()),
        routes=added,
        routes_gone=gone,
        rules=rules_new,
        rules_gone=rules_gone,
        rules_wanted=rules_wanted,
        resolver=config,
        external=external,
        other=other,
        notes=(*notes, *checks.unused(named)),
    )
    if goal.needs_switch and not facts.switch:
        raise SpecError(
            "interfaces", "Open vSwitch is not installed", "install the package openvswitch-switch"
        )
    return goal


def _there(current: State, wanted: Interface) -> Interface | None:
    return current.interface(wanted.name, bridge=wanted.type == "ovs-bridge")


def _with_defaults(desired: State, facts: Facts) -> tuple[State, tuple[str, ...]]:
    """kubernetes-nmstate's own: ports of Linux bridges carry every VLAN tagged, unless told.

    ``vlan: {}`` tells that a port has nothing to do with VLANs.
    """
    notes: list[str] = []
    interfaces = []
    for each in desired.interfaces:
        bridge, going = each.bridge, each.state in {"absent", "ignore"}
        if each.type != "linux-bridge" or bridge is None or not bridge.port or going:
            interfaces.append(each)
            continue
        if not facts.vlan_filtering:
            checks.no_vlans(each)
            notes.append(
                f"{each.name}: this kernel has no VLAN filtering on bridges, so the usual "
                "`trunk-tags` 2-4094 of its ports are left out and frames pass as they come"
            )
        usual = _EVERY_VLAN if facts.vlan_filtering else None
        given = tuple(_replace(port, vlan=port.vlan or usual) for port in bridge.port)
        interfaces.append(_replace(each, bridge=_replace(bridge, port=given)))
    return _replace(desired, interfaces=tuple(interfaces)), tuple(notes)


def _adjusted(whole: Interface, given: Interface) -> Interface:
    """With what follows from what was given."""
    changes: dict[str, object] = {"state": given.state or "up"}
    for field in ("ipv4", "ipv6"):
        ip, asked = getattr(whole, field), getattr(given, field)
        if ip is None:
            continue
        if asked is not None and asked.enabled is False:
            changes[field] = _OFF
        elif asked is not None and asked.enabled is None and asked.address:
            changes[field] = _replace(ip, enabled=True)
        elif asked is not None and asked.dhcp and asked.address is None:
            changes[field] = _replace(ip, address=None)
    return _replace(whole, **changes)


def _raise_bases(
    wanted: dict[tuple[str, bool], Interface],
    absent: dict[tuple[str, bool], Interface],
    current: State,
) -> None:
    """Switch on what VLANs stand on, if nothing was said of it: they cannot be up without it."""
    for each in list(wanted.values()):
        base = current.interface(each.vlan.base_iface or "") if each.vlan else None
        if each.state != "up" or base is None or base.state != "down":
            continue
        if base.key not in absent and base.type != "ovs-bridge":
            wanted.setdefault(base.key, _replace(base, state="up"))


def _dependents(absent: dict[tuple[str, bool], Interface], current: State) -> Iterator[Interface]:
    """What the kernel removes together with what it stands on."""
    gone = {each.name for each in absent.values() if each.is_virtual and each.type != "ovs-bridge"}
    bridges = {each.name for each in absent.values() if each.type == "ovs-bridge"}
    for each in current.interfaces:
        below = {
            each.vlan.base_iface if each.vlan else None,
            each.veth.peer if each.veth else None,
        }
        inside = each.type == "ovs-interface" and each.controller in bridges
        if below & gone or inside:
            yield each


# --- ports -------------------------------------------------------------------------------------


def ports_of(interface: Interface) -> tuple[str, ...] | None:
    """Names of the links that are a controller's ports; None when it does not say."""
    if interface.type == "bond":
        given = interface.link_aggregation.port if interface.link_aggregation else None
        return None if given is None else tuple(_name(each) for each in given)
    if interface.bridge is None or interface.bridge.port is None:
        return None
    return tuple(name for port in interface.bridge.port for name in members_of(port))


def members_of(port: BridgePort) -> tuple[str, ...]:
    """Links behind a port: itself, or those of a bond of OVS."""
    if port.link_aggregation and port.link_aggregation.port:
        return tuple(_name(each) for each in port.link_aggregation.port)
    return (port.name,)


def _name(member: str | Member) -> str:
    return member if isinstance(member, str) else member.name


def _join_ports(
    wanted: dict[tuple[str, bool], Interface],
    absent: dict[tuple[str, bool], Interface],
    desired: State,
    current: State,
) -> None:
    """Make ports know their controllers, also those that nobody mentioned, and free the others."""
    owners: dict[str, Interface] = {}
    listing = [e for e in desired.interfaces if e.key in wanted and ports_of(e) is not None]
    for each in listing:
        for name in ports_of(each) or ():
            if name in owners:
                raise SpecError(
                    f"interfaces[{each.name}]",
                    f"its port `{name}` is one of `{owners[name].name}`, too",
                )
            owners[name] = each
    given = {each.name for each in desired.interfaces if each.state == "absent"}
    for name, controller in owners.items():
        if name in given:
            raise SpecError(f"interfaces[{controller.name}]", f"its port `{name}` is to be absent")
        port = wanted.get((name, False)) or current.interface(name, bridge=False)
        if port is None and name == controller.name and controller.type == "ovs-bridge":
            continue  # the switch makes its own port itself
        if port is None:
            raise SpecError(f"interfaces[{controller.name}]", f"it has the unknown port `{name}`")
        asked = wanted.get((name, False))
        down = asked is not None and asked.state == "down"
        wanted[name, False] = _as_port(port, controller, "down" if down else "up")
    losing = {each.name for each in (*listing, *absent.values())}
    _free(wanted, absent, owners, losing, current)


def _bare_ports(wanted: dict[tuple[str, bool], Interface], desired: State) -> None:
    """Switch IP off on ports of bridges of which nothing was said, too, if IP was mentioned."""
    for each in desired.interfaces:
        port = wanted.get(each.key)
        if port is None or not port.controller or port.type == "ovs-interface":
            continue
        wanted[each.key] = _replace(
            port,
            ipv4=port.ipv4 if each.ipv4 is None else _OFF,
            ipv6=port.ipv6 if each.ipv6 is None else _OFF,
        )


def _as_port(port: Interface, controller: Interface, state: str) -> Interface:
    if port.type == "ovs-interface":
        return _replace(port, controller=controller.name, state=state)
    return _replace(port, controller=controller.name, state=state, ipv4=_OFF, ipv6=_OFF)


def _free(
    wanted: dict[tuple[str, bool], Interface],
    absent: dict[tuple[str, bool], Interface],
    owners: dict[str, Interface],
    losing: set[str],
    current: State,
) -> None:
    for each in current.interfaces:
        held = each.controller or ""
        if held not in losing or each.name in owners or each.key in absent:
            continue
        if each.type == "ovs-interface":
            absent[each.key] = each  # it cannot be without a bridge
            wanted.pop(each.key, None)
        elif not _is_foreign(each.name):
            known = wanted.get(each.key) or each
            wanted[each.key] = _replace(known, controller="")
    for key, each in list(wanted.items()):
        if each.controller and each.name not in owners and each.controller in losing:
            wanted[key] = _replace(each, controller="")


def _leave_switch(
    wanted: dict[tuple[str, bool], Interface],
    absent: dict[tuple[str, bool], Interface],
    current: State,
) -> None:
    """Take from bridges of Open vSwitch, of which nothing was said, what goes or goes elsewhere."""
    for bridge in current.interfaces:
        if bridge.type != "ovs-bridge" or bridge.key in absent or bridge.bridge is None:
            continue
        known = wanted.get(bridge.key, bridge)
        ports = (known.bridge.port if known.bridge else None) or ()
        kept = tuple(
            port
            for port in ports
            if not any(_leaves(name, bridge.name, wanted, absent) for name in members_of(port))
        )
        if kept != ports and known.bridge is not None:
            wanted[bridge.key] = _replace(known, bridge=_replace(known.bridge, port=kept))


def _leaves(
    name: str,
    bridge: str,
    wanted: dict[tuple[str, bool], Interface],
    absent: dict[tuple[str, bool], Interface],
) -> bool:
    if (name, False) in absent:
        return (name, False) not in wanted
    link = wanted.get((name, False))
    return link is not None and link.controller not in {None, bridge}


def _is_foreign(name: str) -> bool:
    """Whether a link is a pod's: such ports stay where they are."""
    return name.startswith("veth")


# --- the rest ----------------------------------------------------------------------------------


def _switch_maps(desired: State, current: State) -> tuple[dict[str, str], dict[str, str]]:
    external, other = (
        {key: text for key, text in wanted.items() if text != there.get(key, "")}
        for wanted, there in zip(_maps(desired.ovs_db), _maps(current.ovs_db), strict=True)
    )
    given = desired.ovn.bridge_mappings if desired.ovn else None
    if given is not None:
        known = current.ovn.bridge_mappings if current.ovn else None
        pairs = {each.localnet: each.bridge or "" for each in known or ()}
        checks.mappings(given)
        for each in given:
            if each.state == "absent":
                pairs.pop(each.localnet, None)
            else:
                pairs[each.localnet] = each.bridge or ""
        if pairs != {each.localnet: each.bridge or "" for each in known or ()}:
            external[MAPPINGS] = build_mappings(pairs)
    return external, other


def _maps(given: OvsDb | None) -> tuple[dict[str, str], dict[str, str]]:
    if given is None:
        return {}, {}
    return (
        {key: _text(value) for key, value in (given.external_ids or {}).items()},
        {key: _text(value) for key, value in (given.other_config or {}).items()},
    )


def _text(value: str | int | bool | None) -> str:  # noqa: FBT001 - a value
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wished_routes(desired: State) -> tuple[Route, ...]:
    """Routes that shall be, also those that are: what they lead through may be to go down."""
    given = desired.routes.config if desired.routes else None
    return tuple(names.whole_route(each) for each in given or () if each.state != "absent")


def _routes(desired: State, current: State) -> tuple[tuple[Route, ...], tuple[Route, ...]]:
    given = desired.routes.config if desired.routes else None
    there = (current.routes.config if current.routes else None) or ()
    added = _wished_routes(desired)
    patterns = [each for each in given or () if each.state == "absent"]
    gone = tuple(each for each in there if any(_matches(each, one) for one in patterns))
    return tuple(each for each in added if not any(same_route(each, o) for o in there)), gone


def _matches(route: Route, pattern: Route) -> bool:
    """Whether all that a pattern gives is so of a route."""
    wild = {None, "", -1}
    fields = (
        "destination", "next_hop_interface", "next_hop_address", "metric", "table_id", "route_type",
    )  # fmt: skip
    return all(
        getattr(pattern, field) in wild or getattr(pattern, field) == getattr(route, field)
        for field in fields
    )


def same_route(one: Route, other: Route) -> bool:
    """Whether two routes are the same; a metric that was not given may be any."""
    fields = ("destination", "next_hop_interface", "next_hop_address", "table_id", "route_type")
    if any(getattr(one, field) != getattr(other, field) for field in fields):
        return False
    return one.metric in {None, other.metric}
