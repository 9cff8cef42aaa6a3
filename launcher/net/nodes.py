"""The networks of an instance's nodes: who has which name and address, and what that means.

A node is a network namespace of its own, joined to the host by a veth. The pod network's CIDR is
cut into a subnet for each node, counted from 1; the subnet of number 0 is cut into the links
between host and nodes. On the host there are only the veth ends with their routes, one nft table,
and forwarding.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

import msgspec

from launcher.errors import SpecError
from launcher.net import addresses, names
from launcher.net.model import (
    Address,
    Chain,
    Hook,
    Link,
    Match,
    NetState,
    Peer,
    Route,
    Rule,
    Sysctl,
    Table,
    Verdict,
)

BRIDGE = "cni0"
NODE_LINK = "eth0"
_POD_PREFIX = {4: 24, 6: 64}
_MOST_NODES = 63  # links of four addresses in one /24
_FORWARDING = {4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding"}
_ACCEPT_DAD = "net/ipv6/conf/{}/accept_dad"
_EVERYWHERE = {4: "0.0.0.0/0", 6: "::/0"}
_FAMILY = {4: "ip", 6: "ip6"}
_BRIDGE_FILTERS = tuple(f"net/bridge/bridge-nf-call-{kind}tables" for kind in ("ip", "ip6", "arp"))


class Uplink(msgspec.Struct, frozen=True, kw_only=True):
    """The host's way out. ``mtu`` is in bytes; ``ipv6`` says whether the host can forward it."""

    device: str = ""
    mtu: int = 1500
    ipv6: bool = True


ANY_UPLINK = Uplink()
"""An uplink about which nothing is known."""


class Subnet(msgspec.Struct, frozen=True, kw_only=True):
    """One IP version of a node: its link to the host and its pods' network with their gateway."""

    version: int
    host: Address
    node: Address
    pods: str
    gateway: Address


class HostNode(msgspec.Struct, frozen=True, kw_only=True):
    """One node. ``netns`` is its network namespace, ``uplink`` the host's end of its link."""

    name: str
    netns: str
    uplink: str
    subnets: tuple[Subnet, ...]

    @property
    def gateways(self) -> tuple[str, ...]:
        """The node's addresses on the pod network, IPv4 first: where its name service listens."""
        return tuple(subnet.gateway.ip for subnet in self.subnets)


class HandedCard(msgspec.Struct, frozen=True, kw_only=True):
    """A network card of the host, ``device``, that a node has under a name."""

    device: str
    name: str
    node: str


class HostNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """The networks of an instance's nodes. ``cidrs`` hold all pods, IPv4 first.

    ``fabric`` are cards that each node has, joined by a switch; ``cards`` come from the host.
    ``services`` hold the addresses of Services: pods get routes to them.
    """

    directory: str
    suffix: str
    cidrs: tuple[str, ...]
    mtu: int
    nodes: tuple[HostNode, ...]
    fabric: tuple[str, ...] = ()
    cards: tuple[HandedCard, ...] = ()
    services: tuple[str, ...] = ()

    def node(self, name: str) -> HostNode:
        """The node of a name; raises ``KeyError``."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


def design(
    nodes: Sequence[str],
    *,
    directory: str,
    suffix: str = "",
    cidrs: Sequence[str] = ("10.244.0.0/16", "fd10:244::/48"),
    uplink: Uplink = ANY_UPLINK,
) -> HostNetwork:
    """Names and addresses for nodes of these names.

    IPv6 is left out when the uplink says so. Raises ``SpecError`` for a CIDR that is none or too
    small, and for more nodes than there are links.
    """
    if len(nodes) > _MOST_NODES:
        raise SpecError("nodes", f"{len(nodes)} are too many: at most {_MOST_NODES} are possible")
    used = tuple(cidr for cidr in cidrs if uplink.ipv6 or _version(cidr) == 4)
    return HostNetwork(
        directory=directory,
        suffix=suffix,
        cidrs=used,
        mtu=uplink.mtu,
        nodes=tuple(
            HostNode(
                name=name,
                netns=names.node_netns(name, suffix),
                uplink=names.node_uplink(number, suffix),
                subnets=tuple(_subnet(cidr, number) for cidr in used),
            )
            for number, name in enumerate(nodes, 1)
        ),
    )


def host_state(network: HostNetwork) -> NetState:
    """What the host's own network must have."""
    return NetState(
        links=tuple(
            Link(
                name=node.uplink,
                kind="veth",
                mtu=network.mtu,
                addresses=tuple(subnet.host for subnet in node.subnets),
                up=True,
                peer=Peer(name=NODE_LINK, netns=node.netns),
            )
            for node in network.nodes
        ),
        routes=tuple(
            Route(destination=subnet.pods, device=node.uplink, gateway=subnet.node.ip)
            for node in network.nodes
            for subnet in node.subnets
        ),
        sysctls=(
            *_no_dad(network, *(node.uplink for node in network.nodes)),
            *(Sysctl(key=key, value="1") for key in forwarding_keys(network)),
        ),
        tables=(host_table(network),),
    )


