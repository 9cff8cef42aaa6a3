"""What no node can be made to have, found before anything is changed. All raise ``SpecError``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from launcher.errors import SpecError
from launcher.net.devices import REFUSALS
from launcher.net.linkoptions import BOND, MODES, number_of
from launcher.nmstate.schema import (
    STATES,
    TYPES,
    Interface,
    Ip,
    Mapping_,
    PortVlan,
    Route,
    State,
)

_LONGEST = 15
_UNUSED_IP = (
    "addr_gen_mode", "auto_route_table_id", "dhcp_client_id", "dhcp_duid", "forwarding",
)  # fmt: skip
_MAC = re.compile(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", re.ASCII)
_SWITCH_MODES = ("active-backup", "balance-slb", "balance-tcp", "lacp")
_CABLES = {"ethernet", "veth"}


def supported(desired: State) -> None:
    """Refuse what nmstate has and we have not."""
    if desired.hostname and desired.hostname.config:
        raise SpecError("hostname.config", "a node's name cannot be changed")
    for each in desired.interfaces:
        path = f"interfaces[{each.name}]"
        if each.accept_all_mac_addresses:
            raise SpecError(f"{path}.accept-all-mac-addresses", "is not supported on these nodes")
        if each.lldp and each.lldp.enabled:
            raise SpecError(f"{path}.lldp", "LLDP is not supported on these nodes")


def unused(desired: State) -> tuple[str, ...]:
    """What is asked for and has no effect on these nodes, a line for each interface."""
    notes = []
    for each in desired.interfaces:
        fields = [name for name in ("ethernet", "wait_ip") if getattr(each, name) is not None]
        for version, ip in (("ipv4", each.ipv4), ("ipv6", each.ipv6)):
            fields += [f"{version}.{name}" for name in _UNUSED_IP if ip and getattr(ip, name)]
        options = each.bridge.options if each.bridge else None
        if options and options.vlan_protocol not in {None, "802.1q"}:
            fields.append("bridge.options.vlan_protocol")
        if fields:
            told = ", ".join(f"`{name.replace('_', '-')}`" for name in fields)
            notes.append(f"{each.name}: {told} has no effect on these nodes")
    return tuple(notes)


def reserved(desired: State, names: Iterable[str]) -> None:
    """Refuse to change what belongs to the pod network or to OVN."""
    owned = set(names)
    for each in desired.interfaces:
        if each.name in owned and each.state != "ignore":
            raise SpecError(
                f"interfaces[{each.name}]", f"`{each.name}` belongs to this node's own networks"
            )


def interface(given: Interface, there: Interface | None) -> None:
    """Check one interface against the one that is there under its name."""
    path = f"interfaces[{given.name}]"
    if given.state not in STATES:
        raise SpecError(f"{path}.state", _one_of(STATES, given.state))
    if given.type is None and there is None:
        raise SpecError(f"{path}.type", "is needed for an interface that is not there yet")
    if given.type not in TYPES:
        raise SpecError(f"{path}.type", _one_of(TYPES, given.type))
    if not 0 < len(given.name) <= _LONGEST or re.search(r"[\s/]", given.name):
        raise SpecError(
            f"{path}.name", f"must have 1 to {_LONGEST} characters without blanks and slashes"
        )
    if there is None and given.type in {"ethernet", "loopback", "unknown"}:
        raise SpecError(path, f"this node has no interface `{given.name}`")
    if there is not None and there.type != given.type and not {there.type, given.type} <= _CABLES:
        raise SpecError(
            f"{path}.type", f"`{given.name}` is of type {there.type}; remove it first: state absent"
        )
    _links(given, there, path)
    _numbers(given, there, path)
    if given.link_aggregation is not None and given.type == "bond":
        _bond(given, there, path)
    for port in (given.bridge.port if given.bridge else None) or ():
        _port(port.vlan, f"{path}.bridge.port[{port.name}].vlan")
        mode = port.link_aggregation.mode if port.link_aggregation else None
        if mode is not None and mode not in _SWITCH_MODES:
            raise SpecError(
                f"{path}.bridge.port[{port.name}].link-aggregation.mode",
                _one_of(_SWITCH_MODES, mode),
            )


def _links(given: Interface, there: Interface | None, path: str) -> None:
    if there is not None:
        return
    if given.type == "vlan" and not (given.vlan and given.vlan.base_iface and given.vlan.id):
        raise SpecError(f"{path}.vlan", "a VLAN needs `base-iface` and `id`")
    if given.type == "vxlan" and not (given.vxlan and given.vxlan.id):
        raise SpecError(f"{path}.vxlan", "a VXLAN needs an `id`")
    if given.type == "veth" and not (given.veth and given.veth.peer):
        raise SpecError(f"{path}.veth", "a veth needs a `peer`")
    if given.type == "bond" and not (given.link_aggregation and given.link_aggregation.mode):
        raise SpecError(f"{path}.link-aggregation", "a bond needs a `mode`")


def _numbers(given: Interface, there: Interface | None, path: str) -> None:
    if given.mac_address and not _MAC.fullmatch(given.mac_address):
        raise SpecError(f"{path}.mac-address", f"`{given.mac_address}` is no MAC address")
    if given.vlan and given.vlan.id is not None and not 0 < given.vlan.id < 4095:
        raise SpecError(f"{path}.vlan.id", f"must be from 1 to 4094; got {given.vlan.id}")
    if given.mtu is None or (there is not None and given.mtu == there.mtu):
        return
    least, most = 68, 65535
    if there is not None:
        least, most = there.min_mtu or least, there.max_mtu or most
    if not least <= given.mtu <= most:
        raise SpecError(f"{path}.mtu", f"must be from {least} to {most}; got {given.mtu}")


def _bond(given: Interface, there: Interface | None, path: str) -> None:
    bond = given.link_aggregation
    if bond is None:
        return
    known = there.link_aggregation.mode if there and there.link_aggregation else None
    mode = bond.mode or known
    path = f"{path}.link-aggregation"
    if mode not in MODES:
        raise SpecError(f"{path}.mode", _one_of(MODES, mode))
    for name, option in (bond.options or {}).items():
        if name not in BOND or name == "mode":
            raise SpecError(f"{path}.options.{name}", "is no option of bonds")
        field = BOND[name]
        if field.device or field.layout in {"mac", "ip", "ips"}:
            continue
        try:
            number_of(field, option)
        except ValueError as error:
            raise SpecError(f"{path}.options.{name}", f"{error}; got `{option}`") from None
    lacp = {"lacp_rate", "ad_select", "ad_actor_system", "lacp_active"} & set(bond.options or {})
    if lacp and mode != "802.3ad":
        raise SpecError(f"{path}.options.{min(lacp)}", "is for the mode 802.3ad only")


def _port(vlan: PortVlan | None, path: str) -> None:
    if vlan is None:
        return
    if vlan.mode not in {None, "access", "trunk"}:
        raise SpecError(f"{path}.mode", _one_of(("access", "trunk"), vlan.mode))
    if vlan.mode == "access" and (vlan.trunk_tags or not vlan.tag):
        raise SpecError(path, "a port in access mode has a `tag` and no `trunk-tags`")
    if vlan.enable_native and not vlan.tag:
        raise SpecError(f"{path}.tag", "`enable-native` needs one")
    _tags(vlan, path)


def _tags(vlan: PortVlan, path: str) -> None:
    numbers = [vlan.tag] if vlan.tag is not None else []
    for tag in vlan.trunk_tags or ():
        if (tag.id is None) == (tag.id_range is None):
            raise SpecError(f"{path}.trunk-tags", "each has either `id` or `id-range`")
        numbers += [tag.id] if tag.id is not None else []
        if tag.id_range is not None:
            numbers += [tag.id_range.min, tag.id_range.max]
            if tag.id_range.min > tag.id_range.max:
                raise SpecError(f"{path}.trunk-tags", "`min` must not be above `max`")
    for number in numbers:
        if not 0 <= number < 4095:
            raise SpecError(path, f"VLANs are from 0 to 4094; got {number}")


def no_vlans(bridge: Interface) -> None:
    """Refuse VLANs on ports that were asked for, where the kernel would let them pass untagged."""
    for port in (bridge.bridge.port if bridge.bridge else None) or ():
        if port.vlan is not None and port.vlan != PortVlan():
            raise SpecError(
                f"interfaces[{bridge.name}].bridge.port[{port.name}].vlan",
                "this kernel has no VLAN filtering on bridges (CONFIG_BRIDGE_VLAN_FILTERING)",
                "use an `ovs-bridge`, or a kernel that has it",
            )


def whole(wanted: Iterable[Interface], current: State, desired: State) -> None:
    """Check interfaces with each other."""
    gone = {each.name for each in desired.interfaces if each.state == "absent"}
    known = {each.name for each in current.interfaces} - gone | {each.name for each in wanted}
    given = {each.name: each for each in desired.interfaces}
    for each in wanted:
        path = f"interfaces[{each.name}]"
        for field, base in (
            ("vlan", each.vlan.base_iface if each.vlan else None),
            ("vxlan", each.vxlan.base_iface if each.vxlan else None),
        ):
            if base and base not in known:
                raise SpecError(f"{path}.{field}.base-iface", f"there is no interface `{base}`")
        asked = given.get(each.name)
        if each.controller and asked is not None and each.type != "ovs-interface":
            _no_addresses(asked, each.controller)
        if each.type == "ovs-interface" and not each.controller:
            raise SpecError(path, "an `ovs-interface` must be a port of an `ovs-bridge`")


def _no_addresses(port: Interface, controller: str) -> None:
    for field in ("ipv4", "ipv6"):
        ip = getattr(port, field)
        if ip is not None and ip.enabled and (lasting(ip) or ip.dhcp):
            raise SpecError(
                f"interfaces[{port.name}].{field}", f"a port of `{controller}` has no addresses"
            )


def lasting(ip: Ip | None) -> list[str]:
    """Addresses, without IPv6's link-local ones: those are the kernel's."""
    return [
        each.text
        for each in (ip.address if ip else None) or ()
        if ":" not in each.ip or not ipaddress.ip_address(each.ip).is_link_local
    ]


def mappings(given: Iterable[Mapping_]) -> None:
    """Check OVN's mappings of physical networks."""
    seen = set()
    for each in given:
        path = "ovn.bridge-mappings"
        if each.localnet in seen:
            raise SpecError(path, f"the localnet `{each.localnet}` comes twice")
        seen.add(each.localnet)
        if each.state not in {None, "present", "absent"}:
            raise SpecError(f"{path}.state", _one_of(("present", "absent"), each.state))
        if each.state != "absent" and not each.bridge:
            raise SpecError(path, f"the localnet `{each.localnet}` needs a `bridge`")


