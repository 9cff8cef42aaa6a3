"""The public door to the networks of nodes and pods.

``design``, ``sample_pod`` and ``render_pod_network`` compute; everything else touches the host and
needs root. All functions are synchronous and may take some 100 ms: inside an event loop call them
with ``asyncio.to_thread``.

On the host itself three things are changed: the host's ends of the nodes' veths (with the routes
over them), one nft table, and forwarding. What forwarding was before is kept in ``host.json`` in
the instance's directory, so that ``down`` can put it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from launcher.net import nodes, render
from launcher.net.cards import with_cards
from launcher.net.dns import Address as NameAddress
from launcher.net.dns import Lookup
from launcher.net.model import Address, Link, NetState, Route
from launcher.net.nodes import ANY_UPLINK, HostNetwork, HostNode, Uplink
from launcher.net.policies import Allow, Guard
from launcher.net.secondary import LinkAsk, LinkMade, LinkRecord
from launcher.net.sights import Sight
from launcher.net.vips import Backend, VirtualService
from launcher.spec import MachineSpec
from launcher.system.attachment import PodNetwork
from launcher.system.attachment import attach as attach_pod
from launcher.system.attachment import attached as pods
from launcher.system.attachment import check as check_pod
from launcher.system.attachment import detach as detach_pod
from launcher.system.attachment import find as pod_network
from launcher.system.namespaces import open_socket
from launcher.system.netcheck import Finding, addresses_taken, examine, free_cidrs
from launcher.system.netcheck import uplink as observe_uplink
from launcher.system.nodenet import down, leftovers, up
from launcher.system.pings import echo, echo_as
from launcher.system.policies import enforce_policies
from launcher.system.secondary import add as add_link
from launcher.system.secondary import bridge_port, bridges
from launcher.system.secondary import check as check_link
from launcher.system.secondary import delete as delete_link
from launcher.system.secondary import forget as forget_link
from launcher.system.secondary import keep as keep_link
from launcher.system.secondary import note as note_link
from launcher.system.secondary import records as links
from launcher.system.services import serve_services
from launcher.system.sights import ask, ask_name, listen, look
from launcher.system.sockets import NameServer

__all__ = [
    "ANY_UPLINK",
    "Allow",
    "Backend",
    "Finding",
    "Guard",
    "HostNetwork",
    "HostNode",
    "LinkAsk",
    "LinkMade",
    "LinkRecord",
    "Lookup",
    "NameAddress",
    "NameServer",
    "PodNetwork",
    "Sight",
    "Uplink",
    "VirtualService",
    "add_link",
    "addresses_taken",
    "ask",
    "ask_name",
    "attach_pod",
    "bridge_port",
    "bridges",
    "check_link",
    "check_pod",
    "delete_link",
    "design",
    "detach_pod",
    "down",
    "echo",
    "echo_as",
    "enforce_policies",
    "examine",
    "forget_link",
    "free_cidrs",
    "keep_link",
    "leftovers",
    "links",
    "listen",
    "look",
    "note_link",
    "observe_uplink",
    "open_socket",
    "pod_network",
    "pods",
    "render_pod_network",
    "sample_pod",
    "serve_services",
    "up",
    "with_cards",
]


def design(
    names_of_nodes: Sequence[str],
    *,
    directory: Path,
    suffix: str = "",
    cidrs: Sequence[str] = ("10.244.0.0/16", "fd10:244::/48"),
    uplink: Uplink = ANY_UPLINK,
) -> HostNetwork:
    """Names and addresses of an instance's nodes. Touches nothing.

    ``directory`` is the instance's, ``suffix`` tells its names on the host from those of other
    instances, ``uplink`` is what ``observe_uplink`` found. Raises ``SpecError``.
    """
    return nodes.design(
        names_of_nodes, directory=str(directory), suffix=suffix, cidrs=cidrs, uplink=uplink
    )


def sample_pod(network: HostNetwork) -> PodNetwork:
    """The network that the first pod of the first node might get, for showing plans."""
    node = network.nodes[0]
    found = {s.version: s for s in node.subnets}
    return PodNetwork(
        netns="virt-launcher",
        ifname="eth0",
        mac="0a:58:0a:f4:01:02",
        mtu=network.mtu,
        addresses=tuple(str(nodes.first_pod(subnet)) for subnet in node.subnets),
        gateway=found[4].gateway.ip if 4 in found else "",
        gateway6=found[6].gateway.ip if 6 in found else "",
    )


def render_pod_network(spec: MachineSpec, pod: PodNetwork) -> str:
    """What would be made in a machine's pod: links, addresses, settings, nft rules, commands.

    Touches nothing. Raises ``SpecError`` for what cannot be built.
    """
    link = Link(
        name=pod.ifname,
        kind="veth",
        mac=pod.mac,
        mtu=pod.mtu,
        master="",
        addresses=tuple(Address.parse(address) for address in pod.addresses),
        up=True,
    )
    ways = (("0.0.0.0/0", pod.gateway), ("::/0", pod.gateway6))
    routes = (Route(destination=d, device=pod.ifname, gateway=g) for d, g in ways if g)
    return render.pod_plan(spec, NetState(links=(link,), routes=tuple(routes)))
