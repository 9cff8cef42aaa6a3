from pathlib import Path

import pytest

from tests.fakes.shelf import NOW, Shelf, cases, decided
from virtctl.errors import Forbidden
from virtctl.local.controllers.machine.controller import MachineController
from virtctl.local.runtime.changes import Create, delete
from virtctl.local.runtime.queue import Key
from virtctl.models.kinds import DATA_VOLUME, VIRTUAL_MACHINE_INSTANCE

CASES = cases(Path(__file__).parents[1] / "cases", "machine")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(MachineController(), case)
    assert found == wanted


def test_nothing_is_done_about_what_is_gone():
    assert MachineController().observe(Shelf([]), Key("default", "vm1")) is None


def test_refusals_are_failures_of_the_machine():
    controller = MachineController()
    vm = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "vm1", "namespace": "default", "uid": "u", "generation": 1},
        "spec": {"runStrategy": "Always", "template": {"spec": {}}},
    }
    seen = controller.observe(Shelf([vm]), Key("default", "vm1"))
    change = Create(kind=VIRTUAL_MACHINE_INSTANCE, document={})
    event, patch = controller.refused(seen, change, Forbidden("no more"), NOW)
    message = "Error creating virtual machine instance: no more"
    assert (event.reason, event.message, event.warning) == ("FailedCreate", message, True)
    failure = patch.body["status"]["conditions"][1]
    assert (failure["type"], failure["reason"], failure["message"]) == (
        "Failure", "FailedCreate", message,
    )  # fmt: skip
    volume = Create(kind=DATA_VOLUME, document={"metadata": {"name": "dv1"}})
    event, _ = controller.refused(seen, volume, Forbidden("no more"), NOW)
    assert (event.reason, event.message) == (
        "FailedDataVolumeCreate", "Error creating DataVolume dv1: no more",
    )  # fmt: skip
    gone = delete(VIRTUAL_MACHINE_INSTANCE, vm)
    assert controller.refused(seen, gone, Forbidden("no"), NOW)[0].reason == "FailedDelete"
    assert controller.refused(seen, event, Forbidden("no"), NOW) == ()
