"""From a machine and its pod's network to what is served."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Network

import msgspec

from launcher.net import dhcp4, dhcp6, routeradv
from launcher.net.attachments import Attachment, GuestNetwork, Hop, Lease, PodNet
from launcher.net.model import Address
from launcher.net.served import ServedLink, served_links
from launcher.spec import (
    DhcpOptions,
    Firmware,
    MachineSpec,
    Masquerade,
    Memory,
    Nic,
    Resolver,
)

EXTRA = DhcpOptions(boot_file_name="pxe.0")
SPEC = MachineSpec(
    name="fedora-0",
    namespace="default",
    uid="1",
    hostname="fedora-0",
    subdomain="web",
    memory=Memory(guest=1 << 27),
    firmware=Firmware(uuid="1"),
    nics=(Nic(name="default", pod_nic="eth0", binding=Masquerade(), dhcp=EXTRA),),
    resolver=Resolver(nameservers=("10.244.1.1",), search=("default.svc.cluster.local",)),
)
V4 = GuestNetwork(gateway=Address.parse("10.0.2.1/24"), guest=Address.parse("10.0.2.2/24"))
V6 = GuestNetwork(gateway=Address.parse("fd10:0:2::1/120"), guest=Address.parse("fd10:0:2::2/120"))


def attachment(ipv4: GuestNetwork | None, ipv6: GuestNetwork | None) -> Attachment:
    return Attachment(
        name="default",
        pod_nic="eth0",
        mac="0a:58:0a:f4:01:07",
        mtu=1400,
        addresses=(),
        bridge="k6t-eth0",
        bridge_mac="02:00:00:00:00:00",
        tap="tap0",
        ipv4=ipv4,
        ipv6=ipv6,
    )


def test_both_families() -> None:
    (link,) = served_links(SPEC, PodNet(attachments=(attachment(V4, V6),)))
    assert link == ServedLink(
        bridge="k6t-eth0",
        dhcp4=dhcp4.Config(
            address=IPv4Interface("10.0.2.2/24"),
            server=IPv4Address("10.0.2.1"),
            router=IPv4Address("10.0.2.1"),
            hostname="fedora-0",
            mtu=1400,
            nameservers=("10.244.1.1",),
            search=("web.default.svc.cluster.local", "default.svc.cluster.local"),
            extra=EXTRA,
        ),
        dhcp6=dhcp6.Config(
            address=IPv6Address("fd10:0:2::2"),
            mac="02:00:00:00:00:00",
            nameservers=("10.244.1.1",),
        ),
        routeradv=routeradv.Config(
            mac="02:00:00:00:00:00",
            mtu=1400,
            prefix=IPv6Network("fd10:0:2::/120"),
            nameservers=("10.244.1.1",),
        ),
    )


def test_one_family() -> None:
    (link,) = served_links(SPEC, PodNet(attachments=(attachment(V4, None),)))
    assert link.dhcp4
    assert (link.dhcp6, link.routeradv) == (None, None)
    (link,) = served_links(SPEC, PodNet(attachments=(attachment(None, V6),)))
    assert link.dhcp4 is None
    assert link.dhcp6
    assert link.routeradv


def leased(lease: Lease | None) -> Attachment:
    return Attachment(
        name="default", pod_nic="eth0", mac="0a:58:0a:f4:01:07", mtu=1450, bridge="k6t-eth0",
        bridge_mac="7a:00:00:00:00:01", tap="tap0", lease=lease,
    )  # fmt: skip


def test_a_bridged_guest_gets_the_pods_address_and_routes() -> None:
    lease = Lease(
        address=Address.parse("10.244.1.7/24"),
        mac="0a:58:0a:f4:01:07",
        server="169.254.75.10",
        gateway="10.244.1.1",
        routes=(
            Hop(destination="0.0.0.0/0", gateway="10.244.1.1"),
            Hop(destination="100.64.0.0/10"),
        ),
    )
    (link,) = served_links(SPEC, PodNet(attachments=(leased(lease),)))
    assert (link.dhcp6, link.routeradv) == (None, None)
    assert link.dhcp4 == dhcp4.Config(
        address=IPv4Interface("10.244.1.7/24"),
        server=IPv4Address("169.254.75.10"),
        router=IPv4Address("10.244.1.1"),
        hostname="fedora-0",
        mtu=1450,
        only_mac="0a:58:0a:f4:01:07",
        routes=(
            dhcp4.Route(destination=IPv4Network("0.0.0.0/0"), gateway=IPv4Address("10.244.1.1")),
            dhcp4.Route(destination=IPv4Network("100.64.0.0/10")),
        ),
        nameservers=("10.244.1.1",),
        search=("web.default.svc.cluster.local", "default.svc.cluster.local"),
        extra=EXTRA,
    )


def test_without_a_gateway_no_router_is_named() -> None:
    lease = Lease(address=Address.parse("10.50.0.2/24"), mac="m", server="169.254.75.10")
    (link,) = served_links(SPEC, PodNet(attachments=(leased(lease),)))
    assert link.dhcp4
    assert link.dhcp4.router is None


def test_a_wire_without_addresses_is_not_served() -> None:
    assert served_links(SPEC, PodNet(attachments=(leased(None),))) == ()


def test_name_servers_are_addresses_that_the_guest_can_use() -> None:
    given = ("fe80::1%eth0", "::ffff:10.1.2.3", "fd00::53", "dns.example", "300.1.1.1")
    spec = msgspec.structs.replace(SPEC, resolver=Resolver(nameservers=given))
    (link,) = served_links(spec, PodNet(attachments=(attachment(V4, V6),)))
    assert link.dhcp4 is not None
    assert link.dhcp6 is not None
    assert link.dhcp4.nameservers == link.dhcp6.nameservers == ("10.1.2.3", "fd00::53")


def test_noop() -> None:
    assert served_links(SPEC, PodNet(attachments=())) == ()
