import pytest

from launcher.ops import links
from launcher.ops.base import Op

CASES: list[tuple[Op, str]] = [
    (links.AddNamespace(name="n"), "ip netns add n"),
    (links.DeleteNamespace(name="n"), "ip netns delete n"),
    (
        links.AddLink(name="k6t-eth0", kind="bridge", mac="02:00:00:00:00:00"),
        "ip link add k6t-eth0 address 02:00:00:00:00:00 type bridge",
    ),
    (
        links.AddLink(name="vl-n1", kind="veth", peer="eth0", peer_netns="n"),
        "ip link add vl-n1 type veth peer name eth0 netns n",
    ),
    (
        links.AddLink(name="a", kind="veth", peer="b"),
        "ip link add a type veth peer name b",
    ),
    (
        links.AddLink(name="tap0", kind="tap", owner=107),
        "ip tuntap add dev tap0 mode tap user 107 group 107",
    ),
    (
        links.AddLink(name="tap0", kind="tap", queues=2),
        "ip tuntap add dev tap0 mode tap user 0 group 0 multi_queue",
    ),
    (links.DeleteLink(name="a"), "ip link delete a"),
    (links.RenameLink(name="eth0", to="eth0-nic"), "ip link set eth0 name eth0-nic"),
    (links.SetLearning(name="a", on=False), "bridge link set dev a learning off"),
    (links.SetLearning(name="a", on=True), "bridge link set dev a learning on"),
    (links.SetMac(name="a", mac="02:00:00:00:00:01"), "ip link set a address 02:00:00:00:00:01"),
    (links.SetMtu(name="a", mtu=1400), "ip link set a mtu 1400"),
    (links.SetMaster(name="a", master="b"), "ip link set a master b"),
    (links.SetMaster(name="a", master=""), "ip link set a nomaster"),
    (links.SetUp(name="a", up=True), "ip link set a up"),
    (links.SetUp(name="a", up=False), "ip link set a down"),
    (links.AddAddress(link="a", address="10.0.2.1/24"), "ip address add 10.0.2.1/24 dev a"),
    (links.AddAddress(link="a", address="fd10::1/64"), "ip address add fd10::1/64 dev a nodad"),
    (links.DeleteAddress(link="a", address="fd10::1/64"), "ip address delete fd10::1/64 dev a"),
    (
        links.AddRoute(destination="0.0.0.0/0", device="a", gateway="10.0.0.1"),
        "ip route add 0.0.0.0/0 via 10.0.0.1 dev a",
    ),
    (links.DeleteRoute(destination="10.0.0.0/8", device="a"), "ip route delete 10.0.0.0/8 dev a"),
    (links.SetSysctl(key="net/ipv4/ip_forward", value="1"), "sysctl -w net/ipv4/ip_forward=1"),
]


@pytest.mark.parametrize(("op", "line"), CASES, ids=[type(op).__name__ for op, _ in CASES])
def test_describes_itself_as_a_shell_line(op: Op, line: str) -> None:
    assert op.describe() == line
