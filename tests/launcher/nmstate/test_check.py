"""What is not as desired is named by its path."""

import pytest

from launcher.nmstate import schema
from launcher.nmstate.check import mismatches
from launcher.nmstate.merge import Goal


def differences(desired: dict, seen: dict) -> list[str]:
    goal = Goal(desired=schema.read({"interfaces": [{"state": "up", **desired}]}))
    there = [{"state": "up", **seen}] if seen else []
    return mismatches(goal, schema.read({"interfaces": there}))


BRIDGE = {"name": "br0", "type": "linux-bridge"}


@pytest.mark.parametrize(
    ("desired", "seen", "said"),
    [
        ({}, {}, ["interfaces[br0]: is not there"]),
        ({"mtu": 1400}, {"mtu": 1500}, ["interfaces[br0].mtu: `1500` instead of `1400`"]),
        ({"state": "up"}, {"state": "down"}, ["interfaces[br0].state: `down` instead of `up`"]),
        (
            {"bridge": {"options": {"stp": {"enabled": True}}, "port": [{"name": "a"}]}},
            {
                "bridge": {
                    "options": {"stp": {"enabled": False}},
                    "port": [{"name": "b"}, {"name": "veth1"}],
                }
            },
            [
                "interfaces[br0].bridge.options.stp.enabled: false instead of true",
                "interfaces[br0].bridge.port: `a` is missing",
                "interfaces[br0].bridge.port: `b` should not be there",
            ],
        ),
        (
            {"ipv4": {"enabled": True, "address": [{"ip": "10.0.0.1", "prefix-length": 24}]}},
            {"ipv4": {"enabled": True, "address": [{"ip": "10.0.0.2", "prefix-length": 24}]}},
            [
                "interfaces[br0].ipv4.address: 10.0.0.1/24 is missing",
                "interfaces[br0].ipv4.address: 10.0.0.2/24 should not be there",
            ],
        ),
        (
            {"ipv6": {"enabled": False}},
            {"ipv6": {"enabled": True}},
            ["interfaces[br0].ipv6.enabled: true instead of false"],
        ),
        (
            {"link-aggregation": {"mode": "802.3ad", "options": {"lacp_rate": 1, "miimon": 5}}},
            {
                "link-aggregation": {
                    "mode": "802.3ad",
                    "options": {"lacp_rate": "fast", "miimon": 6},
                }
            },
            ["interfaces[br0].link-aggregation.options.miimon: `6` instead of `5`"],
        ),
    ],
)
def test_differences(desired: dict, seen: dict, said: list[str]) -> None:
    assert differences({**BRIDGE, **desired}, {**BRIDGE, **seen} if seen else {}) == said


def test_what_was_not_asked_for_does_not_count() -> None:
    seen = {
        **BRIDGE,
        "mtu": 9000,
        "ipv6": {"enabled": True, "address": [{"ip": "fe80::1", "prefix-length": 64}]},
    }
    assert differences({**BRIDGE, "ipv6": {"enabled": True, "address": []}}, seen) == []


def test_short_and_long_ways_of_saying_stp() -> None:
    short = {"name": "o", "type": "ovs-bridge", "bridge": {"options": {"stp": True}}}
    long = {"name": "o", "type": "ovs-bridge", "bridge": {"options": {"stp": {"enabled": True}}}}
    assert differences(short, long) == differences(long, short) == []


def test_what_shall_be_absent() -> None:
    seen = {"name": "d0", "type": "dummy"}
    assert differences({"name": "d0", "state": "absent"}, seen) == [
        "interfaces[d0]: is still there"
    ]
    assert differences({"name": "e0", "state": "absent"}, {"name": "e0", "type": "ethernet"}) == []


def test_routes_and_mappings() -> None:
    route = schema.Route(
        destination="10.0.0.0/8", next_hop_interface="a", next_hop_address="10.1.1.1", table_id=254
    )
    goal = Goal(desired=schema.State(), routes=(route,), external={"ovn-bridge-mappings": "a:b"})
    assert mismatches(goal, schema.State()) == [
        "routes.config[10.0.0.0/8]: not via a 10.1.1.1",
        "ovn.bridge-mappings: nothing instead of `a:b`",
    ]
