"""Bonds, VLANs, bridges, ports and routes of this thread's network namespace; see ``netlink``."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping

import msgspec

from launcher.errors import HostError
from launcher.net import bridgevlans, devices, linkoptions, routerules
from launcher.net.bridgevlans import PortVlans
from launcher.net.devices import Device, DeviceAddress, DeviceRoute
from launcher.net.linkoptions import Option
from launcher.net.rtnetlink import ADD, CHANGE, Flag, Type
from launcher.ops.nodelinks import (
    ChangePortVlans,
    MakeLink,
    MakeRoute,
    SetBridgePort,
    SetLinkOptions,
    UnmakeRoute,
    VlanRange,
)
from launcher.ops.routerules import MakeRule, TableRule, UnmakeRule
from launcher.system import netlink

_REPLACE = Flag.REQUEST | Flag.ACK | Flag.CREATE | Flag(0x100)  # NLM_F_REPLACE
_MAIN = 254
_GONE = {errno.ENODEV, errno.ESRCH, errno.ENOENT}
_PROBE = "vlanprobe0"


def seen() -> tuple[Device, ...]:
    """All links."""
    return tuple(devices.parse_link(message.body) for message in netlink.dump(Type.GET_LINK))


def addresses() -> tuple[DeviceAddress, ...]:
    """All addresses, the kernel's own link-local ones among them."""
    return tuple(devices.parse_address(m.body) for m in netlink.dump(Type.GET_ADDRESS))


def routes() -> tuple[DeviceRoute, ...]:
    """All routes but those to this host itself."""
    found = (devices.parse_route(message.body) for message in netlink.dump(Type.GET_ROUTE))
    return tuple(each for each in found if each is not None)


def rules() -> tuple[TableRule, ...]:
    """All rules that choose a table of routes."""
    found = (routerules.parse(message.body) for message in netlink.dump(Type.GET_RULE, bytes(12)))
    return tuple(each for each in found if each is not None)


def port_vlans() -> dict[int, tuple[PortVlans, ...]]:
    """VLANs of the ports of all bridges, by index."""
    found: dict[int, tuple[PortVlans, ...]] = {}
    for message in netlink.dump(Type.GET_LINK, bridgevlans.build_list()):
        index, vlans = bridgevlans.parse(message.body)
        found[index] = vlans
    return found


def can_filter_vlans() -> bool:
    """Whether this kernel's bridges know VLANs. It is tried with a bridge, which goes again.

    They show the setting also where they cannot have it.
    """
    try:
        make_link(MakeLink(name=_PROBE, kind="bridge", options={"vlan-filtering": True}))
    except HostError:
        return False
    finally:
        netlink.delete_link(_PROBE)
    return True


def make_link(op: MakeLink) -> None:
    """Make a link of any kind."""
    if op.kind == "veth":
        netlink.add_link(op.name, "veth", peer=op.peer)
        return
    base = _index(op.base) if op.base else 0
    problem = f"cannot make the {op.kind} `{op.name}`"
    try:
        body = linkoptions.build_new_link(op.name, op.kind, _indexed(op.kind, op.options), base)
    except ValueError as error:
        raise HostError(f"{problem}: {error}") from error
    netlink.ask(Type.NEW_LINK, ADD, body, problem)


def set_options(op: SetLinkOptions) -> None:
    """Set options of a bond or bridge, one after the other: they depend on each other."""
    for name, value in op.options.items():
        problem = f"cannot set `{name}` of `{op.name}` to {value}"
        try:
            body = linkoptions.build_change(
                _index(op.name), op.kind, _indexed(op.kind, {name: value})
            )
        except ValueError as error:
            raise HostError(f"{problem}: {error}") from error
        netlink.ask(Type.NEW_LINK, CHANGE, body, problem)


def set_port(op: SetBridgePort) -> None:
    """Set options of a bridge's port."""
    problem = f"cannot set options of the port `{op.name}`"
    try:
        body = linkoptions.build_port_change(_index(op.name), op.options)
    except ValueError as error:
        raise HostError(f"{problem}: {error}") from error
    netlink.ask(Type.NEW_LINK, CHANGE, body, problem)


def change_vlans(op: ChangePortVlans) -> None:
    """Take VLANs from a port and give it others."""
    index, problem = _index(op.name), f"cannot change the VLANs of the port `{op.name}`"
    if op.gone:
        body = bridgevlans.build_change(index, _vlans(op.gone))
        netlink.ask(Type.DELETE_LINK, CHANGE, body, problem, fine=_GONE)
    for each in _vlans(op.new):  # one by one: a native one must be alone in its message
        netlink.ask(Type.SET_LINK, CHANGE, bridgevlans.build_change(index, [each]), problem)


def make_route(op: MakeRoute) -> None:
    """Add a route, or put it in place of one to the same destination with the same metric."""
    body = devices.build_route(_route(op, 0 if op.kind else _index(op.device)))
    netlink.ask(Type.NEW_ROUTE, _REPLACE, body, f"cannot add a route to {op.destination}")


def unmake_route(op: UnmakeRoute) -> None:
    """Remove a route; one that is not there is fine."""
    try:
        index = 0 if op.kind else socket.if_nametoindex(op.device)
    except OSError:
        return
    body = devices.build_route(_route(op, index))
    problem = f"cannot remove the route to {op.destination}"
    netlink.ask(Type.DELETE_ROUTE, CHANGE, body, problem, fine=_GONE)


def make_rule(op: MakeRule) -> None:
    """Add a rule that chooses a table of routes; one that is there is fine."""
    problem = "cannot change the rules for routes"
    netlink.ask(Type.NEW_RULE, ADD, routerules.build(op.rule), problem, fine={errno.EEXIST})


def unmake_rule(op: UnmakeRule) -> None:
    """Remove such a rule; one that is not there is fine."""
    body = routerules.build(msgspec.structs.replace(op.rule, protocol=0))
    problem = "cannot change the rules for routes"
    netlink.ask(Type.DELETE_RULE, CHANGE, body, problem, fine=_GONE)


def _route(op: MakeRoute | UnmakeRoute, index: int) -> DeviceRoute:
    return DeviceRoute(
        destination=op.destination,
        index=index,
        gateway=op.gateway,
        metric=op.metric,
        table=op.table or _MAIN,
        protocol=4 if isinstance(op, MakeRoute) else 0,
        kind=op.kind,
    )


def _vlans(ranges: tuple[VlanRange, ...]) -> list[PortVlans]:
    return [PortVlans(first=v.first, last=v.last, native=v.native) for v in ranges]


def _indexed(kind: str, options: Mapping[str, Option]) -> dict[str, Option]:
    """Options that name a link, with its index instead."""
    table = linkoptions.TABLES.get(kind, {})
    return {
        name: _index(str(value)) if name in table and table[name].device else value
        for name, value in options.items()
    }


def _index(name: str) -> int:
    try:
        return socket.if_nametoindex(name)
    except OSError:
        raise HostError(f"there is no link `{name}`") from None
