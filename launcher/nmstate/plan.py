"""What is to be done so that a node's network is as wanted: a plan of ops, in an order that works.

What goes comes first, then new links, then the switch (all of it at once), then settings and ports,
then addresses from below upwards, and routes at last. The same serves to take back: the goal is the
state from before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from launcher.nmstate import linkplan, rules, switchplan
from launcher.nmstate.merge import Goal, ports_of, same_route
from launcher.nmstate.names import MAIN, whole_route
from launcher.nmstate.schema import Interface, OvsDb, Resolver, Route, RouteRule, State
from launcher.nmstate.switch import MAPPINGS, build_mappings
from launcher.ops.base import Op, Plan
from launcher.ops.links import DeleteLink, SetMaster, SetMtu, SetUp
from launcher.ops.nodelinks import (
    ConfigureSwitch,
    MakeRoute,
    SetResolver,
    UnmakeRoute,
)
from launcher.ops.routerules import MakeRule, UnmakeRule

_replace = msgspec.structs.replace
_NOT_OURS = {"ovs-bridge", "ovs-interface"}
_NO_MAC = "00:00:00:00:00:00"  # of a bridge that never had a port; it cannot be given again
_HOLDERS = {"bond", "linux-bridge"}


def plan(goal: Goal, current: State) -> Plan:
    """The ops that make it so; empty when it is so already."""
    there = {each.name: each for each in current.interfaces if each.type != "ovs-bridge"}
    doomed = {each.name for each in goal.absent}
    switch = list(switchplan.changes(goal, current))
    again = _made_again(switch, goal, current)
    links = [each for each in ordered((*goal.interfaces, *again)) if each.type != "ovs-bridge"]
    lost = {each.name for each in again}
    now = {name: each for name, each in there.items() if name not in lost}
    ops: list[Op] = [UnmakeRule(rule=rules.row(each)) for each in goal.rules_gone]
    ops += [_unmake(each) for each in goal.routes_gone]
    ops += _removals(goal.absent, there)
    made = [each for each in links if each.name not in there or each.name in doomed]
    ops += linkplan.creations(made)
    ops += _releases(links, there)
    ops += switch
    for each in links:
        ops += linkplan.settings(each, linkplan.before(each, now.get(each.name)))
    ops += linkplan.attachments(links, there)
    ops += _mtus_again(goal, ops)
    for each in links:
        ops += linkplan.activation(each, linkplan.before(each, now.get(each.name)))
    ops += [_make(each) for each in _gateways_last((*goal.routes, *_through(lost, goal, current)))]
    ops += [MakeRule(rule=rules.row(each)) for each in goal.rules]
    return (*ops, *_resolver(goal.resolver, current))


def _mtus_again(goal: Goal, ops: Iterable[Op]) -> list[Op]:
    """MTUs of bridges that were asked for: a port with a smaller one has lowered them."""
    joined = {op.master for op in ops if isinstance(op, SetMaster)}
    return [
        SetMtu(name=each.name, mtu=each.mtu)
        for each in goal.desired.interfaces
        if each.type == "linux-bridge" and each.mtu and each.name in joined
    ]


def _made_again(
    switch: Iterable[ConfigureSwitch], goal: Goal, current: State
) -> tuple[Interface, ...]:
    """Interfaces that the switch makes anew with their bridge, and which lose all they have."""
    fresh = {bridge.name for op in switch for bridge in op.bridges if bridge.fresh}
    wanted = {each.name: each for each in goal.interfaces if each.type != "ovs-bridge"}
    gone = {each.name for each in goal.absent}
    return tuple(
        wanted.get(each.name, each)
        for each in current.interfaces
        if each.type == "ovs-interface" and each.controller in fresh and each.name not in gone
    )


def _through(devices: set[str], goal: Goal, current: State) -> list[Route]:
    """Routes that were there through devices."""
    config = (current.routes.config if current.routes else None) or ()
    return [
        each
        for each in config
        if each.next_hop_interface in devices and each not in goal.routes_gone
    ]


def back(before: State, now: State, touched: Iterable[tuple[str, bool]], asked: State) -> Goal:
    """The goal of taking back: what was touched is as it was before.

    ``asked`` is the desired state that is taken back: only what it set is put back of what else the
    kernel derives by itself, like a bridge's MAC address.
    """
    keys = frozenset(touched)
    keys |= _holders(before, keys) | _above(before, keys)
    macs = {each.name for each in asked.interfaces if each.mac_address}
    macs -= {each.name for each in before.interfaces if each.mac_address == _NO_MAC}
    kept = tuple(
        each
        if each.type not in {"linux-bridge", "bond"} or each.name in macs
        else _replace(each, mac_address=None)
        for each in (_without_new_keys(one, now) for one in before.interfaces)
        if each.key in keys
    )
    known = {each.key for each in kept}
    names = {name for name, _ in keys}
    external, other = _asked_keys(asked)
    return Goal(
        desired=State(interfaces=kept),
        interfaces=kept,
        absent=tuple(e for e in now.interfaces if e.key in keys and e.key not in known),
        routes=_routes_back(before, now, names),
        routes_gone=_routes_gone(before, now, names, asked),
        rules=tuple(e for e in rules.configured(before) if e not in rules.configured(now)),
        rules_gone=_rules_gone(before, now, asked),
        resolver=before.dns_resolver.config if before.dns_resolver else None,
        external=_undo_map(_external(before), _external(now), external),
        other=_undo_map(_other(before), _other(now), other),
    )


def _without_new_keys(before: Interface, now: State) -> Interface:
    """An OVS bridge as it was, with what its maps have got since as keys that go."""
    there = now.interface(before.name, bridge=True)
    if before.type != "ovs-bridge" or there is None or before.ovs_db is None:
        return before
    old, new = before.ovs_db, there.ovs_db or OvsDb()
    gone = [
        {key: None for key in (later or {}) if key not in (earlier or {})}
        for earlier, later in (
            (old.external_ids, new.external_ids), (old.other_config, new.other_config),
        )
    ]  # fmt: skip
    maps = OvsDb(
        external_ids={**(old.external_ids or {}), **gone[0]},
        other_config={**(old.other_config or {}), **gone[1]},
    )
    return _replace(before, ovs_db=maps)


def _holders(state: State, keys: frozenset[tuple[str, bool]]) -> frozenset[tuple[str, bool]]:
    """Bridges of some links: what a port has is lost when it is plugged out."""
    held = {each.controller for each in state.interfaces if each.key in keys and each.controller}
    return frozenset(
        each.key for each in state.interfaces if each.type == "linux-bridge" and each.name in held
    )


def _above(state: State, keys: frozenset[tuple[str, bool]]) -> frozenset[tuple[str, bool]]:
    """What stands on some links: it loses IPv6 addresses when they go down."""
    names = {name for name, _ in keys}
    return frozenset(
        each.key
        for each in state.interfaces
        if (each.vlan and each.vlan.base_iface in names)
        or (each.vxlan and each.vxlan.base_iface in names)
    )


def _config(state: State) -> tuple[Route, ...]:
    return (state.routes.config if state.routes else None) or ()


def _routes_back(before: State, now: State, names: set[str]) -> tuple[Route, ...]:
    """Routes that are gone, and those through links that may go down on the way."""
    present = _config(now)
    return tuple(
        each
        for each in _config(before)
        if each.next_hop_interface in names or not any(same_route(each, one) for one in present)
    )


def _routes_gone(before: State, now: State, names: set[str], asked: State) -> tuple[Route, ...]:
    """Routes that were asked for, or are through links that were touched; others may be newer."""
    wanted = {whole_route(e).destination for e in _config(asked) if e.state != "absent"}
    return tuple(
        each
        for each in _config(now)
        if (each.next_hop_interface in names or each.destination in wanted)
        and not any(same_route(one, each) for one in _config(before))
    )


def _rules_gone(before: State, now: State, asked: State) -> tuple[RouteRule, ...]:
    """Rules that were asked for and were not there."""
    wanted = [rules.whole(e) for e in rules.configured(asked) if e.state != "absent"]
    return tuple(
        each
        for each in rules.configured(now)
        if each not in rules.configured(before) and any(rules.same(one, each) for one in wanted)
    )


def _asked_keys(asked: State) -> tuple[set[str], set[str]]:
    """Keys of the switch's maps that were asked for: others are other people's."""
    given = asked.ovs_db
    external = set((given.external_ids if given else None) or {})
    if asked.ovn is not None:
        external.add(MAPPINGS)
    return external, set((given.other_config if given else None) or {})


def ordered(interfaces: Iterable[Interface]) -> list[Interface]:
    """Those below before those above: bases before VLANs, ports before bridges and bonds."""
    waiting = {each.key: each for each in interfaces}
    names = {each.name: each for each in waiting.values() if each.type != "ovs-bridge"}
    done: dict[tuple[str, bool], Interface] = {}

    def visit(each: Interface, above: frozenset[str]) -> None:
        for name in _below(each):
            lower = names.get(name)
            if lower is not None and name not in above and lower.key not in done:
                visit(lower, above | {name})
        done.setdefault(each.key, each)

    for each in waiting.values():
        visit(each, frozenset({each.name}))
    return list(done.values())


def _below(interface: Interface) -> tuple[str, ...]:
    base = interface.vlan.base_iface if interface.vlan else None
    tunnel = interface.vxlan.base_iface if interface.vxlan else None
    return tuple(name for name in (base, tunnel, *(ports_of(interface) or ())) if name)


def _removals(absent: Iterable[Interface], there: Mapping[str, Interface]) -> Iterator[Op]:
    for each in ordered(absent)[::-1]:
        if each.type in _NOT_OURS:
            continue
        if each.is_virtual:
            yield DeleteLink(name=each.name)
            continue
        holder = there.get(each.controller or "")
        if holder is not None and holder.type in _HOLDERS:
            yield SetMaster(name=each.name, master="")
        yield from linkplan.cleared(each)


def _releases(links: Iterable[Interface], there: dict[str, Interface]) -> Iterator[Op]:
    """Free links from the controllers of the kernel's that they leave."""
    for each in links:
        known = there.get(each.name)
        held = known.controller if known and known.type != "ovs-interface" else None
        holder = there.get(held or "")
        if holder and holder.type in _HOLDERS and held != each.controller:
            yield SetMaster(name=each.name, master="")
            if holder.type == "bond":
                yield SetUp(name=each.name, up=False)


