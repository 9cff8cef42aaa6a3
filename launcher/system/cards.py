"""Give nodes their network cards, and the host its own back."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from launcher.errors import HostError
from launcher.net import cards, names, ovsdb, rtnetlink
from launcher.net.cards import HostCard
from launcher.net.model import Address, Link
from launcher.net.nodes import HandedCard, HostNetwork
from launcher.net.rtnetlink import CHANGE, Type, build_attribute
from launcher.system import namespaces, netlink, ovs
from launcher.system.ovs import Switch

_IFLA_IFNAME, _IFLA_NET_NS_FD = 3, 28


def remember(network: HostNetwork, known: Iterable[HostCard]) -> tuple[HostCard, ...]:
    """How the cards to be handed over are on the host; those that were before as they were then.

    Raises ``HostError`` for one that is not there.
    """
    before = {each.card.device: each for each in known}
    return tuple(
        before[card.device] if card.device in before and not _on_host(card.device) else _look(card)
        for card in network.cards
    )


def hand_over(network: HostNetwork, kept: Iterable[HostCard]) -> None:
    """Move cards from the host into their nodes; those that are there stay."""
    for each in kept:
        card = each.card
        netns = network.node(card.node).netns
        if _on_host(card.device):
            netlink.change_link(card.device, up=False)
            _move(card.device, namespaces.path_of(netns), card.name)


def give_back(network: HostNetwork, kept: Iterable[HostCard]) -> None:
    """Move cards back to the host, with the addresses and routes that they had there.

    Everything is tried; raises ``HostError`` with what could not be done.
    """
    failures = []
    for each in kept:
        try:
            _give_back(network, each)
        except HostError as error:
            failures.append(str(error))
    if failures:
        raise HostError("; ".join(failures))


def join(network: HostNetwork) -> None:
    """Make the fabric: each node's cards, and the switch that their cables end in."""
    if not network.fabric:
        return
    netns = names.fabric_netns(network.suffix)
    if not namespaces.exists(netns):
        namespaces.create(netns)
    for node in network.nodes:
        for name in network.fabric:
            _make(network, node.name, name, netns)
    switch = ovs.ensure(fabric_directory(network), netns)
    with switch.open() as connection:
        rows = connection.select("Interface", (), ("name",))  # whatever ports they are of
        bridges = connection.select("Bridge", (), ("name",))
    operations = []
    if not bridges:
        row = {"name": cards.FABRIC_BRIDGE, "datapath_type": switch.datapath}
        operations += [
            ovsdb.insert("Bridge", row, "b"),
            ovsdb.mutate("Open_vSwitch", [], ("bridges", "insert", [ovsdb.Named("b")])),
        ]
        ovs.configure(switch, *operations)
    there = {str(row["name"]) for row in rows}
    cables = [cards.cable(network, n.name, name) for n in network.nodes for name in network.fabric]
    _plug(switch, [each for each in cables if each not in there])


def part(network: HostNetwork) -> None:
    """Remove the fabric."""
    ovs.stop(fabric_directory(network))
    namespaces.remove(names.fabric_netns(network.suffix))


def fabric_directory(network: HostNetwork) -> Path:
    """Where the fabric's switch has its files."""
    return Path(network.directory) / "nodes/.fabric"


def _plug(switch: Switch, cables: list[str]) -> None:
    """Plug cables into the switch, each an untagged port."""
    if not cables:
        return
    operations = []
    for number, name in enumerate(cables):
        operations += [
            ovsdb.insert("Interface", {"name": name}, f"i{number}"),
            ovsdb.insert(
                "Port", {"name": name, "interfaces": [ovsdb.Named(f"i{number}")]}, f"p{number}"
            ),
            ovsdb.mutate(
                "Bridge",
                ovsdb.where(name=cards.FABRIC_BRIDGE),
                ("ports", "insert", [ovsdb.Named(f"p{number}")]),
            ),
        ]
    ovs.configure(switch, *operations)


def _make(network: HostNetwork, node: str, name: str, netns: str) -> None:
    other = cards.cable(network, node, name)
    with namespaces.in_netns(network.node(node).netns):
        if any(link.name == name for link in netlink.links()):
            return
    with namespaces.in_netns(netns):
        # One end of a cable whose node is gone is of no use.
        netlink.delete_link(other)
    with namespaces.in_netns(network.node(node).netns):
        mac = cards.mac(network, node, name)
        netlink.add_link(name, "veth", mac=mac, peer=other, peer_netns=netns)
    with namespaces.in_netns(netns):
        netlink.change_link(other, up=True)


def _look(card: HandedCard) -> HostCard:
    found = next((link for link in netlink.links() if link.name == card.device), None)
    if found is None:
        raise HostError(f"the host has no network card `{card.device}`")
    routes = [route for route in netlink.routes() if route.device == card.device]
    if any(route.is_default for route in routes):
        raise HostError(
            f"`{card.device}` is the host's own way out and is not handed over",
            "hand over a card that the host does not use",
        )
    # Those into the networks of its addresses come back with them.
    kept = tuple(route for route in routes if route.gateway)
    return HostCard(card=card, up=bool(found.up), addresses=_texts(found), routes=kept)


def _texts(link: Link) -> tuple[str, ...]:
    return tuple(str(address) for address in link.addresses or ())


def _give_back(network: HostNetwork, kept: HostCard) -> None:
    card = kept.card
    home = Path("/proc/thread-self/ns/net")
    own = os.open(home, os.O_RDONLY | os.O_CLOEXEC)
    try:
        netns = network.node(card.node).netns
        if namespaces.exists(netns):
            with namespaces.in_netns(netns):
                if any(link.name == card.name for link in netlink.links()):
                    netlink.change_link(card.name, up=False)
                    _send(card.name, own, card.device)
    finally:
        os.close(own)
    if not _on_host(card.device):
        return
    for address in kept.addresses:
        netlink.add_address(card.device, Address.parse(address))
    netlink.change_link(card.device, up=kept.up)
    there = set(netlink.routes())
    for route in kept.routes:
        if kept.up and route not in there:
            netlink.add_route(route)


def _move(name: str, netns: Path, to: str) -> None:
    fd = os.open(netns, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _send(name, fd, to)
    finally:
        os.close(fd)


def _send(name: str, fd: int, to: str) -> None:
    """Move a link of this thread's namespace into another, under another name."""
    body = rtnetlink.build_change_link(netlink.index(name))
    body += build_attribute(_IFLA_NET_NS_FD, fd.to_bytes(4, "little"))
    body += build_attribute(_IFLA_IFNAME, to.encode() + b"\0")
    netlink.ask(Type.NEW_LINK, CHANGE, body, f"cannot move the link `{name}`")


def _on_host(device: str) -> bool:
    return any(link.name == device for link in netlink.links())
