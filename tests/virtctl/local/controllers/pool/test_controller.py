from pathlib import Path

import pytest

from tests.fakes.shelf import NOW, Shelf, cases, decided
from virtctl.errors import Forbidden
from virtctl.local.controllers.pool.controller import PoolController
from virtctl.local.runtime.changes import Create, Patch, delete, describe
from virtctl.local.runtime.queue import Key
from virtctl.models.kinds import VIRTUAL_MACHINE

CASES = cases(Path(__file__).parents[1] / "cases", "pool")
POOL = {
    "apiVersion": "pool.kubevirt.io/v1beta1",
    "kind": "VirtualMachinePool",
    "metadata": {"name": "pool1", "namespace": "default", "uid": "pool-uid", "generation": 1},
    "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "virtualMachineTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": {}},
    },
}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(PoolController(), case)
    assert found == wanted


@pytest.mark.parametrize(
    "selector",
    [{"matchLabels": {"x": "y"}}, {"matchExpressions": [{"key": "a", "operator": "?"}]}],
)
def test_a_selector_that_does_not_fit_is_left_alone(selector):
    pool = {**POOL, "spec": {**POOL["spec"], "selector": selector}}
    assert PoolController().observe(Shelf([pool]), Key("default", "pool1")) is None


def test_a_pool_that_is_gone_is_nothing():
    assert PoolController().observe(Shelf([]), Key("default", "pool1")) is None


@pytest.mark.parametrize(
    ("change", "event", "reason"),
    [
        (Create(kind=VIRTUAL_MACHINE, document={}), "FailedCreate", "FailedScaleOut"),
        (delete(VIRTUAL_MACHINE, POOL), "FailedDelete", "FailedScaleIn"),
        (
            Patch(kind=VIRTUAL_MACHINE, namespace="default", name="pool1-0", body={}),
            "FailedUpdate",
            "FailedUpdate",
        ),
    ],
)
def test_refusals_are_failures_of_the_pool(change, event, reason):
    controller = PoolController()
    seen = controller.observe(Shelf([POOL]), Key("default", "pool1"))
    said, patch = (
        describe(one) for one in controller.refused(seen, change, Forbidden("no more"), NOW)
    )
    assert said["event"] == f"Warning {event}"
    (condition,) = patch["body"]["status"]["conditions"]
    assert (condition["type"], condition["reason"]) == ("ReplicaFailure", reason)
    assert condition["message"].startswith("error during")


def test_instances_wake_the_pool_of_their_machine():
    controller = PoolController()
    _, machines, instances = (watched.keys for watched in controller.watched)
    owner = {"kind": "VirtualMachinePool", "name": "pool1", "controller": True}
    vm = {"metadata": {"name": "pool1-0", "namespace": "default", "ownerReferences": [owner]}}
    assert list(machines(vm)) == [Key("default", "pool1")]
    of = {"kind": "VirtualMachine", "name": "pool1-0", "controller": True}
    vmi = {"metadata": {"name": "pool1-0", "namespace": "default", "ownerReferences": [of]}}
    assert list(instances(vmi)) == [Key("default", "pool1")]
    assert list(instances({"metadata": {"name": "x", "namespace": "default"}})) == []
