"""Attach pods to more networks than their node's pod network, by the real CNI plugins.

A file for each link in ``nodes/<node>/links/<pod>`` says what was begun, before anything is made,
and is gone after everything is removed; see ``LinkRecord``. Links that others make than the CNI's
plugins are noted in the same way, so that all links of a pod are known in one place.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path

import msgspec

from launcher.errors import HostError
from launcher.net import names, nodes
from launcher.net.model import Link
from launcher.net.nodes import HostNetwork
from launcher.net.secondary import (
    CNI,
    LinkAsk,
    LinkMade,
    LinkRecord,
    bridge_of,
    notes,
    port_of,
    settled,
    uses_dhcp,
)
from launcher.system import cni, dhcpdaemon, files, namespaces, netlink, process

_log = logging.getLogger(__name__)

_NO_ADDRESSES = "no plugin name provided"


class _Bridge(msgspec.Struct):
    vlan_filtering: int = 0


class _Info(msgspec.Struct):
    info_data: _Bridge = msgspec.field(default_factory=_Bridge)


class _Shown(msgspec.Struct):
    """What we read of ip-link(8)'s JSON."""

    linkinfo: _Info = msgspec.field(default_factory=_Info)


def records(network: HostNetwork, node: str, pod: str) -> tuple[LinkRecord, ...]:
    """What was begun for a pod and not taken away, in the order of its beginning."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for path in _home(network, node, pod).glob("[!.]*"):  # no drafts of a writer who was killed
            with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
                found.append(msgspec.json.decode(path.read_bytes(), type=LinkRecord))
    return tuple(sorted(found, key=lambda record: record.order))


def note(network: HostNetwork, node: str, ask: LinkAsk) -> None:
    """Write down what is going to be made."""
    known = records(network, node, ask.netns)
    order = max((record.order for record in known), default=0) + 1
    _write(network, node, LinkRecord(ask=ask, order=order))


def keep(network: HostNetwork, node: str, ask: LinkAsk, made: LinkMade) -> None:
    """Write down that a link was made."""
    for known in records(network, node, ask.netns):
        if known.ask.ifname == ask.ifname:
            _write(network, node, LinkRecord(ask=ask, order=known.order, made=made))


def forget(network: HostNetwork, node: str, pod: str, ifname: str) -> None:
    """A link is no more."""
    home = _home(network, node, pod)
    for path in (home / f"{ifname}.json", *home.glob(f".{ifname}.json.*")):
        files.remove(path)
    with contextlib.suppress(OSError):  # there are others, or it was not there
        home.rmdir()


def bridges(network: HostNetwork, node: str) -> tuple[str, ...]:
    """Bridges of a node that pods can be plugged into, sorted; not that of the pod network."""
    where = network.node(node)
    if not namespaces.exists(where.netns):
        return ()
    with namespaces.in_netns(where.netns):
        found = [link.name for link in netlink.links() if link.kind == "bridge"]
    return tuple(sorted(name for name in found if name != nodes.BRIDGE))


def bridge_port(network: HostNetwork, node: str, pod: str, ifname: str) -> str:
    """The port of a node's bridge that is the other end of a pod's link; empty when none is."""
    for record in records(network, node, pod):
        if record.ask.ifname == ifname and record.made is not None:
            return port_of(record.made.result)
    return ""


def add(
    network: HostNetwork,
    node: str,
    ask: LinkAsk,
    *,
    directories: Sequence[Path] = cni.DIRECTORIES,
) -> LinkMade:
    """Make a link by its network's plugins. Raises ``HostError`` with a plugin's own words.

    What a plugin left behind that failed is removed then. The record is the caller's to keep.
    """
    where = network.node(node)
    if not namespaces.exists(where.netns):
        raise HostError(f"the network of the node `{node}` is not up")
    if uses_dhcp(ask.conflist):
        dhcpdaemon.ensure(where, _cni_home(network, node), directories)
    bridge, vlan = bridge_of(ask.conflist)
    before = _links(where.netns) if bridge else []
    plugins = _network(network, node, ask, directories)
    result = plugins.add(_pod(ask))
    if vlan and not _filters_vlans(where.netns, bridge):
        plugins.delete(_pod(ask), check=False)
        raise HostError(
            f"the bridge `{bridge}` of the node does not filter VLANs (vlan_filtering is 0): "
            f"frames of VLAN {vlan} would leave it without a tag",
            "make the bridge by a NodeNetworkConfigurationPolicy, or set vlan_filtering on it",
        )
    try:
        _route(ask)
    except HostError:
        plugins.delete(_pod(ask), check=False)
        raise
    made = next((link for link in _links(ask.netns) if link.name == ask.ifname), None)
    if made is None:
        return LinkMade(result=result)
    said = notes(bridge, made.mtu or 0, before) if bridge else ()
    return LinkMade(result=result, mac=made.mac or "", mtu=made.mtu or 0, notes=said)


def _route(ask: LinkAsk) -> None:
    """Lead the pod's default routes by the link, where it was asked to be the way out."""
    for router in ask.routers:
        family = "-6" if ":" in router else "-4"
        # Whoever made the route that is replaced: plugins make theirs by other protocols' names.
        argv = ["ip", family, "route", "replace", "default", "via", router, "dev", ask.ifname]
        process.run(argv, netns=ask.netns)


