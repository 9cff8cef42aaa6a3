"""What the pod network hands to the domain."""

from launcher.domain.wiring import NicWiring, PodWiring


def test_a_nic_without_wiring_has_an_empty_one() -> None:
    wiring = PodWiring(nics={"default": NicWiring(tap="tap0")})
    assert wiring.of("default").tap == "tap0"
    assert wiring.of("other") == NicWiring()
