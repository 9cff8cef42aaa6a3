"""The difference between a desired and an observed network, as ops, and what takes them back."""

from __future__ import annotations

import ipaddress

import msgspec

from launcher.errors import HostError
from launcher.net import nft
from launcher.net.model import Address, Link, NetState, Route, Table
from launcher.ops.base import Op, Plan, Undo
from launcher.ops.filters import DeleteTable, SetTable
from launcher.ops.links import (
    AddAddress,
    AddLink,
    AddNamespace,
    AddRoute,
    DeleteAddress,
    DeleteLink,
    DeleteNamespace,
    DeleteRoute,
    RenameLink,
    SetLearning,
    SetMac,
    SetMaster,
    SetMtu,
    SetSysctl,
    SetUp,
)

_Set = SetMac | SetMtu | SetMaster | SetUp | SetLearning
_replace = msgspec.structs.replace


def plan(desired: NetState, observed: NetState) -> Plan:
    """The ops that make the observed network the desired one; empty when it is that already.

    Links come first, in their order, then routes, kernel settings and filters. Settings of one link
    (``net/ipv6/conf/<link>/...``) are there before it goes up, since some matter only then. Raises
    ``HostError`` for a link that exists with another kind, or that somebody else should have made.
    """
    settings = {
        setting.key: SetSysctl(key=setting.key, value=setting.value)
        for setting in desired.sysctls
        if observed.sysctl(setting.key) != setting.value
    }
    there = _There(observed)
    for link in desired.links:
        own = [key for key in settings if f"/conf/{link.name}/" in key]
        _plan_link(link, there, [settings.pop(key) for key in own])
    for route in desired.routes:
        _plan_route(route, there)
    ops = [*there.done, *settings.values()]
    ops.extend(set_table(table) for table in desired.tables if not _is_there(table, observed))
    return tuple(ops)


def undo(ops: Plan, observed: NetState) -> Undo:
    """For each op, what takes it back to the network observed before the first of them.

    Whatever belongs to a link that the plan makes goes with that link.
    """
    there = _There(observed)
    backs = []
    for op in ops:
        backs.append(_undo(op, there, observed))
        there.do(op)
    return tuple(backs)


def set_table(table: Table) -> SetTable:
    """The op that puts a table in place."""
    return SetTable(
        family=table.family,
        name=table.name,
        text=nft.build_text(table),
        ruleset=nft.build_ruleset(table),
    )


def _is_there(table: Table, observed: NetState) -> bool:
    found = observed.table(table.family, table.name)
    return found is not None and nft.normal(found) == nft.normal(table)


class _There:
    """What becomes of the links and routes that were observed, op by op.

    Links that the ops make are not followed: each op on them is planned once and goes with them.
    """

    def __init__(self, observed: NetState) -> None:
        self.links = {link.name: link for link in observed.links}
        self.routes = list(observed.routes)
        self.done: list[Op] = []

    def do(self, op: Op) -> None:
        """Note an op as carried out."""
        self.done.append(op)
        match op:
            case RenameLink() if op.name in self.links:
                self.links[op.to] = _replace(self.links.pop(op.name), name=op.to)
            case DeleteAddress() if op.link in self.links:
                gone = Address.parse(op.address)
                found = self.links[op.link]
                left = tuple(a for a in found.addresses or () if a != gone)
                self.links[op.link] = _replace(found, addresses=left)
            case DeleteRoute():
                self.routes = [route for route in self.routes if _delete_route(route) != op]
            case SetMac() | SetMtu() | SetMaster() | SetUp() | SetLearning():
                if op.name in self.links:
                    self.links[op.name] = _changed(self.links[op.name], op)
                if isinstance(op, SetUp) and not op.up:
                    self.routes = [route for route in self.routes if route.device != op.name]
            case _:
                pass

    def lost_by_down(self, name: str) -> tuple[tuple[Address, ...], list[Route]]:
        """What the kernel takes from a link that goes down: IPv6 addresses, and all routes.

        Routes into the networks of its addresses come back by themselves with it.
        """
        link = self.links[name]
        connected = {
            str(ipaddress.ip_network(str(address), strict=False))
            for address in link.addresses or ()
        }
        routes = [
            route
            for route in self.routes
            if route.device == name
            and (route.gateway or route.destination not in connected)
            and not ipaddress.ip_network(route.destination).is_link_local
        ]
        addresses = tuple(address for address in link.addresses or () if address.version == 6)
        # A gateway must be on the link before anything goes through it.
        return addresses, sorted(routes, key=lambda route: route.gateway != "")


def _changed(link: Link, op: _Set) -> Link:
    match op:
        case SetMac():
            return _replace(link, mac=op.mac)
        case SetMtu():
            return _replace(link, mtu=op.mtu)
        case SetMaster():
            return _replace(link, master=op.master, learning=True if op.master else None)
        case SetLearning():
            return _replace(link, learning=op.on)
        case SetUp():
            left = tuple(a for a in link.addresses or () if op.up or a.version == 4)
            return _replace(link, up=op.up, addresses=left)


