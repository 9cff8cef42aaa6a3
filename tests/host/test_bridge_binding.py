"""A pod whose guest has the pod's own address and MAC, with a namespace playing the guest."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from launcher.spec import Bridge, Firmware, MachineSpec, Memory, Nic, Resolver
from launcher.system import namespaces, podnet, sockets
from launcher.system.process import run
from tests.fakes.scratch import answers, pod_by_hand, scratch_netns, shell

pytestmark = pytest.mark.host

SPEC = MachineSpec(
    name="fedora-9",
    namespace="default",
    uid="u",
    hostname="fedora-9",
    memory=Memory(guest=1),
    firmware=Firmware(uuid="x"),
    nics=(Nic(name="default", pod_nic="eth0", binding=Bridge()),),
    resolver=Resolver(nameservers=("10.129.2.1",)),
)

# What a guest does with its lease, classless static routes included (RFC 3442).
HOOK = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip link set $interface mtu $mtu
ip address add $ip/$mask dev $interface
set -- $staticroutes
while [ $# -gt 1 ]; do
  if [ $2 = 0.0.0.0 ]; then ip route add $1 dev $interface
  else ip route add $1 via $2 dev $interface; fi
  shift 2
done
"""


@dataclass(frozen=True)
class Three:
    """Names of the namespaces that play pod, node and guest, and the pod's MAC."""

    pod: str
    node: str
    guest: str
    mac: str


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Three]:
    with ExitStack() as stack:
        names = [stack.enter_context(scratch_netns(name)) for name in ("p", "n", "g")]
        pod, node, guest = names
        pod_by_hand(pod, node)
        shell("ip route add 172.30.0.0/16 via 10.129.2.1", pod)
        mac = shell("ip -br link show eth0", pod).split()[2]
        with namespaces.in_netns(pod):
            net = podnet.set_up(SPEC, tmp_path / "journal.jsonl")
            servers = sockets.serve_guest_network(SPEC, net)
        stack.callback(servers.stop)
        shell(f"ip link add guest0 type veth peer name eth0 address {mac} netns {guest}", pod)
        shell("ip link set guest0 master k6t-eth0 up", pod)
        shell("ip link set eth0 up", guest)
        yield Three(*names, mac)


def ask(three: Three, tmp_path: Path) -> None:
    """Get the lease as a guest would, and use it."""
    hook = tmp_path / "hook"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    options = [word for name in ("mtu", "staticroutes") for word in ("-O", name)]
    client = ["busybox", "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "20", "-T", "1"]
    run([*client, "-s", hook, *options], netns=three.guest, timeout=60)


def test_the_guest_gets_the_pods_address_and_routes(three: Three, tmp_path: Path) -> None:
    ask(three, tmp_path)
    assert "inet 10.129.2.132/23" in shell("ip address show eth0", three.guest)
    assert "mtu 1400" in shell("ip link show eth0", three.guest)
    routes = shell("ip route", three.guest)
    assert "default via 10.129.2.1 dev eth0" in routes
    assert "172.30.0.0/16 via 10.129.2.1 dev eth0" in routes


def test_the_pods_address_is_the_guests_alone(three: Three, tmp_path: Path) -> None:
    assert not answers("10.129.2.132", three.node)
    ask(three, tmp_path)
    assert answers("10.129.2.132", three.node)
    assert answers("10.129.2.1", three.guest)
    assert three.mac in shell("ip neighbour show 10.129.2.132", three.node)


def test_the_pods_links_are_as_the_talk_shows(three: Three) -> None:
    bridge = shell("ip -d link show k6t-eth0", three.pod)
    moved = shell("ip -d link show eth0-nic", three.pod)
    own = bridge.split("link/ether ")[1].split()[0]
    assert f"link/ether {own}" in moved
    assert "master k6t-eth0" in moved
    assert "inet" not in shell("ip -4 address show eth0-nic", three.pod)
    assert "inet 169.254.75.10/32" in shell("ip address show k6t-eth0", three.pod)
    assert "master k6t-eth0" in shell("ip link show tap0", three.pod)
    kept = shell("ip address show eth0", three.pod)
    assert "<BROADCAST,NOARP> mtu 1400" in kept
    assert "state DOWN" in kept
    assert f"link/ether {three.mac}" in kept
    assert "inet 10.129.2.132/23" in kept


def test_another_station_is_not_answered(three: Three, tmp_path: Path) -> None:
    shell("ip link set eth0 down", three.guest)
    shell("ip link set eth0 address 02:fe:ed:00:00:01", three.guest)
    shell("ip link set eth0 up", three.guest)
    client = ["busybox", "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "2", "-T", "1"]
    assert run([*client, "-s", "/bin/true"], netns=three.guest, check=False).returncode
