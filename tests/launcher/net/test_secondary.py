"""What a node's plugins see of a network's configuration."""

import msgspec

from launcher.net.model import Link
from launcher.net.secondary import (
    LinkAsk,
    LinkMade,
    LinkRecord,
    bridge_of,
    notes,
    settled,
    uses_dhcp,
)


def conflist(*plugins: dict) -> dict:
    return {"cniVersion": "0.3.1", "name": "n", "plugins": list(plugins)}


def seen(plugin: dict) -> dict:
    return settled(conflist(plugin), "/n/cni")["plugins"][0]


def test_what_keeps_no_files_is_left_as_it_is() -> None:
    plugin = {"type": "bridge", "bridge": "br1", "vlan": 33, "macspoofchk": False}
    assert seen(plugin) == plugin
    assert seen({"type": "bridge", "ipam": {}}) == {"type": "bridge", "ipam": {}}
    assert seen({"type": "ptp", "ipam": {"type": "static"}})["ipam"] == {"type": "static"}


def test_each_node_has_its_own_addresses_and_leases() -> None:
    plugin = {"type": "bridge", "ipam": {"type": "host-local", "subnet": "10.1.0.0/24"}}
    assert seen(plugin)["ipam"] == {
        "type": "host-local", "dataDir": "/n/cni/addresses", "subnet": "10.1.0.0/24",
    }  # fmt: skip
    assert seen({"type": "bridge", "ipam": {"type": "dhcp"}})["ipam"] == {
        "type": "dhcp", "daemonSocketPath": "@virtctl-dhcp",
    }  # fmt: skip
    assert seen({"type": "tuning"})["dataDir"] == "/n/cni/tuning"


def test_what_says_where_it_keeps_its_files_has_them_there() -> None:
    ipam = {"type": "host-local", "dataDir": "/elsewhere"}
    assert seen({"type": "bridge", "ipam": ipam})["ipam"] == ipam
    assert seen({"type": "tuning", "dataDir": "/x"})["dataDir"] == "/x"


def test_the_daemon_is_needed_for_leases_only() -> None:
    assert uses_dhcp(conflist({"type": "tuning"}, {"type": "macvlan", "ipam": {"type": "dhcp"}}))
    assert not uses_dhcp(conflist({"type": "bridge", "ipam": {"type": "static"}}))


def test_a_record_comes_back_from_disk_as_it_was() -> None:
    ask = LinkAsk(netns="p", ifname="net1", network="ns/n", conflist=conflist({"type": "bridge"}))
    record = LinkRecord(ask=ask, order=2, made=LinkMade(result={"ips": []}, mac="m", mtu=1400))
    assert msgspec.json.decode(msgspec.json.encode(record), type=LinkRecord) == record


def test_the_bridge_that_pods_are_plugged_into() -> None:
    assert bridge_of(conflist({"type": "bridge", "bridge": "br1", "vlan": 33})) == ("br1", 33)
    assert bridge_of(conflist({"type": "bridge"})) == ("cni0", 0)
    assert bridge_of(conflist({"type": "macvlan"})) == ("", 0)


def test_what_to_know_of_a_new_port() -> None:
    bridge = Link(name="br1", mtu=1500)
    port = Link(name="eth1", mtu=1500, master="br1")
    other = Link(name="eth2", mtu=1280, master="br2")
    assert notes("br1", 1500, [bridge, port, other]) == ()
    assert notes("br1", 9000, [bridge, other]) == ()
    (said,) = notes("br1", 9000, [bridge, port, other])
    assert "the MTU 9000 is larger than the 1500 of eth1" in said
    (said,) = notes("br1", 1500, [other])
    assert "the node had no bridge br1" in said