def routes(
    wished: Iterable[Route], wanted: Iterable[Interface], current: State, gone: Iterable[Interface]
) -> None:
    """Check routes: where they lead must be there and up."""
    known = {each.name: each for each in current.interfaces if each.type != "ovs-bridge"}
    for lost in gone:
        known.pop(lost.name, None)
    known.update({each.name: each for each in wanted if each.type != "ovs-bridge"})
    for each in wished:
        path = f"routes.config[{each.destination}]"
        if each.route_type:
            _refusal(each, path)
            continue
        device = known.get(each.next_hop_interface or "")
        if device is None:
            raise SpecError(
                f"{path}.next-hop-interface", f"there is no `{each.next_hop_interface}`"
            )
        if device.state != "up":
            raise SpecError(f"{path}.next-hop-interface", f"`{device.name}` is not up")
        if each.next_hop_address and not _is_address(each.next_hop_address):
            raise SpecError(f"{path}.next-hop-address", f"`{each.next_hop_address}` is no address")


def _refusal(route: Route, path: str) -> None:
    """Check a route that leads nowhere."""
    if route.route_type not in REFUSALS:
        raise SpecError(f"{path}.route-type", _one_of(REFUSALS, route.route_type))
    if route.next_hop_interface or route.next_hop_address:
        problem = f"a route of the type {route.route_type} leads through nothing"
        raise SpecError(f"{path}.next-hop-interface", problem)


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _one_of(words: Iterable[str], got: str | None) -> str:
    return f"must be one of {', '.join(words)}; got `{got or ''}`"
