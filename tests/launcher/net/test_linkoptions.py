"""Options against bytes; ``tests/host`` has them against a kernel."""

import pytest

from launcher.net import linkoptions
from launcher.net.linkoptions import BOND, BRIDGE, VLAN, VXLAN
from launcher.net.rtnetlink import parse_attributes


@pytest.mark.parametrize(
    ("table", "options"),
    [
        (
            BOND,
            {"mode": "802.3ad", "miimon": 140, "lacp_rate": "fast", "xmit_hash_policy": "layer3+4"},
        ),
        (BOND, {"arp_ip_target": "10.0.0.1,10.0.0.2", "ad_actor_system": "02:00:00:00:00:01"}),
        (BOND, {"use_carrier": True, "tlb_dynamic_lb": False}),
        (BRIDGE, {"forward-delay": 4, "stp": True, "vlan-filtering": True, "priority": 4096}),
        (VLAN, {"id": 33, "protocol": 0x8100}),
        (VXLAN, {"id": 7, "remote": "10.0.0.1", "destination-port": 4789, "learning": False}),
        (VXLAN, {"remote6": "fd00::1"}),
    ],
)
def test_options_there_and_back(table: dict, options: dict) -> None:
    assert linkoptions.parse(table, linkoptions.build(table, options)) == options


def test_words_have_numbers_and_times_are_hundredths_of_seconds() -> None:
    found = parse_attributes(linkoptions.build(BOND, {"mode": "802.3ad", "lacp_rate": "1"}))
    assert found == {1: b"\x04", 21: b"\x01"}
    assert parse_attributes(linkoptions.build(BRIDGE, {"hello-time": 2}))[2] == (200).to_bytes(
        4, "little"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mode": "fast"}, "`mode` fast: must be one of balance-rr"),
        ({"lacp_rate": 2}, "must be one of slow, fast"),
        ({"miimon": "often"}, "must be a number"),
        ({"num_grat_arp": 256}, "must be from 0 to 255"),
        ({"ad_actor_system": "nonsense"}, "`ad_actor_system` nonsense"),
    ],
)
def test_values_that_cannot_be(options: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        linkoptions.build(BOND, options)


def test_a_new_link_names_what_is_below() -> None:
    body = linkoptions.build_new_link("v33", "vlan", {"id": 33}, base=5)
    found = parse_attributes(body[16:])
    assert found[3] == b"v33\0"
    assert found[5] == (5).to_bytes(4, "little")
    assert parse_attributes(found[18])[1] == b"vlan"


def test_options_of_a_port() -> None:
    body = linkoptions.build_port_change(7, {"stp-path-cost": 50})
    info = parse_attributes(parse_attributes(body[16:])[18])
    assert info[4] == b"bridge\0"
    assert parse_attributes(info[5]) == {3: (50).to_bytes(4, "little")}
    assert body[4:8] == linkoptions.build_change(7, "bridge", {})[4:8] == (7).to_bytes(4, "little")
