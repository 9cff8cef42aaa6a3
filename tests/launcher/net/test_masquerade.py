import pytest

from launcher.errors import HostError, SpecError
from launcher.net import masquerade
from launcher.net.model import Address, Link, NetState
from launcher.spec import Masquerade, Nic, PodOptions

POD = NetState(
    links=(
        Link(
            name="eth0",
            kind="veth",
            mac="0a:58:0a:f4:01:02",
            mtu=1400,
            addresses=(Address.parse("10.244.1.2/24"), Address.parse("fd10:244:0:1::2/64")),
        ),
    )
)
TAP = Link(name="tap0", kind="tap")


def nic(mac: str = "") -> Nic:
    return Nic(name="default", pod_nic="eth0", binding=Masquerade(), mac=mac)


def test_facts_for_dhcp_and_domain() -> None:
    found = masquerade.attach(nic(), Masquerade(), POD)
    assert (found.bridge, found.tap, found.mtu) == ("k6t-eth0", "tap0", 1400)
    assert found.mac == found.guest_mac == "0a:58:0a:f4:01:02"
    assert [str(a) for a in found.addresses] == ["10.244.1.2/24", "fd10:244:0:1::2/64"]
    assert found.ipv4 is not None
    assert (str(found.ipv4.gateway), str(found.ipv4.guest)) == ("10.0.2.1/24", "10.0.2.2/24")
    assert found.ipv6 is not None
    assert str(found.ipv6.guest) == "fd10:0:2::2/120"


def test_a_pod_without_the_link_is_an_error() -> None:
    with pytest.raises(HostError, match="no link `eth0` for the network `default`"):
        masquerade.attach(nic(), Masquerade(), NetState())


def test_a_pod_without_addresses_gives_a_wire_and_nothing_else() -> None:
    bare = NetState(links=(Link(name="eth0", kind="veth", mtu=1500, addresses=()),))
    found = masquerade.attach(nic(), Masquerade(), bare)
    wanted = masquerade.desired(nic(), found, PodOptions(), TAP)
    assert [(link.name, link.addresses) for link in wanted.links] == [
        ("k6t-eth0", ()),
        ("tap0", None),
    ]
    assert (wanted.sysctls, wanted.tables) == ((), ())


def test_a_small_network_is_refused_by_its_field() -> None:
    with pytest.raises(SpecError, match=r"interfaces\[default\].vmNetworkCIDR: .*too small"):
        masquerade.attach(nic(), Masquerade(cidr="10.0.2.0/31"), POD)


def test_macs_are_written_in_one_way_and_the_gateways_is_refused() -> None:
    assert masquerade.attach(nic("DE-AD-00-00-BE-AF"), Masquerade(), POD).guest_mac == (
        "de:ad:00:00:be:af"
    )
    with pytest.raises(SpecError, match=r"interfaces\[default\].macAddress: .*gateway"):
        masquerade.attach(nic("02:00:00:00:00:00"), Masquerade(), POD)


def test_settings_are_named_after_the_bridge() -> None:
    assert masquerade.route_localnet("b") == "net/ipv4/conf/b/route_localnet"
    assert masquerade.accept_dad("b") == "net/ipv6/conf/b/accept_dad"


def test_a_guest_that_boots_is_looked_for_often() -> None:
    assert masquerade.patience("b", 6) == {
        "net/ipv6/neigh/b/retrans_time_ms": "100",
        "net/ipv6/neigh/b/mcast_solicit": "30",
    }
