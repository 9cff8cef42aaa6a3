"""Ops as the shell lines that would do the same."""

import msgspec
import pytest

from launcher.ops.nodelinks import (
    ChangePortVlans,
    ConfigureSwitch,
    MakeLink,
    MakeRoute,
    NodeOp,
    SetBridgePort,
    SetLinkOptions,
    SetResolver,
    SwitchBridge,
    SwitchPort,
    UnmakeRoute,
    VlanRange,
)

OPS = [
    (
        MakeLink(name="v", kind="vlan", base="e", options={"id": 3}),
        "ip link add link e name v type vlan id 3",
    ),
    (MakeLink(name="a", kind="veth", peer="b"), "ip link add name a type veth peer name b"),
    (
        SetLinkOptions(name="b", kind="bridge", options={"stp": True}),
        "ip link set b type bridge stp 1",
    ),
    (
        SetBridgePort(name="p", options={"stp-path-cost": 3}),
        "bridge link set dev p stp_path_cost 3",
    ),
    (ChangePortVlans(name="p", new=(VlanRange(first=2, last=9),)), "bridge vlan add dev p vid 2-9"),
    (
        MakeRoute(destination="10.0.0.0/8", device="e", gateway="10.1.1.1", metric=5, table=7),
        "ip route replace 10.0.0.0/8 via 10.1.1.1 dev e metric 5 table 7",
    ),
    (UnmakeRoute(destination="10.0.0.0/8", device="e"), "ip route delete 10.0.0.0/8 dev e"),
    (SetResolver(servers=("9.9.9.9",)), "# ask 9.9.9.9 for names in ``"),
    (
        ConfigureSwitch(
            absent=("x",),
            bridges=(
                SwitchBridge(
                    name="b",
                    options={"stp_enable": True},
                    ports=(SwitchPort(name="e", interfaces=("e",)),),
                ),
            ),
        ),
        (
            "ovs-vsctl --if-exists del-br x -- --may-exist add-br b"
            " -- set bridge b stp_enable=true -- --may-exist add-port b e"
        ),
    ),
]


@pytest.mark.parametrize(("op", "line"), OPS)
def test_describes_itself_and_can_be_written_down(op: NodeOp, line: str) -> None:
    assert op.describe() == line
    assert msgspec.json.decode(msgspec.json.encode(op), type=NodeOp) == op
