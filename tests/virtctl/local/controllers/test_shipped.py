"""The common instancetypes and preferences."""

import asyncio
import contextlib
import json
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.service import make_service
from tests.fakes.waiting import until
from virtctl import resources
from virtctl.local.api.admission import Admission
from virtctl.local.api.instancetypes import expansion
from virtctl.local.api.schema import ModelSchemas
from virtctl.local.api.service import Actor, Hooks, WriteOptions
from virtctl.local.controllers.shipped import ShippedController, put_in_place, read_shipped
from virtctl.models import kinds
from virtctl.models.kinds import by_name
from virtctl.wire.patches import merge_patch

COMMON = frozenset({"VirtualMachineClusterInstancetype", "VirtualMachineClusterPreference"})
FACTS = Path(__file__).resolve().parents[5] / "shared" / "data" / "instancetypes.json"
EVERYTHING = list(read_shipped(resources.templates()))
SHIPPED = [each for each in EVERYTHING if each["kind"] in COMMON]
STRICT = WriteOptions(actor=Actor("jane", ("system:masters",)), field_validation="Strict")


def service():
    admission = Admission()
    made = make_service(Hooks(ModelSchemas(), admission))
    admission.attach(lambda kind: made.list(kind).items, made.find)
    return made


@pytest.mark.parametrize("document", SHIPPED, ids=lambda each: each["metadata"]["name"])
def test_each_is_admitted(document):
    kind = by_name(document["apiVersion"], document["kind"])
    made = service().create(kind, None, document, STRICT)
    assert made["spec"] == document["spec"]


def test_they_are_those_of_the_real_ones():
    if not FACTS.exists():
        pytest.skip("no facts of the real ones here")
    facts = json.loads(FACTS.read_text())
    ours = {(each["kind"], each["metadata"]["name"]): each for each in SHIPPED}
    assert set(ours) == {(kind, name) for kind, found in facts.items() for name in found}
    for (kind, name), document in ours.items():
        real = facts[kind][name]
        assert document["spec"] == real["spec"], name
        assert document["metadata"]["labels"] == real["labels"], name


def test_there_is_one_of_each_size_and_one_of_each_system():
    """The series of sizes, spelled out: what a size has, without the real ones at hand."""
    sizes = ("nano", "micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge")
    found = {each["metadata"]["name"]: each["spec"] for each in SHIPPED}
    processors = [found[f"u1.{size}"]["cpu"]["guest"] for size in sizes]
    memory = [found[f"u1.{size}"]["memory"]["guest"] for size in sizes]
    assert processors == [1, 1, 1, 1, 2, 4, 8, 16, 32]
    assert memory == ["512Mi", "1Gi", "2Gi", "4Gi", "8Gi", "16Gi", "32Gi", "64Gi", "128Gi"]
    assert {name.partition(".")[0] for name in found if "." in name} >= {
        "cx1", "d1", "m1", "n1", "o1", "rt1", "u1", "centos", "fedora", "rhel", "windows",
    }  # fmt: skip
    counts = [sum(each["kind"] == kind for each in SHIPPED) for kind in sorted(COMMON)]
    assert counts == [65, 54]


def test_they_are_put_in_place_once():
    made = service()
    assert put_in_place(made) == len(EVERYTHING)
    assert len(made.list(kinds.TEMPLATE, "default").items) == len(EVERYTHING) - len(SHIPPED)
    assert put_in_place(made) == 0
    made.delete(kinds.CLUSTER_INSTANCETYPE, None, "u1.small")
    changed = made.get(kinds.CLUSTER_PREFERENCE, None, "fedora")
    changed["spec"]["preferredSubdomain"] = "mine"
    made.update(kinds.CLUSTER_PREFERENCE, None, "fedora", changed)
    assert put_in_place(made) == 1
    kept = made.get(kinds.CLUSTER_PREFERENCE, None, "fedora")
    assert kept["spec"]["preferredSubdomain"] == "mine"


PREFERENCES = [each for each in SHIPPED if each["kind"] == "VirtualMachineClusterPreference"]


@pytest.mark.parametrize("document", PREFERENCES, ids=lambda each: each["metadata"]["name"])
def test_each_preference_can_be_applied(document):
    made = service()
    put_in_place(made)
    vm = {
        "metadata": {"name": "vm", "namespace": "default"},
        "spec": {
            "instancetype": {"name": "u1.2xlarge"},
            "preference": {"name": document["metadata"]["name"]},
            "template": {"spec": {"domain": {"devices": {}}}},
        },
    }
    expanded = expansion.expand(vm, made.find, "masquerade")
    cpu = expanded["spec"]["template"]["spec"]["domain"]["cpu"]
    assert cpu["sockets"] * cpu["cores"] * cpu["threads"] == 8


async def test_the_installation_may_do_without_the_common_ones():
    made = service()
    made.create(kinds.KUBEVIRT, "default", {"metadata": {"name": "kv"}, "spec": {}})
    put_in_place(made)
    own = {"metadata": {"name": "mine"}, "spec": {"cpu": {"guest": 1}, "memory": {"guest": "1Gi"}}}
    made.create(kinds.CLUSTER_INSTANCETYPE, None, own)
    task = asyncio.create_task(ShippedController().run(made, FakeClock()))

    def names():
        return {each["metadata"]["name"] for each in made.list(kinds.CLUSTER_INSTANCETYPE).items}

    def switch(*, enabled):
        configuration = {"commonInstancetypesDeployment": {"enabled": enabled}}
        body = {"spec": {"configuration": configuration}}
        made.patch(kinds.KUBEVIRT, "default", "kv", merge_patch(body))

    await asyncio.sleep(0)
    switch(enabled=False)
    await until(lambda: names() == {"mine"})
    assert made.list(kinds.CLUSTER_PREFERENCE).items == []
    assert put_in_place(made) == 0
    switch(enabled=True)
    await until(lambda: len(names()) == 66)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
