"""Network cards of nodes: those of the host that were handed over, and those of a fabric.

A fabric stands for the physical network: each node has the same cards, and their cables end in one
switch, an Open vSwitch in a namespace of its own, in which tests set up VLANs and LACP.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

import msgspec

from launcher.errors import SpecError
from launcher.net.model import Route
from launcher.net.nodes import BRIDGE, NODE_LINK, HandedCard, HostNetwork

FABRIC_BRIDGE = "fabric"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,10}", re.ASCII)
_TAKEN = {NODE_LINK, BRIDGE, "lo"}


class HostCard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A card that was handed over, and how it was on the host."""

    card: HandedCard
    up: bool = False
    addresses: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()


def with_cards(
    network: HostNetwork, *, fabric: Iterable[str] = (), handed: Sequence[str] = ()
) -> HostNetwork:
    """A network whose nodes have cards.

    ``fabric`` are the names of the cards that each node gets, ``handed`` cards of the host as
    ``DEVICE[=NAME][@NODE]``, the first node's without one. Raises ``SpecError``.
    """
    common = tuple(dict.fromkeys(fabric))
    for name in common:
        _check(name, "fabric")
    cards = tuple(_read(each, network) for each in handed)
    seen = {(node.name, name) for node in network.nodes for name in common}
    for card in cards:
        if (card.node, card.name) in seen:
            raise SpecError("nic", f"the node `{card.node}` has two cards `{card.name}`")
        seen.add((card.node, card.name))
    if len({card.device for card in cards}) < len(cards):
        raise SpecError("nic", "a card of the host can be handed over once")
    return msgspec.structs.replace(network, fabric=common, cards=cards)


def cable(network: HostNetwork, node: str, name: str) -> str:
    """The fabric's end of a node's card: ``n1-enp2s0`` for the first node."""
    number = [each.name for each in network.nodes].index(node) + 1
    return f"n{number}-{name}"


def mac(network: HostNetwork, node: str, name: str) -> str:
    """The address of a fabric's card: the same each time it is made."""
    seed = f"{network.directory} {network.suffix} {node} {name}"
    return "02:" + hashlib.sha256(seed.encode()).digest()[:5].hex(":")


def _read(text: str, network: HostNetwork) -> HandedCard:
    rest, _, node = text.partition("@")
    device, _, name = rest.partition("=")
    node = node or network.nodes[0].name
    if node not in {each.name for each in network.nodes}:
        raise SpecError("nic", f"there is no node `{node}` for `{device}`")
    if not device or "/" in device:
        raise SpecError("nic", f"`{text}` is not like `enp2s0`, `enp2s0=eth1` or `enp2s0@node2`")
    _check(name or device, "nic")
    return HandedCard(device=device, name=name or device, node=node)


def _check(name: str, path: str) -> None:
    if not _NAME.fullmatch(name):
        raise SpecError(path, f"`{name}` is no name of a card: a letter, and at most ten more")
    if name in _TAKEN:
        raise SpecError(
            path, f"`{name}` is a name of the node's own", f"give it another: `{name}=enp2s0`"
        )
