import pytest

from launcher.errors import SpecError
from launcher.net import addresses
from launcher.net.model import Address


@pytest.mark.parametrize(
    ("cidr", "gateway", "guest"),
    [
        ("10.0.2.0/24", "10.0.2.1/24", "10.0.2.2/24"),
        ("10.11.12.57/24", "10.11.12.1/24", "10.11.12.2/24"),  # host bits are ignored
        ("192.168.4.4/30", "192.168.4.5/30", "192.168.4.6/30"),
        ("fd10:0:2::/120", "fd10:0:2::1/120", "fd10:0:2::2/120"),
        ("fd00::/126", "fd00::1/126", "fd00::2/126"),
    ],
)
def test_gateway_and_guest_are_the_first_two(cidr: str, gateway: str, guest: str) -> None:
    assert [str(a) for a in addresses.gateway_and_guest(cidr)] == [gateway, guest]


@pytest.mark.parametrize("cidr", ["10.0.2.0/31", "10.0.2.0/32", "fd00::/127"])
def test_a_network_for_one_host_is_too_small(cidr: str) -> None:
    with pytest.raises(SpecError, match=r"networks.*too small: at least 2 host addresses"):
        addresses.gateway_and_guest(cidr, "networks[0].pod.vmNetworkCIDR")


def test_what_is_no_cidr_is_named() -> None:
    with pytest.raises(SpecError, match="`ten/8` is not a CIDR"):
        addresses.gateway_and_guest("ten/8")


def test_private_addresses_are_global_and_link_local_ones_are_not() -> None:
    given = tuple(
        Address.parse(text)
        for text in ("10.0.0.1/8", "127.0.0.1/8", "169.254.1.1/16", "fe80::1/64", "fd00::1/64")
    )
    assert addresses.global_addresses(given, 4) == (Address.parse("10.0.0.1/8"),)
    assert addresses.global_addresses(given, 6) == (Address.parse("fd00::1/64"),)
    assert addresses.global_addresses(None, 4) == ()


def test_subnets_are_counted() -> None:
    assert addresses.subnet("10.244.0.0/16", 24, 2) == "10.244.2.0/24"
    assert addresses.subnet("fd10:244::/48", 64, 3) == "fd10:244:0:3::/64"
    with pytest.raises(ValueError, match="no subnet /24 of number 1"):
        addresses.subnet("10.244.0.0/24", 24, 1)


def test_hosts_are_counted() -> None:
    assert str(addresses.host("10.244.1.0/24", 1)) == "10.244.1.1/24"
    assert str(addresses.host("fd10:244:0:1::/64", 2)) == "fd10:244:0:1::2/64"


def test_overlaps() -> None:
    assert addresses.overlap("10.0.0.0/8", "10.244.0.0/16")
    assert addresses.overlap("10.244.1.0/24", "10.244.0.0/16")
    assert not addresses.overlap("10.243.0.0/16", "10.244.0.0/16")
    assert not addresses.overlap("::/0", "10.244.0.0/16")


@pytest.mark.parametrize("text", ["02-AB-00-00-00-01", "02:ab:00:00:00:01"])
def test_macs_are_written_in_one_way(text: str) -> None:
    assert addresses.normal_mac(text) == "02:ab:00:00:00:01"
    assert addresses.normal_mac("") == ""
