"""A host in memory: carries out network ops on a ``NetState`` as the kernel would."""

import msgspec

from launcher.errors import HostError
from launcher.net import nft
from launcher.net.model import Address, Link, NetState, Route, Sysctl
from launcher.ops import filters, links
from launcher.ops.base import Op

replace = msgspec.structs.replace


class FakeHost:
    """``perform`` has the runner's signature. ``fail_on`` names the types of ops that fail once."""

    def __init__(self, state: NetState | None = None, fail_on: tuple[type[Op], ...] = ()) -> None:
        self.state = state or NetState()
        self.done: list[Op] = []
        self.fail_on = list(fail_on)

    def observe(self) -> NetState:
        return self.state

    def perform(self, op: Op) -> None:
        if type(op) in self.fail_on:
            self.fail_on.remove(type(op))
            raise HostError("the fake refuses")
        self.state = carry_out(self.state, op)
        self.done.append(op)


def carry_out(state: NetState, op: Op) -> NetState:  # noqa: C901 - one branch for each op
    match op:
        case links.AddLink():
            assert state.link(op.name) is None, f"{op.name} exists"
            # The kernel gives a random MAC and 1500 bytes.
            mac = op.mac or "aa:00:00:00:00:01"
            link = Link(name=op.name, kind=op.kind, mac=mac, mtu=1500, master="", up=False)
            return replace(state, links=(*state.links, replace(link, addresses=())))
        case links.DeleteLink():
            return _without_link(state, op.name)
        case links.RenameLink():
            assert state.link(op.to) is None, f"{op.to} exists"
            assert not _link(state, op.name).up, f"{op.name} is up"
            return _change(state, op.name, name=op.to)
        case links.SetLearning():
            assert _link(state, op.name).master, f"{op.name} is no port"
            return _change(state, op.name, learning=op.on)
        case links.SetMac():
            return _change(state, op.name, mac=op.mac)
        case links.SetMtu():
            return _change(state, op.name, mtu=op.mtu)
        case links.SetMaster():
            learning = True if op.master else None
            return _change(state, op.name, master=op.master, learning=learning)
        case links.SetUp():
            return _change(state, op.name, up=True) if op.up else _down(state, op.name)
        case links.AddAddress():
            there = _link(state, op.link).addresses or ()
            both = dict.fromkeys((*there, Address.parse(op.address)))
            return _change(state, op.link, addresses=tuple(both))
        case links.DeleteAddress():
            gone = Address.parse(op.address)
            there = _link(state, op.link).addresses or ()
            return _change(state, op.link, addresses=tuple(a for a in there if a != gone))
        case links.AddRoute():
            _link(state, op.device)
            return replace(state, routes=(*state.routes, _route(op)))
        case links.DeleteRoute():
            return replace(state, routes=tuple(r for r in state.routes if r != _route(op)))
        case links.SetSysctl():
            others = tuple(s for s in state.sysctls if s.key != op.key)
            return replace(state, sysctls=(*others, Sysctl(key=op.key, value=op.value)))
        case filters.SetTable():
            others = _other_tables(state, op)
            # What nft is given is what it lists afterwards.
            commands = msgspec.json.decode(op.ruleset)["nftables"]
            listed = [command["add"] for command in commands if "add" in command][1:]
            (table,) = nft.parse_ruleset(msgspec.json.encode({"nftables": listed}).decode())
            return replace(state, tables=(*others, table))
        case filters.DeleteTable():
            return replace(state, tables=_other_tables(state, op))
        case _:
            raise TypeError(op)


def normal(state: NetState) -> NetState:
    """The same network with everything in one order, to compare."""
    return NetState(
        links=tuple(
            replace(link, addresses=tuple(sorted(link.addresses or ())))
            for link in sorted(state.links, key=lambda link: link.name)
        ),
        routes=tuple(sorted(state.routes, key=str)),
        sysctls=tuple(sorted(state.sysctls, key=str)),
        tables=tuple(sorted(state.tables, key=lambda t: (t.family, t.name))),
    )


def _link(state: NetState, name: str) -> Link:
    link = state.link(name)
    assert link is not None, f"no link {name}"
    return link


def _change(state: NetState, name: str, /, **changes: object) -> NetState:
    link = _link(state, name)
    return replace(
        state,
        links=tuple(replace(one, **changes) if one is link else one for one in state.links),
    )


def _down(state: NetState, name: str) -> NetState:
    """The kernel takes routes and IPv6 addresses from a link that goes down."""
    left = tuple(a for a in _link(state, name).addresses or () if a.version == 4)
    routes = tuple(route for route in state.routes if route.device != name)
    return replace(_change(state, name, up=False, addresses=left), routes=routes)


def _without_link(state: NetState, name: str) -> NetState:
    return replace(
        state,
        links=tuple(
            replace(link, master="") if link.master == name else link
            for link in state.links
            if link.name != name
        ),
        routes=tuple(route for route in state.routes if route.device != name),
        sysctls=tuple(s for s in state.sysctls if f"/{name}/" not in s.key),
    )


def _route(op: links.AddRoute | links.DeleteRoute) -> Route:
    return Route(destination=op.destination, device=op.device, gateway=op.gateway)


def _other_tables(state: NetState, op: filters.FilterOp) -> tuple:
    return tuple(t for t in state.tables if (t.family, t.name) != (op.family, op.name))
