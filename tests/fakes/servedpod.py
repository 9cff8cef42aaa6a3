"""A pod's network with a bridge that is served, as the launcher makes it, for guests of tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Network

from launcher.net import dhcp4, dhcp6, routeradv
from launcher.net.served import ServedLink
from launcher.system import namespaces, process, sockets

BRIDGE, MAC = "k6t-eth0", "02:00:00:00:00:00"

LINK = ServedLink(
    bridge=BRIDGE,
    dhcp4=dhcp4.Config(
        address=IPv4Interface("10.0.2.2/24"),
        server=IPv4Address("10.0.2.1"),
        router=IPv4Address("10.0.2.1"),
        hostname="fedora-0",
        mtu=1400,
        nameservers=("10.244.1.1", "fd10:244:0:1::1"),
        search=("default.svc.cluster.local", "cluster.local"),
    ),
    dhcp6=dhcp6.Config(
        address=IPv6Address("fd10:0:2::2"), mac=MAC, nameservers=("fd10:244:0:1::1",)
    ),
    routeradv=routeradv.Config(mac=MAC, mtu=1400, prefix=IPv6Network("fd10:0:2::/120")),
)

NETWORK = (
    "-netdev", "tap,id=eth0,ifname=tap0,script=no,downscript=no",
    "-device", "virtio-net-pci,netdev=eth0,mac=02:b3:f0:00:00:45",
    "-netdev", "tap,id=eth1,ifname=tap1,script=no,downscript=no",
    "-device", "virtio-net-pci,netdev=eth1,mac=02:b3:f0:00:00:3c",
)  # fmt: skip


@contextmanager
def served_pod(netns: str) -> Iterator[None]:
    """A network namespace with tap0 on a served bridge, and tap1 on nothing."""

    def ip(words: str) -> None:
        process.run(["ip", *words.split()], netns=netns)

    namespaces.remove(netns)
    namespaces.create(netns)
    try:
        # Or neighbours are told that we are no router, and drop their routes (RFC 4861 §7.2.5).
        process.run(["sysctl", "-qw", "net.ipv6.conf.all.forwarding=1"], netns=netns)
        ip("link set lo up")
        ip(f"link add {BRIDGE} address {MAC} mtu 1400 type bridge")
        ip(f"addr add 10.0.2.1/24 dev {BRIDGE}")
        ip(f"addr add fd10:0:2::1/120 dev {BRIDGE} nodad")
        ip(f"link set {BRIDGE} up")
        for number in (0, 1):
            ip(f"tuntap add tap{number} mode tap")
            ip(f"link set tap{number} up")
        ip(f"link set tap0 mtu 1400 master {BRIDGE}")
        with namespaces.in_netns(netns):
            running = sockets.serve_links([LINK])
        yield
        running.stop()
    finally:
        namespaces.remove(netns)
