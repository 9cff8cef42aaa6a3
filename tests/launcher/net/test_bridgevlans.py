"""VLANs of ports against bytes; ``tests/host`` has them against a kernel."""

import struct

from launcher.net import bridgevlans
from launcher.net.bridgevlans import PortVlans
from launcher.net.rtnetlink import build_attribute


def test_single_ones_and_ranges_there_and_back() -> None:
    vlans = (
        PortVlans(first=1, last=1, native=True),
        PortVlans(first=2, last=4094),
        PortVlans(first=7, last=7),
    )
    assert bridgevlans.parse(bridgevlans.build_change(9, vlans)) == (9, vlans)


def test_a_port_without_any() -> None:
    assert bridgevlans.parse(struct.pack("=BxHiII", 7, 0, 3, 0, 0)) == (3, ())


def test_a_list_is_asked_for_in_ranges() -> None:
    assert bridgevlans.build_list()[16:] == build_attribute(29, struct.pack("=I", 4))
