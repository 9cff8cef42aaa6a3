"""What of a desired state is not there: each mismatch by its path, as a user wrote it.

Only what was asked for is compared, and only what can be seen.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from launcher.net.linkoptions import BOND, number_of
from launcher.nmstate import rules, schema
from launcher.nmstate.merge import Goal, same_route
from launcher.nmstate.schema import Interface, Ip, Json, State
from launcher.nmstate.switch import MAPPINGS, build_mappings

_UNSEEN = {
    "name", "type", "state", "description", "copy-mac-from", "ethernet", "wait-ip", "lldp",
    "identifier", "profile-name", "permanent-mac-address", "min-mtu", "max-mtu", "ipv4", "ipv6",
    "ovs-db", "accept-all-mac-addresses", "allow-extra-patch-ports", "protocol", "datapath",
    "bond-updelay", "bond-downdelay", "enable-native",
}  # fmt: skip
_DERIVED = {"active_slave", "ad_actor_system", "num_unsol_na", "num_grat_arp"}


def mismatches(goal: Goal, seen: State) -> list[str]:
    """What differs; empty when all is as desired."""
    found: list[str] = []
    for each in goal.desired.interfaces:
        there = seen.interface(each.name, bridge=each.type == "ovs-bridge")
        if each.state == "absent":
            if there is not None and there.is_virtual:
                found.append(f"interfaces[{each.name}]: is still there")
        elif each.state != "ignore":
            found += _interface(each, there)
    present = (seen.routes.running if seen.routes else None) or ()
    for route in goal.routes:
        if not any(same_route(route, one) for one in present):
            way = f"via {route.next_hop_interface} {route.next_hop_address}".rstrip()
            found.append(f"routes.config[{route.destination}]: not {route.route_type or way}")
    found += rules.missing(goal.desired, goal.rules_wanted, seen)
    return found + _mappings(goal, seen)


def _interface(wanted: Interface, there: Interface | None) -> list[str]:
    path = f"interfaces[{wanted.name}]"
    if there is None:
        return [f"{path}: is not there"]
    found = []
    if wanted.type != "ovs-bridge" and wanted.state != there.state:
        found.append(_told(f"{path}.state", wanted.state, there.state))
    for version, ip, seen in ((4, wanted.ipv4, there.ipv4), (6, wanted.ipv6, there.ipv6)):
        if ip is not None and wanted.state == "up" and wanted.type != "ovs-bridge":
            found += _ip(f"{path}.ipv{version}", ip, seen or Ip(enabled=False))
    return [*found, *_compare(path, _plain(wanted), _plain(there))]


def _plain(interface: Interface) -> Mapping[str, Json]:
    (found,) = schema.listed(State(interfaces=(interface,)))
    return found


def _compare(path: str, wanted: Mapping[str, Json], there: Mapping[str, Json]) -> Iterator[str]:
    for key, value in wanted.items():
        if key in _UNSEEN:
            continue
        where, other = f"{path}.{key}", there.get(key)
        if key in {"stp", "rstp"}:
            value, other = _toggle(value), _toggle(other)  # noqa: PLW2901
        if key == "port" and isinstance(value, list):
            yield from _ports(where, value, other if isinstance(other, list) else [])
        elif key == "options" and path.endswith(".link-aggregation"):
            yield from _bond_options(where, value, other)
        elif isinstance(value, dict):
            yield from _compare(where, value, other if isinstance(other, dict) else {})
        elif value != other and not (value in ({}, [], False, "") and other is None):
            yield _told(where, value, other)


def _toggle(given: Json) -> Json:
    return {"enabled": given} if isinstance(given, bool) else given


def _ports(path: str, wanted: list[Json], there: list[Json]) -> Iterator[str]:
    have = {_port_name(each): each for each in there}
    want = {_port_name(each): each for each in wanted}
    for name, port in want.items():
        if name not in have:
            yield f"{path}: `{name}` is missing"
            continue
        known = have[name]
        if isinstance(port, dict) and isinstance(known, dict):
            yield from _compare(f"{path}[{name}]", port, known)
    for name in have:
        if name not in want and not name.startswith("veth"):
            yield f"{path}: `{name}` should not be there"


def _port_name(port: Json) -> str:
    return str(port.get("name")) if isinstance(port, dict) else str(port)


def _bond_options(path: str, wanted: Json, there: Json) -> Iterator[str]:
    if not isinstance(wanted, dict):
        return
    have = there if isinstance(there, dict) else {}
    for name, value in wanted.items():
        if name in _DERIVED or name not in have:
            continue
        known = have[name]
        if _number(name, value) != _number(name, known):
            yield _told(f"{path}.{name}", value, known)


def _number(name: str, value: Json) -> object:
    field = BOND.get(name)
    if field is None or field.device or not isinstance(value, bool | int | str):
        return value
    try:
        return number_of(field, value)
    except (ValueError, TypeError):
        return value


def _ip(path: str, wanted: Ip, there: Ip) -> Iterator[str]:
    enabled = wanted.enabled if wanted.enabled is not None else bool(wanted.address) or None
    if enabled is False and there.enabled:
        yield _told(f"{path}.enabled", False, there.enabled)  # noqa: FBT003 - a value
    if not enabled:
        return
    if wanted.dhcp is not None and wanted.dhcp != bool(there.dhcp):
        yield _told(f"{path}.dhcp", wanted.dhcp, there.dhcp)
    if wanted.address is None:
        return
    have = {each.text for each in there.address or ()}
    for each in wanted.address:
        if each.text not in have:
            yield f"{path}.address: {each.text} is missing"
    if wanted.dhcp or wanted.autoconf or wanted.allow_extra_address:
        return
    want = {each.text for each in wanted.address}
    for each in there.address or ():
        own = ipaddress.ip_address(each.ip)
        if each.text not in want and not (own.version == 6 and own.is_link_local):
            yield f"{path}.address: {each.text} should not be there"


def _mappings(goal: Goal, seen: State) -> list[str]:
    if MAPPINGS not in goal.external:
        return []
    pairs = (seen.ovn.bridge_mappings if seen.ovn else None) or ()
    there = build_mappings({each.localnet: each.bridge or "" for each in pairs})
    wanted = goal.external[MAPPINGS]
    return [] if there == wanted else [_told("ovn.bridge-mappings", wanted, there)]


def _told(path: str, wanted: object, there: object) -> str:
    return f"{path}: {_shown(there)} instead of {_shown(wanted)}"


def _shown(value: object) -> str:
    if value in (None, ""):
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else f"`{value}`"
