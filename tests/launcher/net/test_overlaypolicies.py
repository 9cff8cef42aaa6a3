"""Filters of overlay networks, as OVN gets them."""

from launcher.net.overlaypolicies import OWNER, changes, rules
from launcher.net.ovsdb import Uuid
from launcher.net.policies import Allow, Block, Guard, Ports

PEERS = Allow(
    blocks=(Block(cidr="10.1.0.0/16", excepts=("10.1.2.0/24",)), Block(cidr="fd01::7")),
    macs=("02:00:00:00:00:01",),
    ports=(Ports(protocol="tcp", first=80, last=81), Ports(protocol="udp")),
)


def test_a_port_that_nothing_may_reach_still_hears_answers() -> None:
    told = [(one.direction, one.priority, one.match, one.action) for one in rules(
        Guard(name="a", port="p", ingress=()), "pg_a",
    )]  # fmt: skip
    assert told == [
        ("to-lport", 1001, "outport == @pg_a && (arp || nd)", "allow"),
        ("to-lport", 1000, "outport == @pg_a", "drop"),
        ("from-lport", 1001, "inport == @pg_a && ip", "allow-related"),
    ]


def test_peers_and_ports_are_matched_together() -> None:
    found = rules(Guard(name="a", port="p", egress=(PEERS, Allow(any_peer=True))), "pg_a")
    assert [one.match.removeprefix("inport == @pg_a") for one in found[1:]] == [
        " && (arp || nd)",
        " && ip4.dst == 10.1.0.0/16 && ip4.dst != {10.1.2.0/24} && tcp.dst >= 80 && tcp.dst <= 81",
        " && ip4.dst == 10.1.0.0/16 && ip4.dst != {10.1.2.0/24} && udp",
        " && ip6.dst == {fd01::7} && tcp.dst >= 80 && tcp.dst <= 81",
        " && ip6.dst == {fd01::7} && udp",
        " && ip && eth.dst == {02:00:00:00:00:01} && tcp.dst >= 80 && tcp.dst <= 81",
        " && ip && eth.dst == {02:00:00:00:00:01} && udp",
        " && ip",
        "",
    ]


def test_groups_follow_what_is_wanted() -> None:
    guard = Guard(name="a", port="p", ingress=())
    *acls, group = changes([guard], [], {"p": "u1"})
    assert [one["table"] for one in acls] == ["ACL"] * 3
    assert group["row"]["ports"] == ["set", [["uuid", "u1"]]]
    assert group["row"]["acls"][1][0] == ["named-uuid", "pg_a_0"]
    digest = group["row"]["external_ids"][1][0][1]
    row = {"_uuid": Uuid("g"), "name": "pg_a", "external_ids": {OWNER: digest}}
    assert changes([guard], [row], {"p": "u1"}) == []
    removed, *made = changes([guard], [row], {"p": "u2"})
    assert removed["op"] == "delete"
    assert len(made) == 4
    assert [one["op"] for one in changes([], [row, {**row, "external_ids": {}}], {})] == ["delete"]
    assert changes([guard], [], {}) == []
