"""Matchers."""

import pytest

from tests.fakes.lookups import lookup, stored
from virtctl.local.api.instancetypes import matching
from virtctl.local.api.instancetypes.matching import INSTANCETYPE, PREFERENCE
from virtctl.models import kinds


def vm(**spec):
    return {"metadata": {"name": "vm1", "namespace": "ns"}, "spec": spec}


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("", kinds.CLUSTER_INSTANCETYPE),
        ("VirtualMachineInstancetype", kinds.INSTANCETYPE),
        ("virtualmachineinstancetypes", kinds.INSTANCETYPE),
        ("VIRTUALMACHINECLUSTERINSTANCETYPES", kinds.CLUSTER_INSTANCETYPE),
        ("Flavour", None),
    ],
)
def test_kinds(word, kind):
    assert matching.kind_of({"name": "a", "kind": word}, INSTANCETYPE) == kind


def test_finding():
    small = stored(kinds.INSTANCETYPE, "small", {"cpu": {"guest": 1}})
    common = stored(kinds.CLUSTER_PREFERENCE, "fedora", {})
    find = lookup(small, common)
    machine = vm(
        instancetype={"name": "small", "kind": "virtualmachineinstancetype"},
        preference={"name": "fedora"},
    )
    assert matching.find(machine, INSTANCETYPE, find) is small
    assert matching.find(machine, PREFERENCE, find) is common
    assert matching.find(vm(), INSTANCETYPE, find) is None
    assert matching.find(vm(instancetype={"name": "x", "kind": "y"}), INSTANCETYPE, find) is None


def test_annotations():
    machine = vm(instancetype={"name": "u1.small"})
    assert matching.annotation(machine, INSTANCETYPE) == (
        "kubevirt.io/cluster-instancetype-name",
        "u1.small",
    )
    named = vm(preference={"name": "p", "kind": "VirtualMachinePreference"})
    assert matching.annotation(named, PREFERENCE) == ("kubevirt.io/preference-name", "p")
    assert matching.annotation(vm(), PREFERENCE) is None


def test_labels():
    assert INSTANCETYPE.label == "instancetype.kubevirt.io/default-instancetype"
    assert PREFERENCE.label == "instancetype.kubevirt.io/default-preference"
