"""DHCP, DHCPv6 and router advertisements with the clients that the tiny guest has."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

import pytest

from launcher.net import dhcp4, dhcp6, routeradv
from launcher.net.served import ServedLink
from launcher.spec import DhcpOptions
from launcher.system import namespaces, process, sockets
from tests.fakes.instance import until

pytestmark = pytest.mark.host

POD, GUEST = (f"vt-{name}-{os.getpid()}" for name in ("served-pod", "served-guest"))
BRIDGE, MAC = "k6t-eth0", "02:00:00:00:00:00"
GUEST_MAC = "02:b3:f0:00:00:45"

LINK = ServedLink(
    bridge=BRIDGE,
    dhcp4=dhcp4.Config(
        address=IPv4Interface("10.0.2.2/24"),
        server=IPv4Address("10.0.2.1"),
        router=IPv4Address("10.0.2.1"),
        hostname="fedora-0",
        mtu=1400,
        nameservers=("10.244.1.1", "fd10:244:0:1::1"),
        search=("default.svc.cluster.local", "svc.cluster.local", "cluster.local"),
        routes=(dhcp4.Route(destination=IPv4Network("172.30.0.0/16"), gateway=IPv4Address(1)),),
        extra=DhcpOptions(ntp_servers=("192.0.2.9",), boot_file_name="pxe.0"),
    ),
    dhcp6=dhcp6.Config(
        address=IPv6Address("fd10:0:2::2"), mac=MAC, nameservers=("fd10:244:0:1::1",)
    ),
    routeradv=routeradv.Config(
        mac=MAC, mtu=1400, prefix=IPv6Network("fd10:0:2::/120"), nameservers=()
    ),
)


def ip(netns: str, words: str) -> str:
    return process.run(["ip", *words.split()], netns=netns).stdout


@pytest.fixture
def pod() -> Iterator[None]:
    """A pod with a bridge, and a guest's link on it in a namespace of its own."""
    for name in (POD, GUEST):
        namespaces.remove(name)
        namespaces.create(name)
    try:
        process.run(["sysctl", "-qw", "net.ipv6.conf.all.forwarding=1"], netns=POD)
        ip(POD, f"link add {BRIDGE} address {MAC} mtu 1400 type bridge")
        ip(POD, f"addr add 10.0.2.1/24 dev {BRIDGE}")
        ip(POD, f"addr add fd10:0:2::1/120 dev {BRIDGE} nodad")
        ip(POD, f"link set {BRIDGE} up")
        ip(POD, f"link add tap0 type veth peer name eth0 address {GUEST_MAC} netns {GUEST}")
        ip(POD, f"link set tap0 mtu 1400 master {BRIDGE} up")
        yield
    finally:
        for name in (POD, GUEST):
            namespaces.remove(name)


@pytest.fixture
def served(pod: None) -> Iterator[None]:
    with namespaces.in_netns(POD):
        running = sockets.serve_links([LINK])
    yield
    running.stop()


@pytest.fixture
def hook(tmp_path: Path) -> Path:
    """A script that writes down what a DHCP client was told."""
    path = tmp_path / "hook"
    path.write_text(f"#!/bin/sh\n[ $1 = bound ] || exit 0\nenv > {tmp_path}/told\n")
    path.chmod(0o755)
    return path


