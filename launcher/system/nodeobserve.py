"""Look at the network of a node: links, addresses, routes, its switch, and what we keep of it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

import msgspec

from launcher.errors import HostError
from launcher.net import ovsdb
from launcher.nmstate import shown, switch
from launcher.nmstate.schema import State
from launcher.nmstate.shown import Kept, Observation
from launcher.nmstate.switch import SwitchRows
from launcher.system import files, namespaces, nodelinks, ovs, sysctls

# rtnetlink(7): links, addresses, routes, and rules for these
_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400 | 0x80 | 0x40000


@dataclass(frozen=True)
class NodePlace:
    """A node: its network namespace, and the directory of what is kept of it."""

    netns: str
    home: Path

    @property
    def directory(self) -> Path:
        """What policies have left: checkpoint, names, DHCP."""
        return self.home / "network"

    @property
    def switch(self) -> Path:
        """Its Open vSwitch."""
        return self.home / "ovs"

    @property
    def checkpoint(self) -> Path:
        """How the network was before what is being done to it now."""
        return self.directory / "checkpoint.json"

    @property
    def kept(self) -> Path:
        """What the kernel does not keep."""
        return self.directory / "kept.json"


def observe(place: NodePlace) -> Observation:
    """Everything of a node. Raises ``HostError``."""
    kept = read_kept(place)
    rows = switch_rows(place)
    try:
        with namespaces.in_netns(place.netns):
            devices = nodelinks.seen()
            filtering = any(each.options.get("vlan-filtering") for each in devices)
            names = [each.name for each in devices]
            return Observation(
                devices=devices,
                addresses=nodelinks.addresses(),
                routes=nodelinks.routes(),
                rules=nodelinks.rules(),
                vlans=nodelinks.port_vlans() if filtering else {},
                autoconf=frozenset(n for n in names if _setting(n, "accept_ra") == "2"),
                without_ipv6=frozenset(n for n in names if _setting(n, "disable_ipv6") != "0"),
                kept=kept,
                switch=rows,
            )
    except OSError as error:
        raise HostError(f"cannot read the network of {place.netns}: {error.strerror}") from error


def state(place: NodePlace, *, leased: bool = False) -> State:
    """A node's whole state, with ``leased`` also addresses that somebody must renew."""
    return shown.state_of(observe(place), leased=leased)


def switch_rows(place: NodePlace) -> SwitchRows | None:
    """The rows of a node's switch; None when it has none that runs."""
    found = ovs.find(place.switch)
    if found is None or not ovs.runs(place.switch):
        return None
    with found.open() as connection:
        answers = connection.transact(*switch.SELECTS)
    return switch.read([ovsdb.rows_of(each) for each in answers])


def listen(place: NodePlace) -> socket.socket:
    """A socket that hears of links, addresses and routes of a node; it does not block."""
    channel = namespaces.open_socket(
        place.netns, socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE
    )
    channel.setblocking(False)  # noqa: FBT003 - the standard library's own way
    channel.bind((0, _GROUPS))
    return channel


def read_kept(place: NodePlace) -> Kept:
    """What is kept of a node."""
    try:
        return msgspec.json.decode(place.kept.read_bytes(), type=Kept)
    except (FileNotFoundError, msgspec.DecodeError):
        return Kept()


def write_kept(place: NodePlace, kept: Kept) -> None:
    """Keep it."""
    if kept != read_kept(place):
        files.write(place.kept, msgspec.json.encode(kept))


def _setting(link: str, name: str) -> str:
    return sysctls.read(f"net/ipv6/conf/{link}/{name}") or ""
