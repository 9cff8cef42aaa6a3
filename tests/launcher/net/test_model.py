import pytest

from launcher.net.model import Address, Link, NetState, Route, Sysctl, Table


def test_an_address_is_read_and_written_alike() -> None:
    assert str(Address.parse("10.0.2.1/24")) == "10.0.2.1/24"
    assert str(Address.parse("fd10:0:2:0::1/120")) == "fd10:0:2::1/120"


def test_an_address_knows_its_ip_version() -> None:
    assert Address.parse("10.0.2.1/24").version == 4
    assert Address.parse("fd10::1/64").version == 6


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match="eth0"):
        Address.parse("eth0")


def test_parts_of_a_network_are_found() -> None:
    state = NetState(
        links=(Link(name="a"), Link(name="b")),
        routes=(Route(destination="0.0.0.0/0", device="a", gateway="10.0.0.1"),),
        sysctls=(Sysctl(key="k", value="v"),),
        tables=(Table(family="ip", name="nat"),),
    )
    assert state.link("b") == Link(name="b")
    assert state.link("c") is None
    assert state.sysctl("k") == "v"
    assert state.sysctl("l") is None
    assert state.table("ip", "nat") == Table(family="ip", name="nat")
    assert state.table("ip6", "nat") is None
    assert state.default_gateway(4) == "10.0.0.1"
    assert state.default_gateway(6) == ""


def test_a_route_to_everywhere_is_the_default() -> None:
    assert Route(destination="::/0", device="a").is_default
    assert not Route(destination="10.0.0.0/8", device="a").is_default