def told(hook: Path) -> dict[str, str]:
    lines = (hook.parent / "told").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_a_guest_gets_its_lease_by_dhcp(served: None, hook: Path) -> None:
    ip(GUEST, "link set eth0 up")
    options = [word for name in ("mtu", "search", "ntpsrv", "bootfile") for word in ("-O", name)]
    client = ["busybox", "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "20", "-T", "1"]
    process.run([*client, "-s", hook, *options], netns=GUEST, timeout=60)
    lease = told(hook)
    assert lease["ip"] == "10.0.2.2"
    assert lease["mask"] == "24"
    assert lease["router"] == "10.0.2.1"
    assert lease["serverid"] == "10.0.2.1"
    assert lease["lease"] == "86313600"
    assert lease["dns"] == "10.244.1.1"
    assert lease["mtu"] == "1400"
    assert lease["hostname"] == "fedora-0"
    assert lease["domain"] == "default.svc.cluster.local"
    assert lease["search"] == "default.svc.cluster.local svc.cluster.local cluster.local"
    assert lease["ntpsrv"] == "192.0.2.9"
    assert lease["bootfile"] == "pxe.0"
    assert lease["staticroutes"] == "172.30.0.0/16 0.0.0.1"


def test_a_guest_gets_address_and_default_route_by_ipv6(served: None, hook: Path) -> None:
    for key in ("accept_ra", "accept_dad", "dad_transmits", "router_solicitation_delay"):
        value = "2" if key == "accept_ra" else "0"
        process.run(["sysctl", "-q", "-w", f"net.ipv6.conf.eth0.{key}={value}"], netns=GUEST)
    ip(GUEST, "link set eth0 up")
    deadline = time.monotonic() + 60
    while "default via fe80::ff:fe00:0" not in (routes := ip(GUEST, "-6 route")):
        assert time.monotonic() < deadline, routes
        time.sleep(0.1)
    assert "fd10:0:2::/120" in routes
    assert ip(GUEST, "-6 addr show dev eth0 scope global") == ""
    client = ["busybox", "udhcpc6", "-i", "eth0", "-f", "-q", "-n", "-t", "10", "-T", "1"]
    process.run([*client, "-s", hook], netns=GUEST, timeout=60)
    lease = told(hook)
    assert IPv6Address(lease["ipv6"]) == IPv6Address("fd10:0:2::2")
    assert IPv6Address(lease["dns"]) == IPv6Address("fd10:244:0:1::1")
    ip(GUEST, "addr add fd10:0:2::2/128 dev eth0 nodad")
    process.run(["busybox", "ping", "-6", "-c1", "-W2", "fd10:0:2::1"], netns=GUEST)


def dhclient(hook: Path, *words: str) -> dict[str, str]:
    """What ISC's client was told, for whose script every fact is a variable ``new_...``."""
    hook.write_text(
        "#!/bin/sh\ncase $reason in BOUND|BOUND6)\n"
        f"  env >{hook.parent}/told;;\nPREINIT) ip link set $interface up;;\nesac\n"
    )
    files = [
        *("-lf", hook.parent / "leases", "-pf", hook.parent / "pid"),
        *("-cf", "/dev/null", "-sf", hook),
    ]
    try:
        process.run(["dhclient", "-1", *words, *files, "eth0"], netns=GUEST, timeout=60)
    finally:
        stop = ["dhclient", "-x", *words, "-pf", hook.parent / "pid", "-lf", hook.parent / "leases"]
        process.run([*stop, "-cf", "/dev/null", "-sf", "/bin/true"], netns=GUEST, check=False)
    return told(hook)


def test_iscs_client_gets_its_lease(served: None, hook: Path) -> None:
    lease = dhclient(hook, "-4")
    assert lease["new_ip_address"] == "10.0.2.2"
    assert lease["new_subnet_mask"] == "255.255.255.0"
    assert lease["new_routers"] == lease["new_dhcp_server_identifier"] == "10.0.2.1"
    assert lease["new_domain_name_servers"] == "10.244.1.1"
    assert lease["new_domain_search"].split() == [
        f"{part}cluster.local." for part in ("default.svc.", "svc.", "")
    ]
    assert lease["new_interface_mtu"] == "1400"


def test_iscs_client_gets_an_ipv6_address(served: None, hook: Path) -> None:
    process.run(["sysctl", "-q", "-w", "net.ipv6.conf.eth0.accept_dad=0"], netns=GUEST)
    ip(GUEST, "link set eth0 up")
    # The client ends at once where the link has no address of its own yet.
    until(lambda: "fe80" in ip(GUEST, "-6 address show dev eth0 -tentative"), "link-local address")
    lease = dhclient(hook, "-6")
    assert IPv6Address(lease["new_ip6_address"]) == IPv6Address("fd10:0:2::2")
    assert IPv6Address(lease["new_dhcp6_name_servers"]) == IPv6Address("fd10:244:0:1::1")


def test_servers_leave_the_ports_free(pod: None) -> None:
    with namespaces.in_netns(POD):
        for _ in range(2):
            running = sockets.serve_links([LINK])
            running.stop()
            running.stop()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
                free.bind(("", 67))
                assert free.getsockname()[1] == 67
