"""The one op on the switch."""

from launcher.nmstate import schema, switchplan
from launcher.nmstate.merge import Facts, merge

BRIDGE = {
    "name": "b1",
    "type": "ovs-bridge",
    "state": "up",
    "bridge": {"options": {"stp": True}, "port": [{"name": "eth1"}, {"name": "in1"}]},
}
CARD = {"name": "eth1", "type": "ethernet", "state": "up", "controller": "b1"}
INSIDE = {
    "name": "in1",
    "type": "ovs-interface",
    "state": "up",
    "controller": "b1",
    "mtu": 1400,
    "mac-address": "02:00:00:00:00:01",
}


def changes(desired: dict) -> list:
    current = schema.read({"interfaces": [CARD, INSIDE, BRIDGE]})
    goal = merge(schema.read({"interfaces": [desired]}), current, Facts())
    return list(switchplan.changes(goal, current))


def test_nothing_to_do() -> None:
    assert changes(BRIDGE) == []


def test_a_bridge_without_stp_any_more_is_made_again_with_what_it_had() -> None:
    (op,) = changes({"name": "b1", "type": "ovs-bridge", "bridge": {"options": {"stp": False}}})
    (bridge,) = op.bridges
    assert bridge.fresh
    assert [(port.name, port.kind) for port in bridge.ports] == [("eth1", ""), ("in1", "internal")]
    assert op.macs == {"in1": "02:00:00:00:00:01"}
    assert op.mtus == {"in1": 1400}


def test_vlans_of_ports() -> None:
    ports = [
        {"name": "eth1", "vlan": {"mode": "access", "tag": 33}},
        {
            "name": "in1",
            "vlan": {
                "mode": "trunk",
                "trunk-tags": [{"id": 3}, {"id-range": {"min": 5, "max": 6}}],
                "enable-native": True,
                "tag": 9,
            },
        },
    ]
    (op,) = changes({"name": "b1", "type": "ovs-bridge", "bridge": {"port": ports}})
    first, second = op.bridges[0].ports
    assert first.options == {"vlan_mode": "access", "tag": 33}
    assert second.options == {"vlan_mode": "native-untagged", "tag": 9, "trunks": (3, 5, 6)}
    assert not op.bridges[0].fresh


def test_settings_of_interfaces_that_the_switch_makes() -> None:
    (op,) = changes({"name": "in1", "type": "ovs-interface", "mtu": 1300})
    assert (op.bridges, op.mtus, op.macs) == ((), {"in1": 1300}, {})
