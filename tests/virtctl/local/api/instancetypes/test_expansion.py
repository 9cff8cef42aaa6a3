"""Machines with instancetype and preference applied; cases are directories."""

from pathlib import Path

import pytest
import yaml

from tests.fakes.lookups import lookup, stored
from virtctl.errors import InvalidField
from virtctl.local.api.instancetypes import expansion
from virtctl.local.api.instancetypes.expansion import Conflicting
from virtctl.models import kinds

CASES = sorted((Path(__file__).parent / "cases").iterdir())


def read(case, name):
    return yaml.safe_load((case / f"{name}.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_expanded(case):
    find = lookup(*yaml.safe_load_all((case / "objects.yaml").read_text()))
    machine = read(case, "machine")
    before = read(case, "machine")
    assert expansion.expand(machine, find, "bridge") == read(case, "expanded")
    assert machine == before


def vm(**spec):
    template = {"spec": {"domain": {"devices": {}}}}
    return {"metadata": {"name": "a", "namespace": "ns"}, "spec": {"template": template, **spec}}


def test_nothing_to_expand():
    machine = vm()
    assert expansion.expand(machine, lookup(), "bridge") is machine


def test_what_is_not_there():
    with pytest.raises(InvalidField, match="not found"):
        expansion.expand(vm(preference={"name": "x"}), lookup(), "bridge")


SMALL = stored(
    kinds.CLUSTER_INSTANCETYPE, "small", {"cpu": {"guest": 1}, "memory": {"guest": "1Gi"}}
)


def test_conflicts():
    machine = vm(instancetype={"name": "small"})
    machine["spec"]["template"]["spec"]["domain"]["cpu"] = {"cores": 2}
    with pytest.raises(Conflicting) as refusal:
        expansion.expand(machine, lookup(SMALL), "bridge")
    assert str(refusal.value) == (
        "VM field(s) spec.template.spec.domain.cpu.cores conflicts with selected instance type"
    )


def test_processors_that_cannot_be_spread():
    spread = stored(kinds.CLUSTER_PREFERENCE, "spread", {"cpu": {"preferredCPUTopology": "spread"}})
    machine = vm(instancetype={"name": "small"}, preference={"name": "spread"})
    with pytest.raises(Conflicting, match="not divisible"):
        expansion.expand(machine, lookup(SMALL, spread), "bridge")


def test_requirements_are_causes():
    needs = {"requirements": {"cpu": {"guest": 2}}}
    (cause,) = expansion.requirement_causes(SMALL["spec"], needs, {})
    assert cause.reason == "FieldValueNotFound"
    assert cause.message.startswith("failure checking preference requirements: insufficient CPU")


def test_annotations():
    machine = vm(instancetype={"name": "small"}, preference={"name": "x"})
    assert expansion.applied_annotations(machine) == {
        "kubevirt.io/cluster-instancetype-name": "small",
        "kubevirt.io/cluster-preference-name": "x",
    }


def test_a_network_is_not_forced_on_a_machine():
    machine = vm(instancetype={"name": "small"})
    machine["spec"]["template"]["spec"]["domain"]["devices"]["autoattachPodInterface"] = False
    expanded = expansion.expand(machine, lookup(SMALL), "bridge")
    assert "networks" not in expanded["spec"]["template"]["spec"]
