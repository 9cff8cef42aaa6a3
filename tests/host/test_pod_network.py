"""A pod's network as the talk shows it, with a namespace playing the guest behind the bridge."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from launcher.spec import Firmware, MachineSpec, Masquerade, Memory, Nic, Port
from launcher.system import namespaces, podnet
from launcher.system.process import run
from tests.fakes.scratch import answers, pod_by_hand, scratch_netns, shell

pytestmark = pytest.mark.host

TABLE = """table ip nat {
	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		iifname "eth0" counter jump KUBEVIRT_PREINBOUND
	}

	chain input {
		type nat hook input priority srcnat; policy accept;
	}

	chain output {
		type nat hook output priority dstnat; policy accept;
		ip daddr 127.0.0.1 counter dnat to 10.0.2.2
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 10.0.2.2 counter masquerade
		oifname "k6t-eth0" counter jump KUBEVIRT_POSTINBOUND
	}

	chain KUBEVIRT_PREINBOUND {
		counter dnat to 10.0.2.2
	}

	chain KUBEVIRT_POSTINBOUND {
		ip saddr 127.0.0.1 counter snat to 10.0.2.1
	}
}
"""


@dataclass(frozen=True)
class Three:
    """Names of the namespaces that play pod, node and guest."""

    pod: str
    node: str
    guest: str


@pytest.fixture
def three() -> Iterator[Three]:
    with ExitStack() as stack:
        made = Three(*(stack.enter_context(scratch_netns(name)) for name in ("p", "n", "g")))
        pod_by_hand(made.pod, made.node)
        yield made


def set_up(three: Three, tmp_path: Path, ports: tuple[Port, ...] = ()) -> podnet.PodNet:
    """Set the pod's network up and plug the namespace that plays the guest into the bridge."""
    spec = MachineSpec(
        name="fedora-0",
        namespace="default",
        uid="u",
        hostname="fedora-0",
        memory=Memory(guest=1),
        firmware=Firmware(uuid="x"),
        nics=(Nic(name="default", pod_nic="eth0", binding=Masquerade(), ports=ports),),
    )
    with namespaces.in_netns(three.pod):
        net = podnet.set_up(spec, tmp_path / "journal.jsonl")
    shell(
        f"""
        ip link add guest0 type veth peer name eth0 netns {three.guest}
        ip link set guest0 master k6t-eth0 up
        """,
        three.pod,
    )
    shell(
        """
        ip link set eth0 mtu 1400 up
        ip address add 10.0.2.2/24 dev eth0
        ip address add fd10:0:2::2/120 dev eth0 nodad
        ip route add default via 10.0.2.1
        ip route add default via fd10:0:2::1
        """,
        three.guest,
    )
    return net


def caller(server: str, client: str, address: str, at: str, port: int = 8080) -> str:
    """Who a server, listening at an address, sees when a client calls another address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with (
        namespaces.open_socket(server, family) as listener,
        namespaces.open_socket(client, family) as call,
    ):
        listener.settimeout(60)
        call.settimeout(60)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((at, port))
        listener.listen()
        call.connect((address, port))
        accepted, peer = listener.accept()
        accepted.close()
        return str(peer[0])


def test_links_and_addresses(three: Three, tmp_path: Path) -> None:
    set_up(three, tmp_path)
    shown = shell("ip address", three.pod)
    for part in (
        "k6t-eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1400",
        "link/ether 02:00:00:00:00:00 brd",
        "inet 10.0.2.1/24 brd 10.0.2.255 scope global k6t-eth0",
        "inet6 fd10:0:2::1/120 scope global",
        "inet6 fe80::ff:fe00:0/64 scope link",
        "tap0: <BROADCAST,MULTICAST,UP> mtu 1400",
        "master k6t-eth0",
        "inet 10.129.2.132/23",
    ):
        assert part in shown
    assert "tentative" not in shell("ip -6 address show k6t-eth0", three.pod)
    routes = shell("ip route", three.pod)
    assert "default via 10.129.2.1 dev eth0" in routes
    assert "10.0.2.0/24 dev k6t-eth0 proto kernel scope link src 10.0.2.1" in routes


def test_rules(three: Three, tmp_path: Path) -> None:
    set_up(three, tmp_path)
    assert shell("nft -s list table nat", three.pod) == TABLE
    of6 = (
        TABLE.replace("table ip ", "table ip6 ")
        .replace("ip daddr 127.0.0.1", "ip6 daddr ::1")
        .replace("ip saddr 127.0.0.1", "ip6 saddr ::1")
        .replace("ip saddr", "ip6 saddr")
        .replace("10.0.2.", "fd10:0:2::")
    )
    assert shell("nft -s list table ip6 nat", three.pod) == of6


def test_settings(three: Three, tmp_path: Path) -> None:
    set_up(three, tmp_path)
    for key in (
        "net.ipv4.ip_forward",
        "net.ipv6.conf.all.forwarding",
        "net.ipv4.conf.k6t-eth0.route_localnet",
    ):
        assert shell(f"sysctl -n {key}", three.pod) == "1\n"


def test_the_pods_address_reaches_the_guest(three: Three, tmp_path: Path) -> None:
    set_up(three, tmp_path)
    assert answers("10.129.2.132", three.node)
    assert answers("fd01:0:0:5::9", three.node)
    assert caller(three.guest, three.node, "10.129.2.132", "10.0.2.2") == "10.129.2.1"
    assert caller(three.guest, three.node, "fd01:0:0:5::9", "fd10:0:2::2") == "fd01:0:0:5::1"


def test_the_guest_leaves_with_the_pods_address(three: Three, tmp_path: Path) -> None:
    set_up(three, tmp_path)
    assert caller(three.node, three.guest, "10.129.2.1", "10.129.2.1") == "10.129.2.132"
    assert caller(three.node, three.guest, "fd01:0:0:5::1", "fd01:0:0:5::1") == "fd01:0:0:5::9"


def test_loopback_of_the_pod_is_the_guest(three: Three, tmp_path: Path) -> None:
    set_up(three, tmp_path)
    assert caller(three.guest, three.pod, "127.0.0.1", "10.0.2.2") == "10.0.2.1"


def test_declared_ports_only(three: Three, tmp_path: Path) -> None:
    set_up(three, tmp_path, ports=(Port(port=8080), Port(port=53, protocol="UDP")))
    assert caller(three.guest, three.node, "10.129.2.132", "10.0.2.2") == "10.129.2.1"
    assert caller(three.guest, three.pod, "127.0.0.1", "10.0.2.2") == "10.0.2.1"
    # Another port is the pod's own, where nobody listens.
    with pytest.raises(ConnectionRefusedError):
        caller(three.guest, three.node, "10.129.2.132", "10.0.2.2", port=8081)
    rules = shell("nft -s list chain ip nat KUBEVIRT_PREINBOUND", three.pod)
    assert "tcp dport 8080 counter dnat to 10.0.2.2" in rules
    assert "udp dport 53 counter dnat to 10.0.2.2" in rules


def test_a_pod_of_one_family_gets_nothing_of_the_other(three: Three, tmp_path: Path) -> None:
    shell("ip -6 address flush dev eth0 scope global", three.pod)
    net = set_up(three, tmp_path)
    assert net.attachment("default").ipv6 is None
    assert run(["nft", "list", "table", "ip6", "nat"], netns=three.pod, check=False).returncode
    assert "fd10" not in shell("ip -6 address", three.pod)
