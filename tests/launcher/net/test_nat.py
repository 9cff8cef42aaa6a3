"""The rules of every kind are in ``cases``; here is what is left of them."""

import pytest

from launcher.net import nat
from launcher.net.attachments import Attachment, GuestNetwork
from launcher.net.model import Address
from launcher.net.nft import build_rule_text
from launcher.spec import Masquerade, Nic, PodOptions, Port

TO = Attachment(
    name="default",
    pod_nic="eth0",
    mac="",
    mtu=1500,
    addresses=(Address.parse("10.244.1.2/24"),),
    bridge="k6t-eth0",
    ipv4=GuestNetwork(gateway=Address.parse("10.0.2.1/24"), guest=Address.parse("10.0.2.2/24")),
)


def rules(chain: str, ports: tuple[Port, ...] = (), **options: bool) -> list[str]:
    nic = Nic(name="default", pod_nic="eth0", binding=Masquerade(), ports=ports)
    table = nat.table(nic, TO, 4, PodOptions(**options))
    (found,) = (each for each in table.chains if each.name == chain)
    return [build_rule_text(rule) for rule in found.rules]


def test_an_ip_version_that_the_pod_lacks_has_no_nat() -> None:
    nic = Nic(name="default", pod_nic="eth0", binding=Masquerade())
    with pytest.raises(ValueError, match="no IPv6"):
        nat.table(nic, TO, 6, PodOptions())


@pytest.mark.parametrize(
    ("port", "let_in"),
    [
        (Port(port=22), True),
        (Port(port=22, protocol="UDP"), True),
        (Port(port=80), False),
        (Port(port=20, last=30), True),
        (Port(port=20, last=21), False),
    ],
)
def test_a_mesh_lets_ssh_in_when_its_port_is_declared(port: Port, let_in: bool) -> None:
    wanted = ["tcp dport 22 counter dnat to 10.0.2.2"] if let_in else []
    assert rules("KUBEVIRT_PREINBOUND", (port,), mesh=True) == wanted


def test_a_mesh_lets_ssh_in_once_for_each_port_that_spans_it() -> None:
    ports = (Port(port=22, protocol="UDP"), Port(port=80), Port(port=22))
    found = rules("KUBEVIRT_PREINBOUND", ports, mesh=True)
    assert found == ["tcp dport 22 counter dnat to 10.0.2.2"] * 2
    assert len(rules("KUBEVIRT_PREINBOUND", mesh=True)) == 1


def test_a_range_of_one_is_a_port() -> None:
    assert rules("KUBEVIRT_PREINBOUND", (Port(port=80, last=80),)) == [
        "tcp dport 80 counter dnat to 10.0.2.2"
    ]


def test_migrations_keep_their_ports_beside_declared_ones() -> None:
    assert rules("output", (Port(port=80),), migration_ports=True) == [
        "tcp dport { 49152, 49153 } ip saddr 127.0.0.1 counter return",
        "ip daddr 127.0.0.1 tcp dport 80 counter dnat to 10.0.2.2",
    ]
