"""What DHCP and router advertisements tell the guest of each NIC, from spec and pod network."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    ip_address,
)

from launcher.net import dhcp4, dhcp6, routeradv
from launcher.net.attachments import Attachment, Lease, PodNet
from launcher.spec import MachineSpec


@dataclass(frozen=True, kw_only=True)
class ServedLink:
    """What to serve on one bridge; a protocol that is None is not served."""

    bridge: str
    dhcp4: dhcp4.Config | None = None
    dhcp6: dhcp6.Config | None = None
    routeradv: routeradv.Config | None = None


def served_links(spec: MachineSpec, network: PodNet) -> tuple[ServedLink, ...]:
    """The bridges to serve, one for each NIC that is attached and that we tell anything."""
    links = (
        ServedLink(
            bridge=attachment.bridge,
            dhcp4=_dhcp4(spec, attachment),
            dhcp6=_dhcp6(spec, attachment),
            routeradv=_routeradv(spec, attachment),
        )
        for attachment in network.attachments
    )
    return tuple(link for link in links if link.dhcp4 or link.dhcp6)


def _dhcp4(spec: MachineSpec, attachment: Attachment) -> dhcp4.Config | None:
    nic = next(nic for nic in spec.nics if nic.name == attachment.name)
    lease = attachment.lease or _masqueraded(attachment)
    if lease is None:
        return None
    return dhcp4.Config(
        address=IPv4Interface(str(lease.address)),
        server=IPv4Address(lease.server),
        router=_router(lease.gateway),
        routes=tuple(
            dhcp4.Route(destination=IPv4Network(hop.destination), gateway=_router(hop.gateway))
            for hop in lease.routes
        ),
        only_mac=lease.mac,
        hostname=spec.hostname,
        mtu=attachment.mtu,
        nameservers=_nameservers(spec.resolver.nameservers),
        search=dhcp4.search_list(spec.resolver.search, spec.subdomain),
        extra=nic.dhcp,
    )


def _nameservers(servers: tuple[str, ...]) -> tuple[str, ...]:
    """Those that a guest can be told of: no names, and no address of one link of the pod.

    As KubeVirt does, an IPv4 address written as IPv6 is the IPv4 address.
    """
    found = []
    for server in servers:
        try:
            address = ip_address(server)
        except ValueError:
            continue
        if isinstance(address, IPv6Address):
            if address.scope_id:
                continue
            address = address.ipv4_mapped or address
        found.append(str(address))
    return tuple(found)


def _masqueraded(attachment: Attachment) -> Lease | None:
    """The lease in a network of the guest's own, where whoever asks is the guest."""
    if attachment.ipv4 is None:
        return None
    gateway = attachment.ipv4.gateway.ip
    return Lease(address=attachment.ipv4.guest, mac="", server=gateway, gateway=gateway)


def _router(gateway: str) -> IPv4Address | None:
    return IPv4Address(gateway) if gateway else None


def _dhcp6(spec: MachineSpec, attachment: Attachment) -> dhcp6.Config | None:
    if attachment.ipv6 is None:
        return None
    return dhcp6.Config(
        address=IPv6Address(attachment.ipv6.guest.ip),
        mac=attachment.bridge_mac,
        nameservers=_nameservers(spec.resolver.nameservers),
    )


def _routeradv(spec: MachineSpec, attachment: Attachment) -> routeradv.Config | None:
    if attachment.ipv6 is None:
        return None
    return routeradv.Config(
        mac=attachment.bridge_mac,
        mtu=attachment.mtu,
        prefix=IPv6Interface(str(attachment.ipv6.guest)).network,
        nameservers=_nameservers(spec.resolver.nameservers),
    )