def host_table(network: HostNetwork) -> Table:
    """The one table on the host: pods that leave over any link but ours have the host's address."""
    ours = names.node_uplink(0, network.suffix).removesuffix("0") + "*"
    rules = tuple(
        Rule(
            matches=(
                Match(field=f"{_FAMILY[_version(cidr)]} saddr", values=(cidr,)),
                Match(field="oifname", values=(ours,), negate=True),
            ),
            verdict=Verdict.MASQUERADE,
        )
        for cidr in network.cidrs
    )
    hook = Hook(kind="nat", hook="postrouting", priority=100)
    chain = Chain(name="postrouting", hook=hook, rules=rules)
    return Table(family="inet", name=names.host_table(network.suffix), chains=(chain,))


def node_state(network: HostNetwork, node: HostNode, observed: NetState) -> NetState:
    """What a node's network must have.

    The pods' bridge is made before the CNI plugin would make it, so that the name service has its
    address from the start. ``observed`` tells which settings the kernel has, and whether a policy
    has put the node's address on another link, a bridge over its own: then that is left alone.
    """
    here = tuple(subnet for subnet in node.subnets if not _is_elsewhere(subnet, observed))
    moved = len(here) < len(node.subnets)
    # Bridged packets of pods need no second walk through the filters of IP (br_netfilter).
    filters = (
        Sysctl(key=key, value="0") for key in _BRIDGE_FILTERS if observed.sysctl(key) is not None
    )
    forwarding = (Sysctl(key=_FORWARDING[s.version], value="1") for s in node.subnets)
    return NetState(
        links=(
            Link(name="lo", up=True),
            Link(
                name=NODE_LINK,
                mtu=network.mtu,
                addresses=None if moved else tuple(subnet.node for subnet in here),
                up=True,
            ),
            Link(
                name=BRIDGE,
                kind="bridge",
                mac=_bridge_mac(node),
                mtu=network.mtu,
                addresses=tuple(subnet.gateway for subnet in node.subnets),
                up=True,
            ),
        ),
        routes=tuple(
            Route(destination=_EVERYWHERE[s.version], device=NODE_LINK, gateway=s.host.ip)
            for s in (() if moved else here)
        ),
        sysctls=(*_no_dad(network, "default"), *forwarding, *filters),
    )


def _is_elsewhere(subnet: Subnet, observed: NetState) -> bool:
    return any(
        subnet.node in (link.addresses or ()) for link in observed.links if link.name != NODE_LINK
    )


def forwarding_keys(network: HostNetwork) -> tuple[str, ...]:
    """The settings that are changed for the whole host."""
    return tuple(_FORWARDING[_version(cidr)] for cidr in network.cidrs)


def node_keys() -> tuple[str, ...]:
    """The kernel settings of a node to observe."""
    return (*_FORWARDING.values(), *_BRIDGE_FILTERS, _ACCEPT_DAD.format("default"))


def conflist(network: HostNetwork, node: HostNode, data: str) -> dict[str, object]:
    """The node's CNI network configuration; ``data`` is where addresses handed out are kept.

    Pods get routes to the whole pod network and to Services besides the default one, as a
    cluster's pods have it: a bound guest that takes another default route still reaches its
    neighbours.
    """
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "isDefaultGateway": True,
        "hairpinMode": True,
        "mtu": network.mtu,
        "ipam": {
            "type": "host-local",
            "dataDir": data,
            "ranges": [[{"subnet": subnet.pods}] for subnet in node.subnets],
            # Without its gateway the plugin would not find such a route again at CHECK.
            "routes": [
                {"dst": cidr, "gw": subnet.gateway.ip} for cidr, subnet in _routed(network, node)
            ],
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "pod", "plugins": [bridge, portmap]}


def _routed(network: HostNetwork, node: HostNode) -> Iterator[tuple[str, Subnet]]:
    yield from zip(network.cidrs, node.subnets, strict=True)
    by_version = {subnet.version: subnet for subnet in node.subnets}
    for cidr in network.services:
        if _version(cidr) in by_version:
            yield cidr, by_version[_version(cidr)]


def first_pod(subnet: Subnet) -> Address:
    """The first address of a node's pod network after the gateway."""
    return addresses.host(subnet.pods, 2)


def _subnet(cidr: str, number: int) -> Subnet:
    version = _version(cidr)
    prefix = _POD_PREFIX[version]
    try:
        pods = addresses.subnet(cidr, prefix, number)
    except ValueError as error:
        raise SpecError("pod CIDR", f"{error}: a node needs one") from None
    links = addresses.subnet(cidr, prefix, 0).partition("/")[0]
    link = f"{ipaddress.ip_address(links) + 4 * number}/{126 if version == 6 else 30}"
    return Subnet(
        version=version,
        host=addresses.host(link, 1),
        node=addresses.host(link, 2),
        pods=pods,
        gateway=addresses.host(pods, 1),
    )


def _no_dad(network: HostNetwork, *links: str) -> tuple[Sysctl, ...]:
    """Make link-local addresses valid at once: a router without one cannot find its neighbours."""
    if not any(_version(cidr) == 6 for cidr in network.cidrs):
        return ()
    return tuple(Sysctl(key=_ACCEPT_DAD.format(link), value="0") for link in links)


def _version(cidr: str) -> int:
    try:
        return ipaddress.ip_network(cidr).version
    except ValueError:
        raise SpecError("pod CIDR", f"`{cidr}` is not a CIDR like `10.244.0.0/16`") from None


def _bridge_mac(node: HostNode) -> str:
    """A locally administered MAC that stays: a bridge's own changes with its ports."""
    return "0a:58:" + ipaddress.ip_address(node.gateways[0]).packed[-4:].hex(":")
