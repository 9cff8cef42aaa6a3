"""Links of a pod beside its first one, as data: what is asked of a CNI network and what it made.

An ask that is written down has all that is needed to take the link away again, whatever becomes of
the object that it was taken from.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from launcher.net.model import Link

Object = dict[str, object]

CNI = "cni"
DHCP_SOCKET = "@virtctl-dhcp"
"""Where a node's DHCP daemon listens: a name without a file, which is the node's own."""


class LinkAsk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A link that a pod is to get.

    ``netns`` is the pod's named network namespace, ``ifname`` the link in it. ``network`` is what
    the network is called by those who look after it, ``namespace/name`` of its definition.
    ``conflist`` is a CNI configuration list. ``attacher`` tells who makes the link: the CNI's
    plugins, or somebody else, who then also takes it away. ``container``, ``arguments`` and
    ``capabilities`` are those of ``cni.Pod``. ``routers`` are the next hops of default routes by
    this link, which take the place of those of the same IP version that the pod has.
    """

    netns: str
    ifname: str
    network: str
    conflist: Object
    attacher: str = CNI
    container: str = ""
    arguments: dict[str, str] = {}
    capabilities: Object = {}
    routers: tuple[str, ...] = ()


class LinkMade(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of it: the CNI result, and the link's own MAC and MTU (bytes).

    ``notes`` are what somebody should know who finds that it does not work as meant.
    """

    result: Object = {}
    mac: str = ""
    mtu: int = 0
    notes: tuple[str, ...] = ()


class LinkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An ask that was begun; ``made`` is None until it has ended well. ``order`` is its turn."""

    ask: LinkAsk
    order: int
    made: LinkMade | None = None


def settled(conflist: Object, home: str) -> Object:
    """A configuration list as a node has its plugins see it.

    Plugins keep files in fixed places of their host. Nodes that share one need a place each:
    ``home`` for the addresses of ``host-local`` and what ``tuning`` found, and a socket of the
    node's own for ``dhcp``. What says where it wants them keeps its place.
    """
    plugins = msgspec.convert(conflist["plugins"], list[Object])
    return {**conflist, "plugins": [_settled(plugin, home) for plugin in plugins]}


def uses_dhcp(conflist: Object) -> bool:
    """Whether addresses come from the DHCP plugin, whose daemon must run then."""
    plugins = msgspec.convert(conflist["plugins"], list[Object])
    return any(_ipam(plugin).get("type") == "dhcp" for plugin in plugins)


def bridge_of(conflist: Object) -> tuple[str, int]:
    """The bridge of the node that pods are plugged into, and their VLAN; empty and 0 for none."""
    plugins = msgspec.convert(conflist["plugins"], list[Object])
    first = plugins[0] if plugins else {}
    if first.get("type") != "bridge":
        return "", 0
    vlan = first.get("vlan")
    return str(first.get("bridge") or "cni0"), vlan if isinstance(vlan, int) else 0


class _Side(msgspec.Struct):
    name: str = ""
    sandbox: str = ""


def port_of(result: Object) -> str:
    """The node's end of a link, from the bridge plugin's result: bridge, port, link in the pod."""
    sides = msgspec.convert(result.get("interfaces") or [], list[_Side])
    outside = [side.name for side in sides if not side.sandbox]
    return outside[1] if len(outside) > 1 else ""


def notes(bridge: str, mtu: int, before: Sequence[Link]) -> tuple[str, ...]:
    """What to know of a new port of a bridge, from the node's links before it was made."""
    if all(link.name != bridge for link in before):
        return (f"the node had no bridge {bridge}: the plugin made one, which leads nowhere",)
    ports = [link for link in before if link.master == bridge]
    narrow = min(ports, key=lambda link: link.mtu or mtu, default=None)
    if narrow is None or (narrow.mtu or mtu) >= mtu:
        return ()
    told = f"the MTU {mtu} is larger than the {narrow.mtu} of {narrow.name}, which {bridge} has too"
    return (f"{told}: larger frames do not get there",)


def _settled(plugin: Object, home: str) -> Object:
    made = dict(plugin)
    ipam = _ipam(plugin)
    places = {
        "host-local": {"dataDir": f"{home}/addresses"},
        "dhcp": {"daemonSocketPath": DHCP_SOCKET},
    }
    if ipam:
        made["ipam"] = places.get(str(ipam.get("type")), {}) | ipam
    if plugin.get("type") == "tuning":
        made.setdefault("dataDir", f"{home}/tuning")
    return made


def _ipam(plugin: Object) -> Object:
    found = plugin.get("ipam")
    return msgspec.convert(found, Object) if isinstance(found, dict) else {}
