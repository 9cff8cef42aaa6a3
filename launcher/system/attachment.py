"""Attach pods to their node's pod network, and detach them.

A file for each pod in ``nodes/<node>/pods`` says what was begun: it is there before anything is
made and gone after everything is removed, so that nothing is forgotten in a crash. It holds the
``PodNetwork`` once the pod is attached.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from launcher.errors import HostError
from launcher.net import nodes
from launcher.net.nodes import HostNetwork, HostNode
from launcher.net.secondary import LinkAsk
from launcher.system import cni, files, namespaces, netlink, secondary, sysctls


class PodNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """What the CNI made of a pod's network. ``mtu`` is in bytes.

    ``netns`` is the pod's named network namespace. ``addresses`` have their prefix, IPv4 first;
    ``gateway`` and ``gateway6`` are empty when the pod has no such address.
    """

    netns: str
    ifname: str
    mac: str
    mtu: int
    addresses: tuple[str, ...]
    gateway: str = ""
    gateway6: str = ""

    @property
    def ips(self) -> tuple[str, ...]:
        """The addresses without prefix, as in a pod's status."""
        return tuple(address.partition("/")[0] for address in self.addresses)


class _Ip(msgspec.Struct):
    address: str
    gateway: str = ""


class _Result(msgspec.Struct):
    """What we read of a CNI result."""

    ips: list[_Ip] = []


def attach(network: HostNetwork, node: str, pod: str, first: LinkAsk | None = None) -> PodNetwork:
    """Make a pod's network namespace, named as the pod, and attach it to the node's pod network.

    With ``first`` its link ``eth0`` is of another network than the node's pod network. A pod that
    is attached already is returned as it is; a half-done earlier try is removed first.
    Raises ``HostError``, with the plugin's own words when a plugin refused; nothing is left then.
    """
    if found := find(network, node, pod):
        return found
    where = network.node(node)
    if not namespaces.exists(where.netns):
        raise HostError(f"the network of the node `{node}` is not up")
    place = _pod_file(network, node, pod)
    if place.exists():
        detach(network, node, pod)
    files.write(place, b"")  # from here on ``down`` knows of it
    try:
        namespaces.create(pod)
    except HostError:
        files.remove(place)
        raise
    try:
        with namespaces.in_netns(pod):
            netlink.change_link("lo", up=True)
            # The address is ours alone; looking for duplicates would cost the pod a second.
            sysctls.write_if_other("net/ipv6/conf/default/accept_dad", "0")
        if first is None:
            result = _cni(network, where).add(cni.Pod(netns=pod))
        else:
            secondary.note(network, node, first)
            made = secondary.add(network, node, first)
            secondary.keep(network, node, first, made)
            result = made.result
        attached = _pod_network(pod, result)
        files.write(place, msgspec.json.encode(attached))
    except BaseException:
        with contextlib.suppress(HostError):
            detach(network, node, pod)
        raise
    return attached


def find(network: HostNetwork, node: str, pod: str) -> PodNetwork | None:
    """The network of a pod that is attached, None for one that is not."""
    if not namespaces.exists(pod):
        return None
    try:
        return msgspec.json.decode(_pod_file(network, node, pod).read_bytes(), type=PodNetwork)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def check(network: HostNetwork, node: str, pod: str) -> None:
    """Ask the CNI plugins whether a pod is attached as it was; raises ``HostError`` if not."""
    _cni(network, network.node(node)).check(cni.Pod(netns=pod))


def detach(network: HostNetwork, node: str, pod: str) -> None:
    """Detach a pod from all networks and remove its network namespace; may be repeated.

    The namespace goes even when a plugin refuses, which raises ``HostError`` afterwards. Processes
    in it keep it alive, so end them first.
    """
    place = _pod_file(network, node, pod)
    if not place.exists():
        return
    where = network.node(node)
    try:
        try:
            secondary.clear(network, node, pod)
        finally:
            if namespaces.exists(where.netns):
                _cni(network, where).delete(cni.Pod(netns=pod))
    finally:
        namespaces.remove(pod)
        files.remove(place)


def attached(network: HostNetwork, node: str) -> tuple[str, ...]:
    """Names of the pods that were attached to a node and not detached, sorted."""
    with contextlib.suppress(FileNotFoundError):
        return tuple(sorted(entry.name for entry in _pod_file(network, node, "").iterdir()))
    return ()


def _pod_network(pod: str, result: cni.Object) -> PodNetwork:
    """What a CNI result says, with the link's own MAC and MTU."""
    said = msgspec.convert(result, _Result)
    with namespaces.in_netns(pod):
        link = next(link for link in netlink.links() if link.name == "eth0")
    ips = sorted(said.ips, key=lambda ip: ":" in ip.address)
    gateways = {":" in ip.address: ip.gateway for ip in ips}
    return PodNetwork(
        netns=pod,
        ifname=link.name,
        mac=link.mac,
        mtu=link.mtu,
        addresses=tuple(ip.address for ip in ips),
        gateway=gateways.get(False, ""),
        gateway6=gateways.get(True, ""),
    )


def _cni(network: HostNetwork, node: HostNode) -> cni.Network:
    home = Path(network.directory) / "nodes" / node.name / "cni"
    conflist = nodes.conflist(network, node, str(home / "addresses"))
    return cni.Network(conflist, netns=node.netns, cache=home / "results")


def _pod_file(network: HostNetwork, node: str, pod: str) -> Path:
    return Path(network.directory) / "nodes" / node / "pods" / pod
