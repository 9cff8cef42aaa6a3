import pytest

from launcher.errors import HostError
from launcher.net.overlayaddresses import allocate, fit, mac_of, plain
from tests.fakes.pluginwords import OVERLAY_FULL


@pytest.mark.parametrize(
    ("subnets", "excluded", "taken", "wanted"),
    [
        (("10.1.0.0/24",), (), (), ("10.1.0.1/24",)),
        (("10.1.0.0/24",), (), ("10.1.0.1", "10.1.0.3"), ("10.1.0.2/24",)),
        (("10.1.0.0/24",), ("10.1.0.0/25", "10.1.0.128/32"), (), ("10.1.0.129/24",)),
        (("10.0.0.0/8",), ("10.0.0.0/9",), (), ("10.128.0.0/8",)),
        (("10.1.0.0/24", "fd01::/64"), ("fd01::/127",), (), ("10.1.0.1/24", "fd01::2/64")),
        ((), (), (), ()),
    ],
)
def test_the_first_free_address_is_given(subnets, excluded, taken, wanted) -> None:
    assert allocate(subnets, excluded, taken) == wanted


def test_a_subnet_may_be_full() -> None:
    with pytest.raises(HostError, match=rf"subnet 10\.1\.0\.0/30 {OVERLAY_FULL}"):
        allocate(("10.1.0.0/30",), (), ("10.1.0.1", "10.1.0.2"))


def test_addresses_get_the_prefix_of_their_subnet() -> None:
    assert fit(("10.1.0.9", "fd01::9/128"), ("10.1.0.0/16", "fd01::/64")) == (
        "10.1.0.9/16", "fd01::9/64",
    )  # fmt: skip
    with pytest.raises(HostError, match=r"10\.2\.0\.1 is in none of 10\.1\.0\.0/16"):
        fit(("10.2.0.1",), ("10.1.0.0/16",))


def test_a_mac_tells_the_address() -> None:
    assert mac_of(("fd01::1/64", "10.100.200.10/24")) == "0a:58:0a:64:c8:0a"
    assert mac_of(("fd01::1/64",)) == mac_of(("fd01::1/64",)) != mac_of(("fd01::2/64",))
    assert mac_of(()) != mac_of(())
    assert mac_of(()).startswith("0a:58:")
    assert plain("10.1.0.9/16") == "10.1.0.9"
