from pathlib import Path

import pytest

from tests.fakes.shelf import NOW, Shelf, cases, decided
from virtctl.errors import Forbidden
from virtctl.local.controllers.replicaset import ReplicaSetController, build_instance
from virtctl.local.runtime.changes import Create, describe
from virtctl.local.runtime.queue import Key
from virtctl.models.kinds import VIRTUAL_MACHINE_INSTANCE

CASES = cases(Path(__file__).parent / "cases", "replicaset")


def replica_set(**spec):
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"domain": {"devices": {}}}}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceReplicaSet",
        "metadata": {"name": "rs1", "namespace": "default", "uid": "rs-uid"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template, **spec},
    }


def instance(name, **metadata):
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": name, "namespace": "default", "uid": name, **metadata},
    }


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(ReplicaSetController(), case)
    assert found == wanted


@pytest.mark.parametrize(
    "spec",
    [
        {"selector": {"matchLabels": {"a": "other"}}},
        {"selector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}},
        {"template": {"spec": {}}},
    ],
)
def test_a_selector_that_does_not_fit_is_left_alone(spec):
    controller = ReplicaSetController()
    assert controller.observe(Shelf([replica_set(**spec)]), Key("default", "rs1")) is None


def test_a_replica_set_that_is_gone_is_nothing():
    assert ReplicaSetController().observe(Shelf([]), Key("default", "rs1")) is None


def test_names_differ_and_have_the_template_s_base():
    names = {build_instance(replica_set(), NOW, n)["metadata"]["name"] for n in range(50)}
    assert len(names) == 50
    template = {"metadata": {"labels": {"a": "b"}, "generateName": "web-"}, "spec": {}}
    made = build_instance(replica_set(template=template), NOW, 0)
    assert made["metadata"]["name"].startswith("web-")


def test_a_refused_creation_is_said():
    controller = ReplicaSetController()
    seen = controller.observe(Shelf([replica_set()]), Key("default", "rs1"))
    change = Create(kind=VIRTUAL_MACHINE_INSTANCE, document={})
    said = controller.refused(seen, change, Forbidden("no more"), NOW)
    event, patch = (describe(one) for one in said)
    assert event["event"] == "Warning FailedCreate"
    assert event["message"] == "Error creating virtual machine instance: no more"
    (condition,) = patch["body"]["status"]["conditions"]
    assert (condition["type"], condition["reason"]) == ("ReplicaFailure", "FailedCreate")


def test_instances_wake_their_keeper_or_those_they_fit():
    controller = ReplicaSetController()
    sets, instances = (watched.keys for watched in controller.watched)
    assert list(sets(replica_set())) == [Key("default", "rs1")]
    assert list(instances(instance("x", labels={"a": "b"}))) == [Key("default", "rs1")]
    assert list(instances(instance("x", labels={"a": "c"}))) == []
    owner = {"kind": "VirtualMachineInstanceReplicaSet", "name": "other", "controller": True}
    assert list(instances(instance("x", ownerReferences=[owner]))) == [Key("default", "other")]
