"""Networks of OVN and pods on them: switches, ports, links. See ``launcher.net.overlay``."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import msgspec

from launcher.errors import HostError, Timeout
from launcher.net import overlay, overlayaddresses, overlaypolicies, ovsdb
from launcher.net.model import Address
from launcher.net.nodes import HostNetwork, HostNode
from launcher.net.overlay import PORTS, SWITCHES, Overlay, OverlayPort
from launcher.net.ovsdb import Row
from launcher.net.policies import Guard
from launcher.system import files, namespaces, netlink, ovn, ovs
from launcher.system.ovn import Central
from launcher.system.ovs import Switch
from launcher.system.ovsdb import Ovsdb

BOUND_SECONDS = 60.0
_LARGEST_MTU = 1442  # Geneve over IPv4 takes 58 bytes of 1500
_TICK = 0.005


class OverlayAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A link of a pod to a network.

    ``port`` is what the logical port is called, ``sandbox`` the pod's id, which the node's end of
    the link is named after, ``version`` the pod's uid. ``mac`` and ``addresses`` are asked for when
    not empty, else they are chosen; ``reserved`` addresses are kept for others. ``external`` are
    the ids of the logical port, ``marks`` those of the node's interface.
    """

    network: Overlay
    port: str
    netns: str
    ifname: str
    sandbox: str
    mtu: int
    version: str = ""
    mac: str = ""
    addresses: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()
    external: dict[str, str] = {}
    marks: dict[str, str] = {}


class OverlayLink(msgspec.Struct, frozen=True, kw_only=True):
    """What was made: the node's end, and the pod's MAC and addresses with their prefixes.

    ``notes`` are what somebody should know who finds that it does not work as meant.
    """

    host: str
    mac: str
    addresses: tuple[str, ...]
    notes: tuple[str, ...] = ()


def ensure_network(network: HostNetwork, wanted: Overlay) -> None:
    """Make a switch as wanted, or change it. Raises ``HostError``."""
    central = ovn.ensure(network)
    with files.lock(central.directory / "networks.lock"), central.north() as connection:
        _ensure_switch(connection, wanted)


def remove_network(network: HostNetwork, switch: str) -> bool:
    """Remove a switch with all its ports; whether it was there."""
    if not ovn.is_there(network):
        return False
    central = ovn.ensure(network)
    with files.lock(central.directory / "networks.lock"), central.north() as connection:
        if not connection.select(SWITCHES, ovsdb.where(name=switch), ("_uuid",)):
            return False
        connection.transact(ovsdb.delete(SWITCHES, ovsdb.where(name=switch)))
        return True


def switches(network: HostNetwork) -> dict[str, dict[str, str]]:
    """The switches that there are, with their external ids."""
    if not ovn.is_there(network):
        return {}
    with ovn.ensure(network).north() as connection:
        rows = connection.select(SWITCHES, [], ("name", "external_ids"))
    return {str(row["name"]): ovsdb.table(row["external_ids"]) for row in rows}


def add(network: HostNetwork, node: str, ask: OverlayAsk) -> OverlayLink:
    """Put a pod on a network, and wait until its traffic passes.

    What was made stays when it fails: call ``delete`` then. Raises ``HostError``, ``Timeout``.
    """
    where = network.node(node)
    central = ovn.ensure(network)
    switch = ovn.ensure_node(network, where, central)
    port = _ensure_port(central, where, ask)
    host = _make_link(where, ask, port)
    marks = {
        **ask.marks,
        "attached_mac": port.mac,
        "iface-id": ask.port,
        "iface-id-ver": ask.version,
        "sandbox": ask.sandbox,
        "pod-if-name": ask.ifname,
    }
    if port.addresses:
        marks["ip_addresses"] = ",".join(port.addresses)
    with switch.open() as connection:
        connection.transact(*_stale(connection, ask.port))
    ovs.configure(switch, *overlay.interface_changes(host, marks))
    _await_bound(switch, host, port)
    notes = tuple(_notes(switch, node, ask))
    return OverlayLink(host=host, mac=port.mac, addresses=port.addresses, notes=notes)


