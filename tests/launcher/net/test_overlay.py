"""Transactions, as the databases get them."""

from launcher.net import overlay
from launcher.net.overlay import Localnet, Overlay, OverlayPort
from launcher.net.ovsdb import Uuid

LAN = Overlay(
    switch="lan_ovn_localnet_switch",
    external={"k8s.ovn.org/topology": "localnet"},
    subnets=("10.1.0.0/16", "fd01::/64"),
    localnet=Localnet(port="lan_ovn_localnet_port", network="physnet", tag=34),
)
PORT = OverlayPort(
    name="p1", mac="0a:58:0a:01:00:01", addresses=("10.1.0.1/16",), chassis="node1", version="u1"
)
ROW = {
    "name": LAN.switch,
    "external_ids": {"k8s.ovn.org/topology": "localnet"},
    "other_config": {"subnet": "10.1.0.0/16", "ipv6_prefix": "fd01::"},
}
LOCALNET_ROW = {
    "name": "lan_ovn_localnet_port", "options": {"network_name": "physnet"}, "tag_request": 34,
}  # fmt: skip


def test_a_new_switch_comes_with_its_port_to_the_nodes() -> None:
    switch, port = overlay.switch_changes(LAN, None, [])
    assert switch["row"] == {
        "name": LAN.switch,
        "external_ids": ["map", [["k8s.ovn.org/topology", "localnet"]]],
        "other_config": ["map", [["subnet", "10.1.0.0/16"], ["ipv6_prefix", "fd01::"]]],
        "ports": ["set", [["named-uuid", "localnet"]]],
    }
    assert port["row"] == {
        "name": "lan_ovn_localnet_port",
        "type": "localnet",
        "addresses": ["set", ["unknown"]],
        "options": ["map", [["network_name", "physnet"]]],
        "tag_request": ["set", [34]],
    }


def test_a_switch_that_is_so_is_left_alone() -> None:
    assert overlay.switch_changes(LAN, ROW, [LOCALNET_ROW]) == []


def test_what_differs_of_a_switch_is_changed() -> None:
    (change,) = overlay.switch_changes(LAN, {**ROW, "other_config": {}}, [LOCALNET_ROW])
    assert change["op"] == "update"
    assert list(change["row"]) == ["other_config"]
    (change,) = overlay.switch_changes(LAN, ROW, [{**LOCALNET_ROW, "tag_request": 33}])
    assert change["row"]["tag_request"] == ["set", [34]]
    insert, mutate = overlay.switch_changes(LAN, ROW, [])
    assert (insert["op"], mutate["op"]) == ("insert", "mutate")


def test_a_port_may_only_be_who_it_is() -> None:
    insert, mutate = overlay.port_changes(LAN.switch, PORT, None)
    assert insert["row"]["addresses"] == ["set", ["0a:58:0a:01:00:01 10.1.0.1"]]
    assert insert["row"]["port_security"] == insert["row"]["addresses"]
    assert insert["row"]["options"] == [
        "map", [["requested-chassis", "node1"], ["iface-id-ver", "u1"]],
    ]  # fmt: skip
    assert mutate["where"] == [["name", "==", LAN.switch]]
    (update,) = overlay.port_changes(LAN.switch, PORT, {"name": "p1"})
    assert update["op"] == "update"


def test_addresses_in_use_are_those_of_ports() -> None:
    rows = [
        {"addresses": "unknown"}, {"addresses": ["0a:58:0a:01:00:01 10.1.0.1 fd01::1"]},
        {"addresses": []},
    ]  # fmt: skip
    assert overlay.taken(rows) == {"10.1.0.1", "fd01::1"}


def test_ports_go_by_leaving_their_switch() -> None:
    (gone,) = overlay.port_removal([{"_uuid": Uuid("u")}])
    assert gone["mutations"] == [["ports", "delete", ["set", [["uuid", "u"]]]]]
    assert overlay.port_removal([]) == overlay.interface_removal([]) == []


def test_a_bridge_has_a_port_of_its_own() -> None:
    *rows, bridge, root = overlay.bridge_changes("br-ex", "netdev", ("enp1s0",))
    assert [row["row"]["name"] for row in rows] == ["br-ex", "br-ex", "enp1s0", "enp1s0"]
    assert bridge["uuid-name"] == "br_ex"
    assert bridge["row"]["fail_mode"] == "standalone"
    assert root["table"] == "Open_vSwitch"
    interface, port, mutate = overlay.interface_changes("abc_3", {"iface-id": "p1"})
    assert interface["row"]["external_ids"] == ["map", [["iface-id", "p1"]]]
    assert port["row"]["interfaces"] == ["set", [["named-uuid", "interface"]]]
    assert mutate["where"] == [["name", "==", "br-int"]]


def test_a_network_of_the_nodes_is_mapped_once() -> None:
    assert overlay.with_mapping("", "physnet") == "physnet:br-ex"
    assert overlay.with_mapping("physnet:ovs-br1", "physnet") == "physnet:ovs-br1"
    both = overlay.with_mapping("zone:ovs-br1", "physnet")
    assert both == "physnet:br-ex,zone:ovs-br1"
