"""Rules that choose a table of routes: added, found again, removed by what they have."""

import pytest

from launcher.errors import SpecError
from launcher.nmstate import rules, schema
from launcher.nmstate.schema import State
from launcher.ops.routerules import TableRule

LAB = {"ip-from": "10.0.0.0/8", "route-table": 100}
THERE = {
    "family": "ipv4", "ip-from": "10.0.0.0/8", "route-table": 100, "priority": 30000,
}  # fmt: skip


def state(*config: dict) -> State:
    return schema.read({"route-rules": {"config": list(config)}})


NOTHING = State()


def made(desired: State, current: State = NOTHING) -> tuple[list[str], list[str]]:
    new, gone, _ = rules.merge(desired, current)
    return tuple([f"{each.priority}: {rules.told(each)}" for each in some] for some in (new, gone))


@pytest.mark.parametrize(
    ("desired", "current", "new", "gone"),
    [
        ([LAB], [], ["30000: from 10.0.0.0/8 lookup 100"], []),
        ([LAB, {**LAB, "ip-from": "10.9.9.9"}], [],
         ["30000: from 10.0.0.0/8 lookup 100", "30001: from 10.9.9.9/32 lookup 100"], []),
        ([LAB], [{**THERE, "priority": 7}], [], []),
        ([{**LAB, "priority": 9}], [THERE], ["9: from 10.0.0.0/8 lookup 100"], []),
        ([{"family": "ipv6", "iif": "eth0", "fwmark": 32}], [],
         ["30000: from all iif eth0 fwmark 0x20 lookup 254"], []),
        ([{"ip-to": "fd00::/8", "action": "prohibit", "priority": -1}], [],
         ["30000: from all to fd00::/8 prohibit"], []),
        ([{"state": "absent", "route-table": 100}], [THERE], [],
         ["30000: from 10.0.0.0/8 lookup 100"]),
        ([{"state": "absent", "ip-from": ""}], [THERE], [], []),
        ([{"state": "absent", "ip-to": "", "fwmark": 0}], [THERE], [],
         ["30000: from 10.0.0.0/8 lookup 100"]),
        # One that goes and comes is made anew.
        ([{"state": "absent", **LAB}, {**LAB, "priority": 9}], [THERE],
         ["9: from 10.0.0.0/8 lookup 100"], ["30000: from 10.0.0.0/8 lookup 100"]),
    ],
)  # fmt: skip
def test_what_comes_and_goes(desired, current, new, gone) -> None:
    assert made(state(*desired), state(*current)) == (new, gone)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"route-table": 1}, "a rule needs `ip-from`, `ip-to` or `family`"),
        ({"ip-from": "x"}, r"route-rules.config.ip-from: `x` is no network"),
        ({"ip-from": "10.0.0.0/8", "ip-to": "fd00::/8"}, "must be of one of ipv4 and ipv6"),
        ({"family": "ipx"}, "must be of one of ipv4 and ipv6; got ipx"),
        ({"family": "ipv4", "action": "x"}, "must be one of blackhole, unreachable, prohibit"),
        ({"family": "ipv4", "fwmask": 1}, "needs a `fwmark`"),
        ({"family": "ipv4", "fwmark": "x"}, "must be 32 bits"),
        ({"family": "ipv4", "state": "gone"}, "must be absent"),
    ],
)
def test_what_cannot_be(rule: dict, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        made(state(rule))


def test_the_kernels_rows_and_back() -> None:
    rows = (
        TableRule(version=4, source="10.0.0.0/8", table=100, priority=30000),
        TableRule(version=6, table=1, priority=4, mark=0x20, mask=0xFF, suppress=0),
        TableRule(version=4, action="blackhole", priority=5, incoming="eth0"),
    )
    kernels = TableRule(version=4, table=254, priority=32766, protocol=2)
    shown = rules.shown((*rows, kernels))
    assert tuple(rules.row(each) for each in shown) == rows
    assert shown[1].fwmark == "0x20"


def test_what_is_not_as_desired_is_told() -> None:
    desired = state(LAB, {"state": "absent", "route-table": 200})
    _, _, wanted = rules.merge(desired, State())
    assert rules.missing(desired, wanted, state(THERE)) == []
    other = {**THERE, "ip-from": "10.1.0.0/16", "route-table": 200}
    assert rules.missing(desired, wanted, state(other)) == [
        "route-rules.config: from 10.0.0.0/8 lookup 100 is not there",
        "route-rules.config: from 10.1.0.0/16 lookup 200 is still there",
    ]
