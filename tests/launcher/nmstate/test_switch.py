"""Rows of the switch's database as a state, and ops as transactions; without a switch."""

from launcher.net.ovsdb import Uuid
from launcher.nmstate import switch
from launcher.ops.nodelinks import ConfigureSwitch, SwitchBridge, SwitchPort

INTERFACES = [
    {"_uuid": Uuid("i1"), "name": "eth1", "type": "", "external_ids": {}},
    {"_uuid": Uuid("i2"), "name": "in1", "type": "internal", "external_ids": {}},
    {"_uuid": Uuid("i3"), "name": "pod_3", "type": "", "external_ids": {"iface-id": "a_b"}},
    {"_uuid": Uuid("i4"), "name": "patch-a", "type": "patch", "external_ids": {}},
    {"_uuid": Uuid("i5"), "name": "eth2", "type": "", "external_ids": {}},
]
PORTS = [
    {
        "_uuid": Uuid("p1"),
        "name": "bond1",
        "interfaces": [Uuid("i1"), Uuid("i5")],
        "bond_mode": "balance-tcp",
        "lacp": "active",
        "tag": [],
        "trunks": [],
        "vlan_mode": [],
    },
    {
        "_uuid": Uuid("p2"),
        "name": "in1",
        "interfaces": Uuid("i2"),
        "tag": 33,
        "trunks": [],
        "vlan_mode": [],
    },
    {"_uuid": Uuid("p3"), "name": "pod_3", "interfaces": Uuid("i3")},
    {"_uuid": Uuid("p4"), "name": "patch-a", "interfaces": Uuid("i4")},
]
BRIDGES = [
    {
        "_uuid": Uuid("b1"),
        "name": "ovs-br1",
        "ports": [Uuid("p1"), Uuid("p2"), Uuid("p3"), Uuid("p4")],
        "stp_enable": True,
        "rstp_enable": False,
        "mcast_snooping_enable": False,
        "fail_mode": [],
        "datapath_type": "netdev",
        "external_ids": {"a": "b"},
        "other_config": {},
    },
]
ROOT = [
    {"_uuid": Uuid("r"), "external_ids": {"ovn-bridge-mappings": "two:y,one:x"}, "other_config": {}}
]
ROWS = switch.read([ROOT, BRIDGES, PORTS, INTERFACES])


def test_as_a_state() -> None:
    (bridge,) = switch.interfaces(ROWS)
    assert bridge.bridge.options.stp is True
    assert [port.name for port in bridge.bridge.port] == ["bond1", "in1"]
    bond, inside = bridge.bridge.port
    assert (bond.link_aggregation.mode, [m.name for m in bond.link_aggregation.port]) == (
        "lacp",
        ["eth1", "eth2"],
    )
    assert (inside.vlan.mode, inside.vlan.tag) == ("access", 33)
    assert switch.internal(ROWS) == {"in1": "ovs-br1"}
    assert switch.controllers(ROWS)["eth1"] == "ovs-br1"
    assert [each.localnet for each in switch.mappings(ROWS).bridge_mappings] == ["one", "two"]
    assert switch.database(ROWS).external_ids == {}


def test_mappings_are_text() -> None:
    assert switch.parse_mappings(" a:b, c:d,") == {"a": "b", "c": "d"}
    assert switch.build_mappings({"c": "d", "a": "b"}) == "a:b,c:d"


def test_ranges() -> None:
    assert list(switch.ranges([5, 1, 2, 3, 9])) == [(1, 3), (5, 5), (9, 9)]
    assert list(switch.ranges([])) == []


def transact(op: ConfigureSwitch) -> list[dict]:
    return switch.transaction(ROWS, op, "netdev")


def test_a_new_bridge_is_inserted_with_its_ports() -> None:
    port = SwitchPort(name="eth9", interfaces=("eth9",), options={"tag": 7})
    made = transact(ConfigureSwitch(bridges=(SwitchBridge(name="new", ports=(port,)),)))
    assert [each["op"] for each in made] == ["insert", "insert", "insert", "mutate"]
    assert made[2]["row"]["ports"] == ["set", [["named-uuid", "b0p0"]]]
    assert made[2]["row"]["datapath_type"] == "netdev"
    assert made[1]["row"]["tag"] == 7


def test_ports_of_pods_stay_and_patches_when_they_may() -> None:
    for patches, kept in ((False, {"p3"}), (True, {"p3", "p4"})):
        bridge = SwitchBridge(name="ovs-br1", ports=(), patches=patches)
        (made,) = transact(ConfigureSwitch(bridges=(bridge,)))
        assert {uuid for _, uuid in made["row"]["ports"][1]} == kept


def test_a_known_port_is_changed_not_made_again() -> None:
    port = SwitchPort(name="in1", interfaces=("in1",), kind="internal")
    first, second = transact(
        ConfigureSwitch(bridges=(SwitchBridge(name="ovs-br1", ports=(port,)),))
    )
    assert (first["op"], first["table"], first["row"]["tag"]) == ("update", "Port", ["set", []])
    assert ["uuid", "p2"] in second["row"]["ports"][1]


def test_what_is_absent_goes_and_ids_are_set_and_removed() -> None:
    made = transact(ConfigureSwitch(absent=("ovs-br1", "other"), external={"a": "1", "b": ""}))
    assert [each["op"] for each in made] == ["mutate", "delete", "mutate"]
    assert made[2]["mutations"] == [
        ["external_ids", "delete", ["set", ["a", "b"]]],
        ["external_ids", "insert", ["map", [["a", "1"]]]],
    ]


def test_a_bridge_that_is_made_again_leaves_its_ports_with_another_meanwhile() -> None:
    op = ConfigureSwitch(bridges=(SwitchBridge(name="ovs-br1", ports=(), fresh=True),))
    before = switch.vacate(ROWS, op)
    assert [each["op"] for each in before] == ["mutate", "delete", "insert", "mutate"]
    assert before[2]["row"]["name"] == "ovs-br1.tmp"
    assert len(before[2]["row"]["ports"][1]) == 4
    meanwhile = [{**BRIDGES[0], "name": "ovs-br1.tmp"}]
    rows = switch.read([ROOT, meanwhile, PORTS, INTERFACES])
    made = switch.transaction(rows, op, "netdev")
    assert [each["op"] for each in made] == ["insert", "mutate", "mutate", "delete"]
    assert made[0]["row"]["ports"] == ["set", [["uuid", "p3"]]]


def test_settings_of_interfaces() -> None:
    made = transact(ConfigureSwitch(mtus={"in1": 1400}, macs={"in1": "02:AA:00:00:00:01"}))
    assert [each["row"] for each in made] == [{"mtu_request": 1400}, {"mac": "02:aa:00:00:00:01"}]
    (own,) = transact(ConfigureSwitch(macs={"ovs-br1": "02:AA:00:00:00:01"}))
    assert own["table"] == "Bridge"
    assert own["mutations"][1] == [
        "other_config", "insert", ["map", [["hwaddr", "02:aa:00:00:00:01"]]],
    ]  # fmt: skip