def _plan_link(wanted: Link, there: _There, settings: list[SetSysctl]) -> None:
    found = _find(wanted, there)
    name = wanted.name
    up = found.up if wanted.up is None else wanted.up
    if found.up and (found.name != name or not up):
        there.do(SetUp(name=found.name, up=False))
        found = _replace(there.links[found.name], up=False)
    if found.name != name:
        there.do(RenameLink(name=found.name, to=name))
    if wanted.mac and wanted.mac != found.mac:
        there.do(SetMac(name=name, mac=wanted.mac))
    if wanted.mtu and wanted.mtu != found.mtu:
        there.do(SetMtu(name=name, mtu=wanted.mtu))
    learning = found.learning
    if wanted.master is not None and wanted.master != found.master:
        there.do(SetMaster(name=name, master=wanted.master))
        learning = True
    _plan_addresses(wanted, found, there)
    for setting in settings:
        there.do(setting)
    if up and not found.up:
        there.do(SetUp(name=name, up=True))
    if wanted.learning is not None and wanted.learning != learning:
        there.do(SetLearning(name=name, on=wanted.learning))


def _find(wanted: Link, there: _There) -> Link:
    """The link as it is, under this name or an earlier one; else as it is when just made."""
    found = there.links.get(wanted.name)
    if found is None and wanted.was:
        found = there.links.get(wanted.was)
    if found is None:
        if not wanted.kind:
            raise HostError(f"there is no link `{wanted.was or wanted.name}`")
        there.do(_add_link(wanted))
        return Link(name=wanted.name, mac=wanted.mac, master="", addresses=(), up=False)
    if wanted.kind and wanted.kind != found.kind:
        raise HostError(
            f"the link `{wanted.name}` exists as `{found.kind}`, but `{wanted.kind}` is needed"
        )
    return found


def _plan_addresses(wanted: Link, found: Link, there: _There) -> None:
    if wanted.addresses is None:
        return
    now = found.addresses or ()
    for address in now:
        if address not in wanted.addresses:
            there.do(DeleteAddress(link=wanted.name, address=str(address)))
    for address in wanted.addresses:
        if address not in now:
            there.do(AddAddress(link=wanted.name, address=str(address)))


def _add_link(link: Link) -> AddLink:
    return AddLink(
        name=link.name,
        kind=link.kind,
        mac=link.mac,
        peer=link.peer.name if link.peer else "",
        peer_netns=link.peer.netns if link.peer else "",
        owner=link.owner,
        queues=link.queues,
    )


def _plan_route(wanted: Route, there: _There) -> None:
    if wanted in there.routes:
        return
    for route in [one for one in there.routes if one.destination == wanted.destination]:
        there.do(_delete_route(route))
    there.do(_add_route(wanted))


def _add_route(route: Route | DeleteRoute) -> AddRoute:
    return AddRoute(destination=route.destination, device=route.device, gateway=route.gateway)


def _delete_route(route: Route | AddRoute) -> DeleteRoute:
    return DeleteRoute(destination=route.destination, device=route.device, gateway=route.gateway)


def _undo(op: Op, there: _There, observed: NetState) -> Plan:
    back: Op | None
    match op:
        case AddNamespace():
            back = DeleteNamespace(name=op.name)
        case SetMac() | SetMtu() | SetMaster() | SetUp() | SetLearning():
            return _undo_set(op, there)
        case AddRoute():
            back = _delete_route(op)
        case DeleteRoute():
            back = _add_route(op)
        case SetSysctl():
            value = observed.sysctl(op.key)
            back = None if value is None else SetSysctl(key=op.key, value=value)
        case SetTable() | DeleteTable():
            table = observed.table(op.family, op.name)
            back = set_table(table) if table else DeleteTable(family=op.family, name=op.name)
        case _:
            back = _undo_link(op, there)
    return () if back is None else (back,)


def _undo_link(op: Op, there: _There) -> Op | None:
    match op:
        case AddLink():
            return DeleteLink(name=op.name)
        case RenameLink():
            return RenameLink(name=op.to, to=op.name) if op.name in there.links else None
        case AddAddress():
            known = op.link in there.links
            return DeleteAddress(link=op.link, address=op.address) if known else None
        case DeleteAddress():
            return AddAddress(link=op.link, address=op.address)
        case _:
            # Removing a namespace or a link loses what was in it: plans of ``plan`` never do.
            raise ValueError(f"`{op.describe()}` cannot be taken back")


def _undo_set(op: _Set, there: _There) -> Plan:
    found = there.links.get(op.name)
    if found is None:
        return ()
    match op:
        case SetMac():
            return (SetMac(name=op.name, mac=found.mac),)
        case SetMtu():
            return (SetMtu(name=op.name, mtu=found.mtu),)
        case SetMaster():
            return (SetMaster(name=op.name, master=found.master or ""),)
        case SetLearning():
            # A link that was plugged in by the same plan is unplugged again.
            return () if found.learning is None else (SetLearning(name=op.name, on=found.learning),)
        case SetUp():
            addresses, routes = there.lost_by_down(op.name)
            return (
                SetUp(name=op.name, up=bool(found.up)),
                *(AddAddress(link=op.name, address=str(address)) for address in addresses),
                *(_add_route(route) for route in routes),
            )
