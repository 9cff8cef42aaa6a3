"""The bridge binding: the guest takes the place of the pod's link, with its MAC and addresses.

KubeVirt's, link by link (spec/launcher-network.md §5): the pod's link moves into a bridge under
another name and without its addresses, and a link that carries no traffic takes its name and keeps
its addresses, for the CNI to find. Managed taps (§8) are the same without DHCP.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from ipaddress import ip_network

from launcher.errors import HostError
from launcher.net import names
from launcher.net.addresses import global_addresses, normal_mac
from launcher.net.attachments import Attachment, Hop, Lease
from launcher.net.model import Address, Link, NetState, Sysctl
from launcher.spec import Nic

ARP_IGNORE = "net/ipv4/conf/all/arp_ignore"
_BRIDGE_ADDRESSES = "169.254.75.1"  # with the number of the NIC right behind
_MAC_SIZE = 6


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a NIC stands: in the machine's list, and in the list of those that are made now."""

    position: int
    index: int
    seed: str  # of the machine, for what is random on a cluster
    holder: str  # kind of the link that keeps the addresses: dummy, or what stands in for it


def attach(nic: Nic, observed: NetState, place: Place, *, serves: bool) -> Attachment:
    """The facts of a NIC, from the pod's network before it is set up.

    ``serves`` is false for managed taps. Raises ``HostError`` when the pod has no such link, or
    the link an address and no routes.
    """
    link = observed.link(nic.pod_nic)
    if link is None:
        raise HostError(f"pod link ({nic.pod_nic}) is missing")
    addresses = link.addresses or ()
    ipv4 = global_addresses(addresses, 4)
    bridge_address = Address(ip=f"{_BRIDGE_ADDRESSES}{place.index}", prefix=32)
    return Attachment(
        name=nic.name,
        pod_nic=nic.pod_nic,
        mac=link.mac,
        mtu=link.mtu,
        guest_mac=normal_mac(nic.mac) or link.mac,
        # The guest cannot get the pod's IPv6 addresses from us.
        addresses=ipv4[:1] if serves else (*ipv4, *global_addresses(addresses, 6)),
        bridge=names.bridge_name(nic.pod_nic),
        bridge_mac=_mac(f"{place.seed}/{nic.name}/{link.mac}"),
        tap=names.tap_name(nic.pod_nic, primary=nic.primary),
        bridge_address=bridge_address if serves and ipv4 else None,
        lease=_lease(nic, link, observed, place) if serves and ipv4 else None,
        held=addresses,
        holder=place.holder,
    )


def desired(to: Attachment, tap: Link) -> NetState:
    """Bridge, the pod's link in it, tap, and the link that holds the addresses."""
    bridge = Link(
        name=to.bridge,
        kind="bridge",
        mac=to.bridge_mac,
        addresses=(to.bridge_address,) if to.bridge_address else (),
        up=True,
    )
    moved = Link(
        name=names.moved_name(to.pod_nic),
        was=to.pod_nic,
        mac=to.bridge_mac,
        master=to.bridge,
        addresses=(),
        up=True,
        learning=False,
    )
    # Up, it would answer for the pod's addresses and have routes to their networks.
    holder = Link(
        name=to.pod_nic, kind=to.holder, mac=to.mac, mtu=to.mtu, addresses=to.held, up=False
    )
    # Else the kernel would answer ARP requests for the guest's address, which the holder has too.
    quiet = (Sysctl(key=ARP_IGNORE, value="1"),) if global_addresses(to.held, 4) else ()
    return NetState(links=(bridge, moved, tap, holder), sysctls=quiet)


def _lease(nic: Nic, link: Link, observed: NetState, place: Place) -> Lease:
    address = global_addresses(link.addresses, 4)[0]
    routes = [
        Hop(destination=route.destination, gateway=route.gateway)
        for route in observed.routes
        if route.device == link.name and ":" not in route.destination
    ]
    if not routes:
        raise HostError(f"no gateway address found in routes for {link.name}")
    own = str(ip_network(str(address), strict=False))
    return Lease(
        address=address,
        mac=normal_mac(nic.mac or nic.known_mac) or link.mac,
        server=f"{_BRIDGE_ADDRESSES}{place.position}",
        gateway=routes[0].gateway,
        routes=tuple(hop for hop in routes if hop.destination != own),
    )


def _mac(seed: str) -> str:
    """A MAC that depends on nothing but the seed: one station's, given by an administrator.

    The kernel would give a random one, which a plan cannot name beforehand.
    """
    digest = bytearray(hashlib.sha256(seed.encode()).digest()[:_MAC_SIZE])
    digest[0] = digest[0] & 0xFC | 0x02
    return digest.hex(":")
