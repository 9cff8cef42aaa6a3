"""What is not given is taken from below."""

from launcher.nmstate.overlay import overlay
from launcher.nmstate.schema import (
    Aggregation,
    Bridge,
    BridgePort,
    Interface,
    Ip,
    PortVlan,
    TrunkTag,
)


def test_fields_that_are_given_win() -> None:
    below = Interface(name="a", mtu=1500, ipv4=Ip(enabled=True, dhcp=True))
    above = Interface(name="a", ipv4=Ip(dhcp=False))
    assert overlay(below, above) == Interface(name="a", mtu=1500, ipv4=Ip(enabled=True, dhcp=False))
    assert overlay(None, above) == above


def test_lists_are_taken_whole_but_ports_keep_what_they_had() -> None:
    below = Bridge(port=(BridgePort(name="p", stp_path_cost=5), BridgePort(name="q")))
    above = Bridge(port=(BridgePort(name="p", stp_priority=1),))
    (port,) = overlay(below, above).port
    assert port == BridgePort(name="p", stp_path_cost=5, stp_priority=1)


def test_vlans_of_a_port_are_taken_whole() -> None:
    below = BridgePort(name="p", vlan=PortVlan(mode="trunk", trunk_tags=(TrunkTag(id=5),)))
    above = BridgePort(name="p", vlan=PortVlan(mode="access", tag=33))
    assert overlay(below, above) == above


def test_options_of_bonds_are_joined() -> None:
    below = Aggregation(mode="802.3ad", options={"miimon": 100, "lacp_rate": "slow"})
    found = overlay(below, Aggregation(options={"lacp_rate": "fast"}))
    assert found.options == {"miimon": 100, "lacp_rate": "fast"}
