"""The door to the networks of nodes beyond the pod network: nmstate's states, and Open vSwitch.

Functions touch the node's network namespace and its directory only, need root, and may take
seconds: inside an event loop call them with ``asyncio.to_thread``, one at a time for a node.
States go in and out as JSON in nmstate's shape.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from launcher.net import nodes
from launcher.net.nodes import HostNetwork, HostNode
from launcher.nmstate import capture, schema, shown
from launcher.nmstate.schema import Json
from launcher.system import nodeapply, nodeobserve, ovs
from launcher.system.nodeapply import Applied, Conditions
from launcher.system.nodeobserve import NodePlace
from launcher.system.nodeprobes import Probe
from launcher.system.ovs import Switch

__all__ = [
    "Applied",
    "Json",
    "NodePlace",
    "Probe",
    "Switch",
    "apply",
    "captured",
    "changes",
    "end",
    "ensure_switch",
    "find_switch",
    "missing_switch",
    "name_servers",
    "place_of",
    "preview",
    "recover",
    "revive",
    "show",
]

_RESERVED = (nodes.BRIDGE, "br-int", "lo")


def place_of(network: HostNetwork, node: HostNode) -> NodePlace:
    """Where a node is."""
    return NodePlace(netns=node.netns, home=Path(network.directory) / "nodes" / node.name)


def show(place: NodePlace, hidden: Iterable[str] = shown.HIDDEN) -> dict[str, Json]:
    """The state of a node, without interfaces that a pattern of ``hidden`` matches."""
    return schema.write(shown.visible(nodeobserve.state(place, leased=True), hidden))


def captured(
    place: NodePlace, captures: Mapping[str, str], desired: Mapping[str, Json]
) -> tuple[dict[str, Json], dict[str, Json]]:
    """What a policy's ``capture`` finds, and its desired state with that filled in.

    Raises ``SpecError`` for an expression that is none, or finds nothing where something is needed.
    """
    if not captures:
        return {}, dict(desired)
    return capture.resolve(captures, desired, show(place))


def apply(place: NodePlace, desired: Mapping[str, Json], probes: Iterable[Probe] = ()) -> Applied:
    """Make a node's network as desired: all of it, or nothing.

    ``probes`` are asked afterwards besides that of the default gateway. Raises ``SpecError`` before
    anything is changed, ``HostError`` after what was done has been taken back.
    """
    conditions = Conditions(reserved=_RESERVED, probes=tuple(probes))
    return nodeapply.apply(place, schema.read(desired), conditions)


def preview(place: NodePlace, desired: Mapping[str, Json]) -> Applied:
    """What ``apply`` would do. Raises ``SpecError``."""
    return nodeapply.preview(place, schema.read(desired), Conditions(reserved=_RESERVED))


def name_servers(place: NodePlace) -> tuple[str, ...]:
    """Whom a node asks for names by its policies; empty when none says."""
    return nodeobserve.read_kept(place).servers


def changes(place: NodePlace) -> socket.socket:
    """A socket that can be read, without blocking, after something changed in a node's network."""
    return nodeobserve.listen(place)


def recover(place: NodePlace) -> bool:
    """Take back what a process that died had begun; whether there was anything."""
    return nodeapply.recover(place)


def revive(place: NodePlace) -> bool:
    """Start again what died of a node's switch and DHCP clients.

    Says whether it was the switch: then apply again what had been applied.
    """
    return nodeapply.revive(place)


def end(place: NodePlace) -> None:
    """End a node's switch and DHCP clients, and forget what was kept."""
    nodeapply.end(place)


def ensure_switch(place: NodePlace) -> Switch:
    """The node's Open vSwitch, started when it does not run. Raises ``HostError``."""
    return ovs.ensure(place.switch, place.netns)


def missing_switch() -> str:
    """The package that a node's Open vSwitch needs and that is not installed; empty when all is."""
    return ovs.missing()


def find_switch(place: NodePlace) -> Switch | None:
    """The node's Open vSwitch when it was started before."""
    return ovs.find(place.switch)
