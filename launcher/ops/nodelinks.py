"""Ops on the network of a node: bonds, VLANs, bridges with their ports, routes, names, switch.

They work in whatever network namespace they are carried out in.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from launcher.ops.base import Op
from launcher.ops.links import LinkOp
from launcher.ops.routerules import MakeRule, UnmakeRule

Option: TypeAlias = bool | int | str


class MakeLink(Op, frozen=True, kw_only=True):
    """Make a link, down. ``base`` is the one below a VLAN or VXLAN, ``peer`` a veth's other end."""

    name: str
    kind: str
    options: dict[str, Option] = msgspec.field(default_factory=dict)
    base: str = ""
    peer: str = ""

    def describe(self) -> str:
        below = f" link {self.base}" if self.base and self.kind == "vlan" else ""
        peer = f" peer name {self.peer}" if self.peer else ""
        return f"ip link add{below} name {self.name} type {self.kind}{_words(self.options)}{peer}"


class SetLinkOptions(Op, frozen=True, kw_only=True):
    """Set options of a bond or bridge."""

    name: str
    kind: str
    options: dict[str, Option]

    def describe(self) -> str:
        return f"ip link set {self.name} type {self.kind}{_words(self.options)}"


class SetBridgePort(Op, frozen=True, kw_only=True):
    """Set options of a port of a bridge."""

    name: str
    options: dict[str, Option]

    def describe(self) -> str:
        return f"bridge link set dev {self.name}{_words(self.options)}"


class VlanRange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """VLANs of a port; ``native`` ones come and go untagged."""

    first: int
    last: int
    native: bool = False

    @property
    def vids(self) -> str:
        """As ``2-4094``."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def __str__(self) -> str:
        return self.vids + (" pvid untagged" if self.native else "")


class ChangePortVlans(Op, frozen=True, kw_only=True):
    """Take VLANs from a bridge's port, then give it others."""

    name: str
    gone: tuple[VlanRange, ...] = ()
    new: tuple[VlanRange, ...] = ()

    def describe(self) -> str:
        lines = [f"bridge vlan del dev {self.name} vid {each.vids}" for each in self.gone]
        lines += [f"bridge vlan add dev {self.name} vid {each}" for each in self.new]
        return "\n".join(lines)


class MakeRoute(Op, frozen=True, kw_only=True):
    """Add a route, or put it in place of one that differs by its gateway alone.

    ``table`` 0 is the main one; ``metric`` 0 the kernel's own choice. One of a ``kind`` (blackhole,
    unreachable, prohibit) leads through no device.
    """

    destination: str
    device: str = ""
    gateway: str = ""
    metric: int = 0
    table: int = 0
    kind: str = ""

    def describe(self) -> str:
        return f"ip route replace {_route(self)}"


class UnmakeRoute(Op, frozen=True, kw_only=True):
    """Remove a route; one that is not there is fine."""

    destination: str
    device: str = ""
    gateway: str = ""
    metric: int = 0
    table: int = 0
    kind: str = ""

    def describe(self) -> str:
        return f"ip route delete {_route(self)}"


class SetResolver(Op, frozen=True, kw_only=True):
    """Whom the node asks for names; nobody of its own when both are empty."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()

    def describe(self) -> str:
        return f"# ask {' '.join(self.servers) or 'nobody'} for names in `{' '.join(self.search)}`"


class AskDhcp(Op, frozen=True, kw_only=True):
    """Have an address given by DHCP, or no more. ``version`` is that of IP.

    ``gateway`` says whether the default route is taken, too; ``metric`` 0 is the client's choice.
    """

    name: str
    version: int
    on: bool
    gateway: bool = True
    metric: int = 0

    def describe(self) -> str:
        program = "udhcpc6" if self.version == 6 else "udhcpc"
        return f"{program} -i {self.name}" if self.on else f"pkill -f '{program} -i {self.name}'"


class SwitchPort(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A port of an OVS bridge: one interface, or several as a bond.

    ``kind`` is the interfaces' type (empty for a link that is there, ``internal``). ``options`` are
    the port's other columns, ``other`` its ``other_config``.
    """

    name: str
    interfaces: tuple[str, ...]
    kind: str = ""
    options: dict[str, Option | tuple[int, ...]] = msgspec.field(default_factory=dict)
    other: dict[str, str] = msgspec.field(default_factory=dict)


class SwitchBridge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An OVS bridge with its ports; those of pods stay whatever is wanted.

    ``patches`` says that ports that lead to other bridges stay, too; ``fresh`` that it must be
    removed and made again, not changed.
    """

    name: str
    ports: tuple[SwitchPort, ...] | None = None
    patches: bool = False
    options: dict[str, Option] = msgspec.field(default_factory=dict)
    other: dict[str, str] = msgspec.field(default_factory=dict)
    external: dict[str, str] = msgspec.field(default_factory=dict)
    fresh: bool = False


class ConfigureSwitch(Op, frozen=True, kw_only=True):
    """Make bridges of the node's Open vSwitch so, and remove others, in one transaction.

    ``external`` are values of the switch's ``external_ids``, an empty one removes its key.
    ``mtus`` are in bytes, ``macs`` addresses, both of interfaces that the switch makes.
    """

    bridges: tuple[SwitchBridge, ...] = ()
    absent: tuple[str, ...] = ()
    external: dict[str, str] = msgspec.field(default_factory=dict)
    other: dict[str, str] = msgspec.field(default_factory=dict)
    mtus: dict[str, int] = msgspec.field(default_factory=dict)
    macs: dict[str, str] = msgspec.field(default_factory=dict)

    def describe(self) -> str:
        words = [f"--if-exists del-br {name}" for name in self.absent]
        for bridge in self.bridges:
            words += [f"del-br {bridge.name}"] if bridge.fresh else []
            words.append(f"--may-exist add-br {bridge.name}")
            options = {k: str(v).lower() for k, v in bridge.options.items()}
            options |= {f"other_config:{k}": v for k, v in bridge.other.items()}
            words += [f"set bridge {bridge.name} {k}={v}" for k, v in options.items()]
            words += [
                f"--may-exist add-{'bond' if len(port.interfaces) > 1 else 'port'} {bridge.name} "
                + " ".join(dict.fromkeys((port.name, *port.interfaces)))
                for port in bridge.ports or ()
            ]
        words += [f"set open . external_ids:{key}={text}" for key, text in self.external.items()]
        return "ovs-vsctl " + " -- ".join(words)


NodeOp = (
    LinkOp
    | MakeLink
    | SetLinkOptions
    | SetBridgePort
    | ChangePortVlans
    | MakeRoute
    | UnmakeRoute
    | MakeRule
    | UnmakeRule
    | SetResolver
    | AskDhcp
    | ConfigureSwitch
)


def _words(options: dict[str, Option]) -> str:
    return "".join(
        f" {name.replace('-', '_')} {int(v) if isinstance(v, bool) else v}"
        for name, v in options.items()
    )


def _route(route: MakeRoute | UnmakeRoute) -> str:
    words = f"{route.kind} {route.destination}".lstrip()
    if route.gateway:
        words += f" via {route.gateway}"
    if route.device:
        words += f" dev {route.device}"
    if route.metric:
        words += f" metric {route.metric}"
    return words + (f" table {route.table}" if route.table else "")
