"""The masquerade binding: the guest in a network of its own behind the pod's address.

KubeVirt's, link by link (spec/launcher-network.md §4): a bridge with a fixed MAC and the guest's
gateway, a tap in it, and NAT. The pod's link stays as it is.
"""

from __future__ import annotations

from launcher.errors import HostError, SpecError
from launcher.net import names, nat
from launcher.net.addresses import gateway_and_guest, global_addresses, normal_mac
from launcher.net.attachments import Attachment, GuestNetwork
from launcher.net.model import Link, NetState, Sysctl
from launcher.spec import Masquerade, Nic, PodOptions

BRIDGE_MAC = "02:00:00:00:00:00"
FORWARDING = {4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding"}


def attach(nic: Nic, binding: Masquerade, observed: NetState) -> Attachment:
    """The facts of a NIC, from the pod's network before or after it is set up.

    Raises ``HostError`` when the pod has no such link, ``SpecError`` for a CIDR without room and
    for the bridge's MAC.
    """
    path = f"interfaces[{nic.name}]"
    if normal_mac(nic.mac) == BRIDGE_MAC:
        raise SpecError(f"{path}.macAddress", f"`{nic.mac}` is the MAC of the guest's gateway")
    link = observed.link(nic.pod_nic)
    if link is None:
        raise HostError(f"the pod has no link `{nic.pod_nic}` for the network `{nic.name}`")
    addresses = tuple(
        address for version in (4, 6) for address in global_addresses(link.addresses, version)
    )
    versions = {address.version for address in addresses}
    return Attachment(
        name=nic.name,
        pod_nic=nic.pod_nic,
        mac=link.mac,
        mtu=link.mtu,
        guest_mac=normal_mac(nic.mac) or link.mac,
        addresses=addresses,
        bridge=names.bridge_name(nic.pod_nic),
        bridge_mac=BRIDGE_MAC,
        tap=names.tap_name(nic.pod_nic, primary=nic.primary),
        ipv4=_guest(binding.cidr, f"{path}.vmNetworkCIDR") if 4 in versions else None,
        ipv6=_guest(binding.cidr6, f"{path}.vmIPv6NetworkCIDR") if 6 in versions else None,
    )


def desired(nic: Nic, to: Attachment, options: PodOptions, tap: Link) -> NetState:
    """Bridge, tap, settings and NAT of one NIC."""
    networks = [(v, net) for v, net in ((4, to.ipv4), (6, to.ipv6)) if net is not None]
    bridge = Link(
        name=to.bridge,
        kind="bridge",
        mac=to.bridge_mac,
        mtu=to.mtu,
        addresses=tuple(net.gateway for _, net in networks),
        up=True,
    )
    sysctls = []
    if to.ipv4:
        # Lets connections to 127.0.0.1 in the pod be redirected to the guest.
        sysctls.append(Sysctl(key=route_localnet(to.bridge), value="1"))
    if to.ipv6:
        # Router advertisements come from the bridge's link-local address, which must be valid when
        # the guest comes up, not two seconds later. KubeVirt sends none and does not need this.
        sysctls.append(Sysctl(key=accept_dad(to.bridge), value="0"))
    sysctls += [
        Sysctl(key=key, value=value)
        for version, _ in networks
        for key, value in patience(to.bridge, version).items()
    ]
    sysctls += [Sysctl(key=FORWARDING[version], value="1") for version, _ in networks]
    return NetState(
        links=(bridge, tap),
        sysctls=tuple(sysctls),
        tables=tuple(nat.table(nic, to, version, options) for version, _ in networks),
    )


def route_localnet(bridge: str) -> str:
    """The setting by which packets to 127.0.0.1 may leave by a bridge."""
    return f"net/ipv4/conf/{bridge}/route_localnet"


def accept_dad(bridge: str) -> str:
    """The setting by which a bridge looks for others with its IPv6 addresses."""
    return f"net/ipv6/conf/{bridge}/accept_dad"


def patience(bridge: str, version: int) -> dict[str, str]:
    """Settings by which a booting guest is looked for ten times a second, three seconds long.

    By itself the kernel asks each second, three times. What a client sends first waits for the
    answer, so a guest that comes up answers at once and not up to a second later.
    """
    room = f"net/ipv{version}/neigh/{bridge}"
    return {f"{room}/retrans_time_ms": "100", f"{room}/mcast_solicit": "30"}


def _guest(cidr: str, path: str) -> GuestNetwork:
    gateway, guest = gateway_and_guest(cidr, path)
    return GuestNetwork(gateway=gateway, guest=guest)