def check(network: HostNetwork, node: str, port: str) -> None:
    """Raise ``HostError`` when a port is not there, or not bound to this node."""
    if not ovn.is_there(network):
        raise HostError(f"the logical port {port} is gone: there is no OVN")
    with ovn.ensure(network).north() as connection:
        rows = connection.select(PORTS, ovsdb.where(name=port), ("up",))
    if not rows:
        raise HostError(f"the logical port {port} is gone")
    switch = ovs.find(Path(network.directory) / "nodes" / node / "ovs")
    if switch is None:
        raise HostError(f"the node {node} has no switch")
    with switch.open() as connection:
        found = _interfaces(connection, port)
    if not found:
        raise HostError(f"the switch of {node} has no interface for the logical port {port}")


def delete(network: HostNetwork, node: str, port: str, *, netns: str, ifname: str) -> None:
    """Take a pod off a network; may be repeated, and the pod may be gone.

    A port that another link of the pod than ``ifname`` has is left alone.
    """
    where = network.node(node)
    directory = Path(network.directory) / "nodes" / node / "ovs"
    switch = ovs.find(directory)
    if switch is not None and ovs.runs(directory):
        with switch.open() as connection:
            found = _interfaces(connection, port)
            if any(ovsdb.table(row["external_ids"]).get("pod-if-name") != ifname for row in found):
                return
            if changes := _stale(connection, port):
                connection.transact(*changes)
        if namespaces.exists(where.netns):
            with namespaces.in_netns(where.netns):
                for row in found:
                    netlink.delete_link(str(row["name"]))
    if namespaces.exists(netns):
        with namespaces.in_netns(netns):
            # What came before its port, or stands for a link that a guest was bridged to.
            netlink.delete_link(ifname)
    if ovn.is_there(network):
        central = ovn.ensure(network)
        with files.lock(central.directory / "networks.lock"), central.north() as connection:
            rows = connection.select(PORTS, ovsdb.where(name=port), ("_uuid",))
            if removal := overlay.port_removal(rows):
                connection.transact(*removal)


def enforce(network: HostNetwork, guards: Sequence[Guard]) -> None:
    """Let pass what ``guards`` allow to the logical ports that they name; all others are open.

    Nothing is done without OVN. Raises ``HostError``.
    """
    if not ovn.is_there(network):
        return
    central = ovn.ensure(network)
    with files.lock(central.directory / "networks.lock"), central.north() as connection:
        rows = connection.select(PORTS, [], ("_uuid", "name"))
        known = connection.select(overlaypolicies.GROUPS, [], ("_uuid", "name", "external_ids"))
        ports = {str(row["name"]): str(row["_uuid"]) for row in rows}
        if changes := overlaypolicies.changes(guards, known, ports):
            connection.transact(*changes)


def _ensure_switch(connection: Ovsdb, wanted: Overlay) -> list[Row]:
    """Make a switch as wanted; gives the rows of its ports."""
    found = connection.select(SWITCHES, ovsdb.where(name=wanted.switch))
    there = found[0] if found else None
    ports = _ports(connection, there) if there is not None else []
    if changes := overlay.switch_changes(wanted, there, ports):
        connection.transact(*changes)
    return ports


def _ports(connection: Ovsdb, switch: Row) -> list[Row]:
    members = {str(one) for one in ovsdb.members(switch.get("ports"))}
    columns = ("_uuid", "name", "addresses", "options", "tag_request")
    return [row for row in connection.select(PORTS, [], columns) if str(row["_uuid"]) in members]


def _ensure_port(central: Central, node: HostNode, ask: OverlayAsk) -> OverlayPort:
    with files.lock(central.directory / "networks.lock"), central.north() as connection:
        ports = _ensure_switch(connection, ask.network)
        known = next((row for row in ports if row["name"] == ask.port), None)
        others = [row for row in ports if row["name"] != ask.port]
        addresses = _addresses(ask, overlay.taken(others))
        port = OverlayPort(
            name=ask.port,
            mac=ask.mac or overlayaddresses.mac_of(addresses),
            addresses=addresses,
            chassis=node.name,
            version=ask.version,
            external=ask.external,
        )
        connection.transact(*overlay.port_changes(ask.network.switch, port, known))
        return port


