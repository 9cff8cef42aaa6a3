import re
from pathlib import Path

import pytest

from tests.fakes.shelf import NOW, Shelf, cases, decided
from virtctl.errors import Forbidden
from virtctl.local.controllers.clone import CloneController, target_name
from virtctl.local.runtime.changes import Create
from virtctl.local.runtime.queue import Key
from virtctl.models.kinds import VIRTUAL_MACHINE

CASES = cases(Path(__file__).parent / "cases", "clone")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(CloneController(), case)
    assert found == wanted


def test_what_is_gone_is_nothing():
    assert CloneController().observe(Shelf([]), Key("default", "x")) is None


def clone(**spec):
    source = {"kind": "VirtualMachine", "name": "vm1"}
    return {
        "apiVersion": "clone.kubevirt.io/v1beta1",
        "kind": "VirtualMachineClone",
        "metadata": {"name": "c1", "namespace": "default", "uid": "u"},
        "spec": {"source": source, **spec},
    }


def test_a_copy_has_a_name():
    assert target_name(clone(target={"name": "mine"})) == "mine"
    assert re.fullmatch("clone-vm1-[a-z0-9]{5}", target_name(clone()))


def test_a_refusal_is_told():
    controller = CloneController()
    seen = controller.observe(Shelf([clone()]), Key("default", "c1"))
    change = Create(kind=VIRTUAL_MACHINE, document={})
    event, patch = controller.refused(seen, change, Forbidden("no more"), NOW)
    assert (event.reason, event.message) == (
        "TargetVMCreationFailed", "failed creating target VM: no more",
    )  # fmt: skip
    assert patch.body["status"]["phase"] == "CreatingTargetVM"


def test_a_clone_hears_of_the_machine_that_it_made():
    controller = CloneController()
    key = Key("default", "c1")
    controller.observe(Shelf([clone(target={"name": "mine"})]), key)
    machines = next(one for one in controller.watched if one.kind is VIRTUAL_MACHINE)
    mine = {"metadata": {"name": "mine", "namespace": "default"}}
    assert list(machines.keys(mine)) == [key]
    assert list(machines.keys({"metadata": {"name": "mine", "namespace": "other"}})) == []
    assert controller.observe(Shelf([]), key) is None
    assert list(machines.keys(mine)) == []
