import pytest

from launcher.errors import HostError
from launcher.net import bridged
from launcher.net.attachments import Hop, Lease
from launcher.net.bridged import Place
from launcher.net.model import Address, Link, NetState, Route
from launcher.spec import Bridge, Nic

MAC = "0a:58:0a:83:01:0e"
PLACE = Place(position=0, index=0, seed="u", holder="dummy")


def pod(*addresses: str, routes: tuple[tuple[str, str], ...] = ()) -> NetState:
    found = tuple(Address.parse(address) for address in addresses)
    link = Link(name="eth0", kind="veth", mac=MAC, mtu=1400, addresses=found, up=True)
    other = Route(destination="10.9.0.0/16", device="other")
    own = (Route(destination=to, device="eth0", gateway=via) for to, via in routes)
    return NetState(links=(link,), routes=(other, *own))


ROUTES = (
    ("0.0.0.0/0", "10.131.0.1"),
    ("10.128.0.0/14", "10.131.0.1"),
    ("10.131.0.0/23", ""),
    ("::/0", "fd01:0:0:5::1"),
)
POD = pod("10.131.1.14/23", "fd01:0:0:5::e/64", routes=ROUTES)


def nic(**fields: object) -> Nic:
    return Nic(**{"name": "default", "pod_nic": "eth0", "binding": Bridge(), **fields})


def lease(observed: NetState, **fields: object) -> Lease:
    found = bridged.attach(nic(**fields), observed, PLACE, serves=True).lease
    assert found is not None
    return found


def test_the_guest_gets_what_the_pod_had() -> None:
    assert lease(POD) == Lease(
        address=Address.parse("10.131.1.14/23"),
        mac=MAC,
        server="169.254.75.10",
        gateway="10.131.0.1",
        routes=(
            Hop(destination="0.0.0.0/0", gateway="10.131.0.1"),
            Hop(destination="10.128.0.0/14", gateway="10.131.0.1"),
        ),
    )


def test_all_addresses_are_held_and_the_guest_is_reached_by_one() -> None:
    found = bridged.attach(nic(), POD, PLACE, serves=True)
    assert [str(a) for a in found.held] == ["10.131.1.14/23", "fd01:0:0:5::e/64"]
    assert [str(a) for a in found.addresses] == ["10.131.1.14/23"]
    assert (found.mac, found.mtu, found.tap) == (MAC, 1400, "tap0")


@pytest.mark.parametrize(
    ("fields", "mac"),
    [
        ({"mac": "02:00:00:00:00:01", "known_mac": "02:00:00:00:00:02"}, "02:00:00:00:00:01"),
        ({"known_mac": "02:00:00:00:00:02"}, "02:00:00:00:00:02"),
    ],
)
def test_one_mac_is_answered(fields: dict[str, object], mac: str) -> None:
    assert lease(POD, **fields).mac == mac


def test_a_gateway_outside_the_subnet_comes_with_the_way_to_it() -> None:
    routes = (("0.0.0.0/0", "169.254.1.1"), ("169.254.1.1/32", ""))
    found = lease(pod("10.1.9.44/32", routes=routes))
    assert found.gateway == "169.254.1.1"
    assert found.routes == (
        Hop(destination="0.0.0.0/0", gateway="169.254.1.1"),
        Hop(destination="169.254.1.1/32"),
    )


def test_without_a_default_route_there_is_no_gateway() -> None:
    found = lease(pod("10.131.1.14/23", routes=(("10.131.0.0/23", ""),)))
    assert (found.gateway, found.routes) == ("", ())


def test_without_an_address_nothing_is_handed_out() -> None:
    found = bridged.attach(nic(), pod(), PLACE, serves=True)
    assert (found.lease, found.bridge_address, found.addresses) == (None, None, ())
    wanted = bridged.desired(found, Link(name="tap0"))
    assert wanted.sysctls == ()
    assert wanted.links[0].addresses == ()


def test_a_managed_tap_is_served_by_somebody_else() -> None:
    found = bridged.attach(nic(), POD, PLACE, serves=False)
    assert (found.lease, found.bridge_address) == (None, None)
    assert len(found.addresses) == 2
    assert bridged.desired(found, Link(name="tap0")).sysctls[0].key == bridged.ARP_IGNORE


def test_numbers_are_written_one_behind_the_other() -> None:
    place = Place(position=11, index=10, seed="u", holder="dummy")
    found = bridged.attach(nic(), POD, place, serves=True)
    assert str(found.bridge_address) == "169.254.75.110/32"
    assert found.lease is not None
    assert found.lease.server == "169.254.75.111"


def test_the_bridges_mac_is_its_own_and_stays() -> None:
    def mac(seed: str) -> str:
        made = Place(position=0, index=0, seed=seed, holder="dummy")
        return bridged.attach(nic(), POD, made, serves=True).bridge_mac

    assert mac("u") == mac("u") != mac("v")
    first = int(mac("u")[:2], 16)
    assert (first & 1, first & 2) == (0, 2)


def test_the_holder_keeps_quiet() -> None:
    found = bridged.attach(nic(), POD, PLACE, serves=True)
    bridge, moved, tap, holder = bridged.desired(found, Link(name="tap0")).links
    assert (holder.name, holder.kind, holder.up, holder.mac) == ("eth0", "dummy", False, MAC)
    assert (moved.name, moved.was, moved.learning) == ("eth0-nic", "eth0", False)
    assert moved.mac == bridge.mac
    assert tap.name == "tap0"


def test_refusals() -> None:
    with pytest.raises(HostError, match=r"pod link \(eth0\) is missing"):
        bridged.attach(nic(), NetState(), PLACE, serves=True)
    with pytest.raises(HostError, match="no gateway address found in routes for eth0"):
        bridged.attach(nic(), pod("10.1.9.44/32"), PLACE, serves=True)
