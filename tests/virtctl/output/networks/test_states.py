import pytest

from virtctl.output.networks import states

NOW = {
    "interfaces": [
        {"name": "br1", "type": "linux-bridge", "state": "up", "mtu": 1500,
         "mac-address": "0A:00:00:00:00:01",
         "bridge": {"port": [{"name": "eth1"}, {"name": "eth2"}]}},
    ],
    "dns-resolver": {"config": {"server": ["10.0.0.1"]}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("desired", "lines"),
    [
        ({"name": "br1", "mtu": 1500, "mac-address": "0a:00:00:00:00:01"}, []),
        ({"name": "br1", "mtu": 9000}, ["interfaces[br1].mtu: 1500 -> 9000"]),
        ({"name": "br1", "ipv4": {"enabled": False}, "description": "x"},
         ["interfaces[br1].ipv4: unset -> {\"enabled\": false}"]),
        ({"name": "br1", "state": "absent"}, ["interfaces[br1]: is there -> absent"]),
        ({"name": "br2", "state": "absent"}, []),
        ({"name": "br2"}, ["interfaces[br2]: is not there -> new"]),
        ({"name": "br1", "bridge": {"port": [{"name": "eth1"}, {"name": "eth3"}]}},
         ["interfaces[br1].bridge.port[eth3]: is not there -> new",
          "interfaces[br1].bridge.port[eth2]: is there -> leaves"]),
    ],
)  # fmt: skip
def test_differences(desired, lines) -> None:
    assert states.differences({"interfaces": [desired]}, NOW) == lines


def test_plain_lists() -> None:
    def servers(*names):
        return {"dns-resolver": {"config": {"server": list(names)}}}

    assert states.differences(servers("10.0.0.1"), NOW) == []
    assert states.differences(servers("10.0.0.9"), NOW) == [
        'dns-resolver.config.server: ["10.0.0.1"] -> ["10.0.0.9"]'
    ]


def test_what_was_before() -> None:
    desired = {"interfaces": [
        {"name": "br1", "mtu": 9000, "bridge": {"port": []}}, {"name": "br2", "type": "bond"},
    ]}  # fmt: skip
    assert states.former(desired, NOW) == {"interfaces": [
        {"name": "br1", "type": "linux-bridge", "mtu": 1500,
         "bridge": {"port": [{"name": "eth1"}, {"name": "eth2"}]}},
        {"name": "br2", "type": "bond", "state": "absent"},
    ]}  # fmt: skip


def test_routes_and_rules_that_were_before() -> None:
    def route(destination, **other):
        return {"destination": destination, "next-hop-interface": "br1", "table-id": 254,
                "next-hop-address": "10.0.0.9", "metric": 0, **other}  # fmt: skip

    def rule(address, **other):
        return {"ip-from": address, "route-table": 200, **other}

    kept, replaced, doomed = (route(f"10.{number}.0.0/16") for number in (1, 2, 3))
    other, lost = rule("10.1.0.0/16", priority=1), rule("10.2.0.0/16", priority=2)
    now = {"routes": {"config": [kept, replaced, doomed, route("10.9.0.0/16")]},
           "route-rules": {"config": [other, lost]}}  # fmt: skip
    moved = route("10.2.0.0/16", **{"next-hop-address": "10.0.0.7"})
    new = {"destination": "10.4.0.0/16", "next-hop-interface": "br1", "metric": -1}
    desired = {
        "routes": {"config": [
            {key: kept[key] for key in ("destination", "next-hop-interface")}, moved, new,
            {"state": "absent", "destination": "10.3.0.0/16"},
        ]},
        "route-rules": {"config": [
            rule("10.1.0.0/16"), rule("10.5.0.0/16"), {"state": "absent", "priority": 2},
        ]},
    }  # fmt: skip
    found = states.former(desired, now)
    assert found["routes"]["config"] == [
        kept,
        {**moved, "state": "absent"}, replaced,
        {"destination": "10.4.0.0/16", "next-hop-interface": "br1", "table-id": 254,
         "state": "absent"},
        doomed,
    ]  # fmt: skip
    assert found["route-rules"]["config"] == [
        other, {**rule("10.5.0.0/16"), "state": "absent"}, lost,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("", ""),
        ("one line", "one line"),
        ("error reconciling: exit 1\n  Traceback", "error reconciling: exit 1"),
        ("desired:\n - a\nNmstateError: InvalidArgument: x", "NmstateError: InvalidArgument: x"),
    ],
)
def test_the_line_that_says_why(message, line) -> None:
    assert states.first_line(message) == line


def test_enactments() -> None:
    def enactment(node, policy, **conditions):
        listed = [{"type": k, "status": v, "message": k} for k, v in conditions.items()]
        return {
            "metadata": {"name": f"{node}.{policy}", "labels": {"nmstate.io/policy": policy}},
            "status": {"conditions": listed},
        }

    mine = enactment("n2", "p", Failing="True", Available="False")
    found = states.of_policy([mine, enactment("n1", "other"), enactment("n1", "p")], "p")
    assert [states.node_of(one, "p") for one in found] == ["n1", "n2"]
    assert [states.stage(one) for one in found] == [("", ""), ("Failing", "Failing")]


def test_selectors() -> None:
    node = {"metadata": {"labels": {"a": "b"}}}
    assert states.selects({}, node)
    assert states.selects({"spec": {"nodeSelector": {"a": "b"}}}, node)
    assert not states.selects({"spec": {"nodeSelector": {"a": "c"}}}, node)


def test_one_that_is_tried_again_has_failed_and_goes_on() -> None:
    made = [{"type": kind, "status": "True", "message": f"{kind}!"}
            for kind in ("Progressing", "Failing")]  # fmt: skip
    assert states.stage({"status": {"conditions": made}}) == ("Retrying", "Failing!")
    assert states.stage({"status": {"conditions": made[:1]}}) == ("Progressing", "Progressing!")
    assert states.stage({}) == ("", "")
