"""From desired states to ops, a directory a case: ``desired.yaml`` and ``ops.txt``.

``UPDATE=1`` writes what comes out; read the difference.
"""

import os
from pathlib import Path

import pytest
import yaml

from launcher.nmstate import plan, schema
from launcher.nmstate.merge import Facts, merge
from launcher.nmstate.schema import State

HOME = Path(__file__).parent
CASES = sorted(path.name for path in (HOME / "cases").iterdir())


def read(path: Path) -> State:
    return schema.read(yaml.safe_load(path.read_text()))


@pytest.fixture
def current() -> State:
    return read(HOME / "node.yaml")


@pytest.mark.parametrize("case", CASES)
def test_ops(case: str, current: State) -> None:
    home = HOME / "cases" / case
    goal = merge(read(home / "desired.yaml"), current, Facts())
    told = "".join(f"{op.describe()}\n" for op in plan.plan(goal, current))
    expected = home / "ops.txt"
    if "UPDATE" in os.environ:
        expected.write_text(told)
    assert told == expected.read_text()


def test_back_undoes_what_was_touched_and_nothing_else(current: State) -> None:
    desired = read(HOME / "cases/ports_swapped/desired.yaml")
    goal = merge(desired, current, Facts())
    changed = {each.key: each for each in goal.interfaces}
    now = State(
        interfaces=tuple(changed.pop(each.key, each) for each in current.interfaces),
        routes=current.routes,
        ovn=current.ovn,
        ovs_db=current.ovs_db,
    )
    back = plan.back(current, now, goal.touched, goal.desired)
    assert {each.name for each in back.interfaces} == {"br1", "enp2s0", "ens1f0", "eno1"}
    told = [op.describe() for op in plan.plan(back, now)]
    assert "ip link set eno1 master br1" in told
    assert "ip link set enp2s0 nomaster" in told
    assert "ip link set br1 mtu 1500" in told


def test_back_removes_what_was_made(current: State) -> None:
    goal = merge(read(HOME / "cases/tunnels/desired.yaml"), current, Facts())
    now = State(interfaces=(*current.interfaces, *goal.interfaces))
    back = plan.back(current, now, goal.touched, goal.desired)
    told = [op.describe() for op in plan.plan(back, now)]
    assert {"ip link delete vx7", "ip link delete ve1", "ip link delete d0"} <= set(told)


def test_back_leaves_alone_what_others_have_done_meanwhile(current: State) -> None:
    asked = schema.read(
        {
            "ovn": {"bridge-mappings": [{"localnet": "new", "bridge": "ovs-br1"}]},
            "routes": {"config": [{"destination": "10.0.0.0/8", "next-hop-interface": "br1"}]},
        }
    )
    goal = merge(asked, current, Facts())
    others = schema.Route(destination="10.50.0.0/16", next_hop_interface="eth0", table_id=254)
    now = State(
        interfaces=current.interfaces,
        routes=schema.Routes(config=(*current.routes.config, *goal.routes, others)),
        ovn=goal.desired.ovn,
        ovs_db=schema.OvsDb(external_ids={"system-id": "node1", "ovn-remote": "tcp:1.2.3.4"}),
    )
    back = plan.back(current, now, goal.touched, goal.desired)
    assert back.external == {"ovn-bridge-mappings": "physnet:ovs-br1"}
    assert [each.destination for each in back.routes_gone] == ["10.0.0.0/8"]
    assert back.routes == ()
