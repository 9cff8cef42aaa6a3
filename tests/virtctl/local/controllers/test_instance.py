from pathlib import Path

import pytest

from tests.fakes.cdi import claim
from tests.fakes.shelf import NOW, Shelf, cases, decided
from virtctl.errors import Forbidden
from virtctl.local.controllers.instance import InstanceController
from virtctl.local.runtime.changes import Create, delete
from virtctl.local.runtime.queue import Key
from virtctl.models.kinds import POD

CASES = cases(Path(__file__).parent / "cases", "instance")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(InstanceController(), case)
    assert found == wanted


def test_a_refused_pod_is_said():
    controller = InstanceController()
    vmi = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "vm1", "namespace": "default", "uid": "u"},
        "spec": {},
    }
    seen = controller.observe(Shelf([vmi]), Key("default", "vm1"))
    refusal = Forbidden('pods "p" is forbidden: exceeded quota')
    event, patch = controller.refused(seen, Create(kind=POD, document={}), refusal, NOW)
    assert (event.reason, event.message) == ("FailedCreate", f"Error creating pod: {refusal}")
    status = patch.body["status"]
    assert status["phase"] == "Pending"
    ready, failure = status["conditions"]
    assert (ready["type"], ready["status"]) == ("Ready", "False")
    assert (failure["type"], failure["reason"]) == ("Synchronized", "FailedCreate")
    assert failure["message"] == f"failed to create virtual machine pod: {refusal}"
    assert controller.refused(seen, delete(POD, vmi), refusal, NOW) == ()


@pytest.mark.parametrize(
    ("phase", "reason"), [("", "NotAllDVsReady"), ("Succeeded", "AllDVsReady")]
)
def test_a_pod_is_made_when_the_data_volumes_are_full(phase, reason):
    vmi = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "vm1", "namespace": "default", "uid": "u"},
        "spec": {"volumes": [{"name": "root", "dataVolume": {"name": "dv1"}}]},
    }
    controller = InstanceController()
    filled = claim(SOURCE="http", POD_PHASE=phase)
    seen = controller.observe(Shelf([vmi, filled]), Key("default", "vm1"))
    changes = controller.decide(seen, NOW)
    assert any(isinstance(one, Create) for one in changes) is (phase == "Succeeded")
    conditions = changes[-1].body["status"]["conditions"]
    assert [one["reason"] for one in conditions if one["type"] == "DataVolumesReady"] == [reason]