def _addresses(ask: OverlayAsk, taken: Collection[str]) -> tuple[str, ...]:
    """The addresses of a port: those asked for, when they are free, or free ones."""
    subnets = ask.network.subnets
    if not ask.addresses:
        return overlayaddresses.allocate(
            subnets, ask.network.excluded, {*taken, *map(overlayaddresses.plain, ask.reserved)}
        )
    wanted = overlayaddresses.fit(ask.addresses, subnets) if subnets else ask.addresses
    for address in wanted:
        if overlayaddresses.plain(address) in taken:
            raise HostError(f"the address {overlayaddresses.plain(address)} is in use already")
    return wanted


def _make_link(node: HostNode, ask: OverlayAsk, port: OverlayPort) -> str:
    """The veth between pod and node; gives the name of the node's end."""
    started = f"{ask.sandbox[:9]}_new"
    with namespaces.in_netns(node.netns):
        netlink.delete_link(started)
        netlink.add_link(started, "veth", peer=ask.ifname, peer_netns=ask.netns)
    with namespaces.in_netns(ask.netns):
        netlink.change_link(ask.ifname, mac=port.mac, mtu=ask.mtu)
        netlink.change_link(ask.ifname, up=True)
        for address in port.addresses:
            netlink.add_address(ask.ifname, Address.parse(address))
        suffix = f"_{netlink.index(ask.ifname)}"
    host = ask.sandbox[: 15 - len(suffix)] + suffix
    with namespaces.in_netns(node.netns):
        netlink.delete_link(host)
        netlink.change_link(started, mtu=ask.mtu)
        netlink.rename_link(started, host)
        netlink.change_link(host, up=True)
    return host


def _notes(switch: Switch, node: str, ask: OverlayAsk) -> Iterator[str]:
    localnet = ask.network.localnet
    if localnet is None:
        if ask.mtu > _LARGEST_MTU:
            yield (
                f"the MTU {ask.mtu} is larger than the {_LARGEST_MTU} that Geneve leaves: larger "
                "frames do not get to other nodes"
            )
        return
    with switch.open() as connection:
        (row,) = connection.select("Open_vSwitch", [], ("external_ids",))
        known = {str(one["name"]) for one in connection.select("Bridge", [], ("name",))}
    mapped = ovsdb.table(row["external_ids"]).get("ovn-bridge-mappings", "")
    bridges = dict(one.partition(":")[::2] for one in mapped.split(",") if one)
    bridge = bridges.get(localnet.network)
    if bridge is None:
        yield f"no bridge of {node} is mapped to {localnet.network}: its frames stay on the node"
    elif bridge not in known:
        yield f"{localnet.network} is mapped to {bridge}, which {node} does not have"


def _interfaces(connection: Ovsdb, port: str) -> list[Row]:
    rows = connection.select("Interface", [], ("_uuid", "name", "external_ids"))
    return [row for row in rows if ovsdb.table(row["external_ids"]).get("iface-id") == port]


def _stale(connection: Ovsdb, port: str) -> list[ovsdb.Operation]:
    """What removes the ports that an earlier try has left."""
    names = {str(row["name"]) for row in _interfaces(connection, port)}
    if not names:
        return []
    rows = connection.select("Port", [], ("_uuid", "name"))
    return overlay.interface_removal(row for row in rows if str(row["name"]) in names)


def _await_bound(switch: Switch, host: str, port: OverlayPort) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    with contextlib.closing(switch.open()) as connection:
        while True:
            rows = connection.select("Interface", ovsdb.where(name=host), ("external_ids", "error"))
            for row in rows:
                if ovsdb.table(row["external_ids"]).get("ovn-installed") == "true":
                    return
                if isinstance(row["error"], str):
                    raise HostError(f"the switch cannot use the link {host}: {row['error']}")
            if time.monotonic() > deadline:
                addresses = " ".join((port.mac, *port.addresses))
                raise Timeout(
                    f"OVS port binding (ovn-installed) for {addresses}",
                    BOUND_SECONDS,
                    "the port is in the databases",
                    str(switch.directory.parent / "ovn/controller.log"),
                )
            time.sleep(_TICK)
