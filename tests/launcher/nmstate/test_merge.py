"""What a node is to have: what is refused, a directory a case, and what follows by itself."""

import os
from pathlib import Path

import pytest
import yaml

from launcher.errors import SpecError
from launcher.nmstate import schema
from launcher.nmstate.merge import Facts, merge, ports_of
from launcher.nmstate.schema import PortVlan, State

HOME = Path(__file__).parent
REFUSALS = sorted(path.name for path in (HOME / "refusals").iterdir())
FACTS = Facts(reserved=("cni0",))


@pytest.fixture
def current() -> State:
    return schema.read(yaml.safe_load((HOME / "node.yaml").read_text()))


@pytest.mark.parametrize("case", REFUSALS)
def test_refused(case: str, current: State) -> None:
    home = HOME / "refusals" / case
    with pytest.raises(SpecError) as caught:
        merge(schema.read(yaml.safe_load((home / "desired.yaml").read_text())), current, FACTS)
    expected = home / "refusal.txt"
    if "UPDATE" in os.environ:
        expected.write_text(f"{caught.value}\n")
    assert f"{caught.value}\n" == expected.read_text()


def bridge(**port: object) -> State:
    return schema.read(
        {
            "interfaces": [
                {
                    "name": "br1",
                    "type": "linux-bridge",
                    "bridge": {"port": [{"name": "enp2s0", **port}]},
                }
            ]
        }
    )


def test_a_bridge_s_ports_carry_every_vlan_unless_told(current: State) -> None:
    goal = merge(bridge(), current, Facts())
    (found,) = goal.desired.interfaces
    assert found.bridge.port[0].vlan.trunk_tags[0].id_range.max == 4094
    assert goal.notes == ()


def test_a_kernel_without_vlan_filtering_leaves_the_default_out_and_says_so(current: State) -> None:
    goal = merge(bridge(), current, Facts(vlan_filtering=False))
    assert goal.desired.interfaces[0].bridge.port[0].vlan is None
    assert "no VLAN filtering" in goal.notes[0]


def test_a_kernel_without_vlan_filtering_refuses_vlans_that_are_asked_for(current: State) -> None:
    wanted = bridge(vlan={"mode": "access", "tag": 33})
    with pytest.raises(SpecError, match="CONFIG_BRIDGE_VLAN_FILTERING"):
        merge(wanted, current, Facts(vlan_filtering=False))


@pytest.mark.parametrize("filtering", [True, False])
def test_a_port_may_have_nothing_to_do_with_vlans(filtering: bool, current: State) -> None:
    goal = merge(bridge(vlan={}), current, Facts(vlan_filtering=filtering))
    assert goal.desired.interfaces[0].bridge.port[0].vlan == PortVlan()


def test_what_a_vlan_stands_on_is_switched_on(current: State) -> None:
    vlan = {"name": "v7", "type": "vlan", "vlan": {"base-iface": "ens1f0", "id": 7}}
    assert current.interface("ens1f0").state == "down"
    goal = merge(schema.read({"interfaces": [vlan]}), current, Facts())
    assert {each.name: each.state for each in goal.interfaces} == {"v7": "up", "ens1f0": "up"}
    both = [vlan, {"name": "ens1f0", "state": "down"}]
    goal = merge(schema.read({"interfaces": both}), current, Facts())
    assert {each.name: each.state for each in goal.interfaces} == {"v7": "up", "ens1f0": "down"}


def test_without_open_vswitch_its_bridges_are_refused_and_its_package_named(current: State) -> None:
    wanted = schema.read({"interfaces": [{"name": "b", "type": "ovs-bridge"}]})
    with pytest.raises(SpecError, match="not installed") as caught:
        merge(wanted, current, Facts(switch=False))
    assert "openvswitch-switch" in caught.value.hint


def test_ports_of_pods_stay(current: State) -> None:
    goal = merge(bridge(), current, Facts())
    assert {each.name for each in goal.interfaces} == {"br1", "enp2s0", "eno1"}
    assert ports_of(goal.interfaces[0]) == ("enp2s0",)


def test_what_stands_on_what_goes_goes_with_it(current: State) -> None:
    wanted = schema.read(
        {"interfaces": [{"name": "ovs-br1", "type": "ovs-bridge", "state": "absent"}]}
    )
    goal = merge(wanted, current, Facts())
    assert {each.name for each in goal.absent} == {"ovs-br1", "ovs0"}
    assert [each.controller for each in goal.interfaces] == [""]  # eno2
