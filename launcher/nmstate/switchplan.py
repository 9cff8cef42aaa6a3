"""The one op that makes a node's Open vSwitch as wanted."""

from __future__ import annotations

from collections.abc import Iterator

from launcher.nmstate.linkplan import vlans
from launcher.nmstate.merge import Goal, members_of
from launcher.nmstate.schema import (
    BridgeOptions,
    BridgePort,
    Interface,
    OvsDb,
    PortVlan,
    State,
    Toggle,
)
from launcher.ops.nodelinks import ConfigureSwitch, Option, SwitchBridge, SwitchPort

_LACP = {"lacp": ("balance-tcp", "active")}


def changes(goal: Goal, current: State) -> Iterator[ConfigureSwitch]:
    """The op, when there is anything to change of the switch."""
    bridges = [each for each in goal.interfaces if each.type == "ovs-bridge"]
    absent = tuple(each.name for each in goal.absent if each.type == "ovs-bridge")
    inside = {each.name for each in goal.interfaces if each.type == "ovs-interface"}
    inside |= {each.name for each in current.interfaces if each.type == "ovs-interface"}
    changed = tuple(
        made
        for each in bridges
        if (made := _bridge(each, current.interface(each.name, bridge=True), inside)) is not None
    )
    new = {each.name for each in goal.interfaces if _has_new_peer(each, current)}
    mtus, macs = _of_interfaces(goal, current, new)
    fresh = {each.name for each in changed if each.fresh}
    for each in current.interfaces:
        if each.type == "ovs-interface" and each.controller in fresh:
            macs.setdefault(each.name, each.mac_address or "")
            mtus.setdefault(each.name, each.mtu or 1500)
    if changed or absent or goal.external or goal.other or mtus or macs:
        yield ConfigureSwitch(
            bridges=changed,
            absent=absent,
            external=goal.external,
            other=goal.other,
            mtus=mtus,
            macs=macs,
        )


def _has_new_peer(interface: Interface, current: State) -> bool:
    return (
        interface.type == "ovs-interface"
        and current.interface(interface.name, bridge=False) is None
    )


def _of_interfaces(
    goal: Goal, current: State, new: set[str]
) -> tuple[dict[str, int], dict[str, str]]:
    mtus, macs = {}, {}
    for each in goal.interfaces:
        if each.type != "ovs-interface":
            continue
        there = current.interface(each.name, bridge=False)
        if each.mtu and (each.name in new or there is None or there.mtu != each.mtu):
            mtus[each.name] = each.mtu
        if each.mac_address and (there is None or there.mac_address != each.mac_address):
            macs[each.name] = each.mac_address
    return mtus, macs


def _bridge(wanted: Interface, there: Interface | None, inside: set[str]) -> SwitchBridge | None:
    """The bridge, or None when it is so already."""
    new = _described(wanted, inside)
    if there is None:
        return new
    old = _described(there, inside)
    fresh = any(
        old.options.get(name) and new.options.get(name) is False
        for name in ("stp_enable", "rstp_enable")
    )
    options = {k: v for k, v in new.options.items() if old.options.get(k) != v}
    other = {k: v for k, v in new.other.items() if old.other.get(k, "") != v}
    external = {k: v for k, v in new.external.items() if old.external.get(k, "") != v}
    same_ports = new.ports is None or new.ports == old.ports
    if same_ports and not options and not other and not external:
        return None
    # A switch whose STP was switched off floods nothing any more (seen with 3.5): make it again.
    return SwitchBridge(
        name=new.name,
        ports=old.ports if fresh and new.ports is None else new.ports,
        patches=_extra(wanted),
        options=new.options if fresh else options,
        other=new.other if fresh else other,
        external=new.external if fresh else external,
        fresh=fresh,
    )


def _extra(wanted: Interface) -> bool:
    return wanted.bridge is not None and bool(wanted.bridge.allow_extra_patch_ports)


def _described(given: Interface, inside: set[str]) -> SwitchBridge:
    bridge = given.bridge
    options, other = _options(bridge.options if bridge else None)
    external, more = _maps(given.ovs_db)
    ports = bridge.port if bridge else None
    return SwitchBridge(
        name=given.name,
        ports=None
        if ports is None
        else tuple(
            sorted((_port(each, given.name, inside) for each in ports), key=lambda one: one.name)
        ),
        patches=_extra(given),
        options=options,
        other={**other, **more},
        external=external,
    )


def _options(given: BridgeOptions | None) -> tuple[dict[str, Option], dict[str, str]]:
    options: dict[str, Option] = {}
    other: dict[str, str] = {}
    if given is None:
        return options, other
    for column, value in (("stp_enable", given.stp), ("rstp_enable", given.rstp)):
        on = value.enabled if isinstance(value, Toggle) else value
        if on is not None:
            options[column] = on
        if isinstance(value, Toggle) and column == "stp_enable":
            other |= _times(value)
    if given.mcast_snooping_enable is not None:
        options["mcast_snooping_enable"] = given.mcast_snooping_enable
    if given.fail_mode is not None:
        options["fail_mode"] = given.fail_mode
    if given.datapath:
        options["datapath_type"] = given.datapath
    return options, other


def _times(stp: Toggle) -> dict[str, str]:
    names = {
        "stp-forward-delay": stp.forward_delay,
        "stp-hello-time": stp.hello_time,
        "stp-max-age": stp.max_age,
        "stp-priority": stp.priority,
    }
    return {name: str(value) for name, value in names.items() if value is not None}


def _maps(given: OvsDb | None) -> tuple[dict[str, str], dict[str, str]]:
    if given is None:
        return {}, {}
    found = [
        {key: "" if value is None else str(value) for key, value in (column or {}).items()}
        for column in (given.external_ids, given.other_config)
    ]
    return found[0], found[1]


def _port(given: BridgePort, bridge: str, inside: set[str]) -> SwitchPort:
    options: dict[str, Option | tuple[int, ...]] = {}
    _set_vlans(given, options)
    other: dict[str, str] = {}
    members = members_of(given)
    bond = given.link_aggregation
    if bond is not None and len(members) > 1:
        mode, lacp = _LACP.get(bond.mode or "", (bond.mode or "active-backup", ""))
        options["bond_mode"] = mode
        if lacp or mode == "balance-tcp":
            options["lacp"] = lacp or "active"
        if bond.bond_updelay:
            options["bond_updelay"] = bond.bond_updelay
        if bond.bond_downdelay:
            options["bond_downdelay"] = bond.bond_downdelay
        _, other = _maps(bond.ovs_db)
    own = given.name == bridge or given.name in inside
    return SwitchPort(
        name=given.name,
        interfaces=tuple(sorted(members)),
        kind="internal" if own and bond is None else "",
        options=options,
        other=other,
    )


def _set_vlans(given: BridgePort, options: dict[str, Option | tuple[int, ...]]) -> None:
    vlan = given.vlan
    if vlan is None or vlan == PortVlan():
        return
    if vlan.mode == "access":
        options["vlan_mode"], options["tag"] = "access", vlan.tag or 0
        return
    trunks = [
        number
        for each in vlans(vlan)
        if not each.native
        for number in range(each.first, each.last + 1)
    ]
    if trunks:
        options["trunks"] = tuple(trunks)
    options["vlan_mode"] = "trunk"
    if vlan.enable_native and vlan.tag:
        options["vlan_mode"], options["tag"] = "native-untagged", vlan.tag
