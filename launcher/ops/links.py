"""Ops on network namespaces, links, addresses, routes and kernel settings.

All but the namespace ops work in whatever network namespace they are carried out in.
"""

from __future__ import annotations

from launcher.ops.base import Op


class AddNamespace(Op, frozen=True, kw_only=True):
    """Make a named network namespace."""

    name: str

    def describe(self) -> str:
        return f"ip netns add {self.name}"


class DeleteNamespace(Op, frozen=True, kw_only=True):
    """Remove a named network namespace; one that is not there is fine."""

    name: str

    def describe(self) -> str:
        return f"ip netns delete {self.name}"


class AddLink(Op, frozen=True, kw_only=True):
    """Make a link, down and with the kernel's MTU.

    ``kind`` is ``bridge``, ``tap``, ``veth``, ``dummy`` or ``ifb``. ``peer`` and ``peer_netns`` are
    the other end of a veth. A tap stays when its maker ends; ``owner`` is the uid and gid that may
    open it, more than one of ``queues`` makes it a multi-queue tap.
    """

    name: str
    kind: str
    mac: str = ""
    peer: str = ""
    peer_netns: str = ""
    owner: int = 0
    queues: int = 0

    def describe(self) -> str:
        if self.kind == "tap":
            several = " multi_queue" if self.queues > 1 else ""
            owner = f"user {self.owner} group {self.owner}"
            return f"ip tuntap add dev {self.name} mode tap {owner}{several}"
        words = f"ip link add {self.name}"
        if self.mac:
            words += f" address {self.mac}"
        words += f" type {self.kind}"
        if self.kind == "veth":
            words += f" peer name {self.peer}"
            if self.peer_netns:
                words += f" netns {self.peer_netns}"
        return words


class DeleteLink(Op, frozen=True, kw_only=True):
    """Remove a link; one that is not there is fine."""

    name: str

    def describe(self) -> str:
        return f"ip link delete {self.name}"


class RenameLink(Op, frozen=True, kw_only=True):
    """Give a link another name; it must be down."""

    name: str
    to: str

    def describe(self) -> str:
        return f"ip link set {self.name} name {self.to}"


class SetLearning(Op, frozen=True, kw_only=True):
    """Whether a bridge remembers who is behind this port of it."""

    name: str
    on: bool

    def describe(self) -> str:
        return f"bridge link set dev {self.name} learning {'on' if self.on else 'off'}"


class SetMac(Op, frozen=True, kw_only=True):
    """Give a link another MAC address."""

    name: str
    mac: str

    def describe(self) -> str:
        return f"ip link set {self.name} address {self.mac}"


class SetMtu(Op, frozen=True, kw_only=True):
    """Set the largest packet of a link, in bytes."""

    name: str
    mtu: int

    def describe(self) -> str:
        return f"ip link set {self.name} mtu {self.mtu}"


class SetMaster(Op, frozen=True, kw_only=True):
    """Plug a link into a bridge; an empty ``master`` unplugs it."""

    name: str
    master: str

    def describe(self) -> str:
        if self.master:
            return f"ip link set {self.name} master {self.master}"
        return f"ip link set {self.name} nomaster"


class SetUp(Op, frozen=True, kw_only=True):
    """Switch a link on or off."""

    name: str
    up: bool

    def describe(self) -> str:
        return f"ip link set {self.name} {'up' if self.up else 'down'}"


class AddAddress(Op, frozen=True, kw_only=True):
    """Add an address with its prefix, ``10.0.2.1/24``.

    IPv6 addresses are added without duplicate detection: on a link without carrier it would not
    end, and the address would stay unusable (RFC 4862 section 5.4).
    """

    link: str
    address: str

    def describe(self) -> str:
        flags = " nodad" if ":" in self.address else ""
        return f"ip address add {self.address} dev {self.link}{flags}"


class DeleteAddress(Op, frozen=True, kw_only=True):
    """Remove an address; one that is not there is fine."""

    link: str
    address: str

    def describe(self) -> str:
        return f"ip address delete {self.address} dev {self.link}"


class AddRoute(Op, frozen=True, kw_only=True):
    """Add a route of the main table. ``destination`` is a CIDR, ``0.0.0.0/0`` for the default."""

    destination: str
    device: str
    gateway: str = ""

    def describe(self) -> str:
        return f"ip route add {_route(self)}"


class DeleteRoute(Op, frozen=True, kw_only=True):
    """Remove a route of the main table; one that is not there is fine."""

    destination: str
    device: str
    gateway: str = ""

    def describe(self) -> str:
        return f"ip route delete {_route(self)}"


class SetSysctl(Op, frozen=True, kw_only=True):
    """Set a kernel setting; ``key`` is its path below ``/proc/sys``."""

    key: str
    value: str

    def describe(self) -> str:
        return f"sysctl -w {self.key}={self.value}"


LinkOp = (
    AddNamespace
    | DeleteNamespace
    | AddLink
    | DeleteLink
    | RenameLink
    | SetLearning
    | SetMac
    | SetMtu
    | SetMaster
    | SetUp
    | AddAddress
    | DeleteAddress
    | AddRoute
    | DeleteRoute
    | SetSysctl
)


def _route(route: AddRoute | DeleteRoute) -> str:
    via = f" via {route.gateway}" if route.gateway else ""
    return f"{route.destination}{via} dev {route.device}"
