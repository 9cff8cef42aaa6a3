from pathlib import Path

import pytest

from tests.fakes.shelf import Shelf, cases, decided
from virtctl.local.controllers.workloads import Shape, WorkloadController
from virtctl.local.runtime.queue import Key

CASES = cases(Path(__file__).parent / "cases", "workloads")


def controller():
    return WorkloadController("kubevirt", (Shape("virt-api"), Shape("virt-handler", per_node=True)))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(controller(), case)
    assert found == wanted


@pytest.mark.parametrize("key", [Key("kubevirt", "web"), Key("default", "virt-api")])
def test_other_workloads_are_left_alone(key):
    assert controller().observe(Shelf([]), key) is None


def test_pods_and_objects_wake_their_component():
    pods, deployments, sets, daemons = (watched.keys for watched in controller().watched)
    pod = {
        "metadata": {
            "namespace": "kubevirt",
            "labels": {"kubevirt.io": "virt-api"},
            "annotations": {"local.virtctl.io/component": "x"},
        }
    }
    key = Key("kubevirt", "virt-api")
    assert list(pods(pod)) == [key]
    assert list(pods({"metadata": {"labels": {"kubevirt.io": "virt-api"}}})) == []
    named = {"metadata": {"namespace": "kubevirt", "name": "virt-api"}}
    assert list(deployments(named)) == list(daemons(named)) == [key]
    owner = {"kind": "Deployment", "name": "virt-api"}
    assert list(sets({"metadata": {"namespace": "kubevirt", "ownerReferences": [owner]}})) == [key]
