from launcher.guest.commands import Interface, IpAddress
from launcher.guest.interfaces import GUEST_ONLY_LIMIT, KnownNic, merge

DEFAULT = KnownNic(
    name="default",
    mac="02:b3:f0:00:00:01",
    pod_nic="eth0",
    pod_addresses=("10.244.1.5", "fd10:244:0:1::5"),
    primary=True,
    masquerade=True,
)
SECOND = KnownNic(name="blue", mac="02:b3:f0:00:00:02", pod_nic="podb1")


def reported(name: str, mac: str, *addresses: str) -> Interface:
    return Interface(
        name=name,
        hardware_address=mac,
        ip_addresses=tuple(IpAddress(ip_address=each) for each in addresses),
    )


def test_without_an_agent_the_pods_addresses_count() -> None:
    (state,) = merge([DEFAULT], None)
    assert state.addresses == ("10.244.1.5", "fd10:244:0:1::5")
    assert state.sources == ("domain",)


def test_known_families_stay_and_others_are_filled() -> None:
    seen = [
        reported("eth0", DEFAULT.mac.upper(), "10.0.2.2", "fd10:0:2::2"),
        reported("eth1", SECOND.mac, "172.17.33.250", "fe80::1"),
    ]
    first, second = merge([DEFAULT, SECOND], seen)
    assert first.addresses == DEFAULT.pod_addresses
    assert (first.guest_name, first.sources) == ("eth0", ("domain", "guest-agent"))
    assert second.addresses == ("172.17.33.250", "fe80::1")


def test_a_family_that_the_guest_lacks_is_emptied() -> None:
    (state,) = merge([DEFAULT], [reported("eth0", DEFAULT.mac, "10.0.2.2", "fe80::5%eth0")])
    assert state.addresses == ("10.244.1.5",)


def test_the_primary_nic_comes_first_and_the_loopback_never() -> None:
    seen = [reported("lo", "00:00:00:00:00:00", "127.0.0.1")]
    assert [each.name for each in merge([SECOND, DEFAULT], seen)] == ["default", "blue"]


def test_the_guests_own_nics_follow_up_to_a_limit() -> None:
    seen = [reported(f"docker{n}", f"02:42:00:00:00:{n:02x}", "172.18.0.1") for n in range(15)]
    states = merge([DEFAULT], seen)
    assert len(states) == 1 + GUEST_ONLY_LIMIT
    assert (states[1].name, states[1].guest_name) == ("", "docker0")
    assert states[1].sources == ("guest-agent",)
