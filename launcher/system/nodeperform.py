"""Carry out ops on the network of a node."""

from __future__ import annotations

import msgspec

from launcher.errors import HostError
from launcher.nmstate import switch as switches
from launcher.ops.base import Op
from launcher.ops.nodelinks import (
    AskDhcp,
    ChangePortVlans,
    ConfigureSwitch,
    MakeLink,
    MakeRoute,
    NodeOp,
    SetBridgePort,
    SetLinkOptions,
    SetResolver,
    UnmakeRoute,
)
from launcher.ops.routerules import MakeRule, UnmakeRule
from launcher.system import leases, namespaces, nodelinks, nodeobserve, ovs
from launcher.system.nodeobserve import NodePlace
from launcher.system.perform import perform as perform_plain


def perform(op: Op, place: NodePlace) -> None:
    """Carry out an op on a node; raises ``HostError``."""
    if not isinstance(op, NodeOp):
        raise TypeError(f"no way to carry out `{op.describe()}`")
    match op:
        case ConfigureSwitch():
            _configure(op, place)
        case SetResolver():
            kept = nodeobserve.read_kept(place)
            nodeobserve.write_kept(
                place, msgspec.structs.replace(kept, servers=op.servers, search=op.search)
            )
        case AskDhcp():
            leases.ask(place, op)
        case _:
            with namespaces.in_netns(place.netns):
                _link(op)


def _link(op: Op) -> None:
    match op:
        case MakeLink():
            nodelinks.make_link(op)
        case SetLinkOptions():
            nodelinks.set_options(op)
        case SetBridgePort():
            nodelinks.set_port(op)
        case ChangePortVlans():
            nodelinks.change_vlans(op)
        case MakeRoute():
            nodelinks.make_route(op)
        case UnmakeRoute():
            nodelinks.unmake_route(op)
        case MakeRule():
            nodelinks.make_rule(op)
        case UnmakeRule():
            nodelinks.unmake_rule(op)
        case _:
            perform_plain(op)


def _configure(op: ConfigureSwitch, place: NodePlace) -> None:
    switch = ovs.ensure(place.switch, place.netns)
    rows = nodeobserve.switch_rows(place)
    if rows is None:
        raise HostError(f"the switch of {place.netns} ended")
    if before := switches.vacate(rows, op):
        ovs.configure(switch, *before)
        rows = nodeobserve.switch_rows(place) or rows
    ovs.configure(switch, *switches.transaction(rows, op, switch.datapath))
    wanted = {
        port for bridge in op.bridges for each in bridge.ports or () for port in each.interfaces
    }
    for problem in ovs.problems(switch):
        if problem.partition(":")[0] in wanted:
            raise HostError(f"the switch refused {problem}")