def check(network: HostNetwork, node: str, ask: LinkAsk) -> None:
    """Ask the plugins whether a link is as they made it; raises ``HostError`` if not.

    Of a link that a guest is bridged to they would see another that has its name: there it counts
    that both ends are still there.
    """
    if any(link.name == names.moved_name(ask.ifname) for link in _links(ask.netns)):
        port = bridge_port(network, node, ask.netns, ask.ifname)
        ends = {link.name for link in _links(network.node(node).netns)}
        if port and port not in ends:
            raise HostError(f"the node's end of {ask.ifname}, {port}, is gone")
        return
    try:
        _network(network, node, ask).check(_pod(ask))
    except cni.PluginError as error:
        # The bridge plugin has no CHECK for networks without addresses: that one says nothing.
        if error.said != _NO_ADDRESSES:
            raise


def delete(
    network: HostNetwork,
    node: str,
    ask: LinkAsk,
    *,
    directories: Sequence[Path] = cni.DIRECTORIES,
) -> None:
    """Take a link away; may be repeated. Raises ``HostError`` when a plugin refuses."""
    if namespaces.exists(network.node(node).netns):
        if namespaces.exists(ask.netns):
            _give_back(ask)
        _network(network, node, ask, directories).delete(_pod(ask))


def clear(network: HostNetwork, node: str, pod: str) -> None:
    """Take all links of a pod away, last ones first; those that others made are only forgotten.

    All of them are tried, and none keeps the pod from going: the link itself goes with the pod's
    network namespace. What a plugin refused is logged.
    """
    for record in reversed(records(network, node, pod)):
        try:
            if record.ask.attacher == CNI:
                delete(network, node, record.ask)
        except HostError as error:
            _log.warning("%s of %s leaves something behind: %s", record.ask.ifname, pod, error)
        forget(network, node, pod, record.ask.ifname)
    files.remove(_home(network, node, pod))


def _give_back(ask: LinkAsk) -> None:
    """Give a link that a guest was bridged to its own name back, by which plugins know it.

    Meanwhile another link has had the name, and the plugin would take that one.
    """
    moved = names.moved_name(ask.ifname)
    with namespaces.in_netns(ask.netns):
        known = {link.name: link for link in netlink.links()}
        if moved not in known:
            return
        if ask.ifname in known:
            netlink.delete_link(ask.ifname)
        netlink.change_link(moved, up=False)
        netlink.change_link(moved, master="")
        netlink.rename_link(moved, ask.ifname)


def _links(netns: str) -> list[Link]:
    with namespaces.in_netns(netns):
        return list(netlink.links())


def _filters_vlans(netns: str, bridge: str) -> bool:
    """Whether a bridge tells VLANs apart; without that the plugin's ``vlan`` means nothing."""
    shown = process.run(["ip", "-j", "-d", "link", "show", "dev", bridge], netns=netns).stdout
    told = msgspec.json.decode(shown, type=list[_Shown])
    return bool(told and told[0].linkinfo.info_data.vlan_filtering)


def _network(
    network: HostNetwork,
    node: str,
    ask: LinkAsk,
    directories: Sequence[Path] = cni.DIRECTORIES,
) -> cni.Network:
    home = _cni_home(network, node)
    conflist = settled(ask.conflist, str(home))
    where = network.node(node)
    return cni.Network(conflist, netns=where.netns, cache=home / "results", directories=directories)


def _pod(ask: LinkAsk) -> cni.Pod:
    return cni.Pod(
        netns=ask.netns,
        ifname=ask.ifname,
        container=ask.container,
        arguments=ask.arguments,
        capabilities=ask.capabilities,
    )


def _write(network: HostNetwork, node: str, record: LinkRecord) -> None:
    place = _home(network, node, record.ask.netns) / f"{record.ask.ifname}.json"
    files.write(place, msgspec.json.encode(record))


def _home(network: HostNetwork, node: str, pod: str) -> Path:
    return Path(network.directory) / "nodes" / node / "links" / pod


def _cni_home(network: HostNetwork, node: str) -> Path:
    return Path(network.directory) / "nodes" / node / "cni"