def _make(route: Route) -> MakeRoute:
    return MakeRoute(
        destination=route.destination or "",
        device=route.next_hop_interface or "",
        gateway=route.next_hop_address or "",
        metric=route.metric or 0,
        table=0 if route.table_id in {None, MAIN} else route.table_id or 0,
        kind=route.route_type or "",
    )


def _unmake(route: Route) -> UnmakeRoute:
    made = _make(route)
    return UnmakeRoute(
        destination=made.destination,
        device=made.device,
        gateway=made.gateway,
        metric=made.metric,
        table=made.table,
        kind=made.kind,
    )


def _gateways_last(routes: Iterable[Route]) -> list[Route]:
    """A gateway must be on a link before anything goes through it."""
    return sorted(routes, key=lambda each: bool(each.next_hop_address))


def _resolver(wanted: Resolver | None, current: State) -> Iterator[Op]:
    if wanted is None:
        return
    known = current.dns_resolver.config if current.dns_resolver else None
    old = (known.server or (), known.search or ()) if known else ((), ())
    new = (wanted.server or (), wanted.search or ())
    if new != old:
        yield SetResolver(servers=new[0], search=new[1])


def _external(state: State) -> dict[str, str]:
    given = (state.ovs_db.external_ids if state.ovs_db else None) or {}
    found = {key: str(value) for key, value in given.items()}
    pairs = (state.ovn.bridge_mappings if state.ovn else None) or ()
    if pairs:
        found[MAPPINGS] = build_mappings({each.localnet: each.bridge or "" for each in pairs})
    return found


def _other(state: State) -> dict[str, str]:
    given = (state.ovs_db.other_config if state.ovs_db else None) or {}
    return {key: str(value) for key, value in given.items()}


def _undo_map(before: dict[str, str], now: dict[str, str], keys: set[str]) -> dict[str, str]:
    return {
        key: before.get(key, "") for key in sorted(keys) if before.get(key, "") != now.get(key, "")
    }
