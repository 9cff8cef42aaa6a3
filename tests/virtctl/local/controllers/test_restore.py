from pathlib import Path

import pytest
import yaml

from tests.fakes.shelf import NOW, Shelf, cases, decided
from virtctl.errors import Forbidden
from virtctl.local.controllers.restore import RestoreController
from virtctl.local.runtime.changes import Create, describe
from virtctl.local.runtime.queue import Key
from virtctl.models.kinds import VIRTUAL_MACHINE

CASES = cases(Path(__file__).parent / "cases", "restore")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(RestoreController(), case)
    assert found == wanted


def test_what_is_gone_is_nothing():
    assert RestoreController().observe(Shelf([]), Key("default", "x")) is None


def test_a_refusal_is_told():
    controller = RestoreController()
    restore = {
        "apiVersion": "snapshot.kubevirt.io/v1beta1",
        "kind": "VirtualMachineRestore",
        "metadata": {"name": "r1", "namespace": "default", "uid": "u"},
        "spec": {"target": {"name": "vm1"}},
    }
    seen = controller.observe(Shelf([restore]), Key("default", "r1"))
    change = Create(kind=VIRTUAL_MACHINE, document={})
    event, patch = controller.refused(seen, change, Forbidden("no more"), NOW)
    assert (event.reason, event.warning) == ("VirtualMachineRestoreError", True)
    assert patch.body["status"]["conditions"][0]["reason"] == "no more"


def in_place(case: str, **target):
    """The objects of a case, with the machine's own claim in the way; what is decided."""
    directory = Path(__file__).parent / "cases" / case
    documents = list(yaml.safe_load_all((directory / "objects.yaml").read_text()))
    restore, machine = documents[0], documents[3]
    restore["spec"]["volumeRestorePolicy"] = "InPlace"
    content = documents[2]
    backup = content["spec"]["volumeBackups"][0]
    content["spec"]["volumeBackups"] = [backup]
    backup["persistentVolumeClaim"]["metadata"]["namespace"] = "default"
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **backup["persistentVolumeClaim"]}
    machine["metadata"].update(target.pop("metadata", {}))
    machine["status"] = {**machine.get("status", {}), **target}
    seen = RestoreController().observe(Shelf([*documents, claim]), Key("default", "r1"))
    return [describe(one) for one in RestoreController().decide(seen, NOW)], claim


def test_claims_in_the_way_go_when_the_machine_is_locked():
    changes, _ = in_place("restore-disks-new")
    assert not [one for one in changes if "delete" in one or "create" in one]
    assert {"restoreInProgress": "r1"} in [
        one["body"].get("status") for one in changes if one.get("patch") == "VirtualMachine/status"
    ]
    changes, claim = in_place("restore-disks-new", restoreInProgress="r1")
    assert {"delete": "PersistentVolumeClaim", "name": claim["metadata"]["name"]} in changes
    assert not [one for one in changes if "create" in one]


def test_claims_of_others_stay():
    changes, claim = in_place("restore-disks-new", metadata={"uid": "another"})
    assert not [one for one in changes if "delete" in one]
    reasons = [
        condition["reason"]
        for one in changes
        for condition in one.get("body", {}).get("status", {}).get("conditions", [])
    ]
    assert any(f"{claim['metadata']['name']} exists already" in one for one in reasons)


def test_a_restore_that_failed_is_over():
    directory = Path(__file__).parent / "cases" / "restore-disks-new"
    documents = list(yaml.safe_load_all((directory / "objects.yaml").read_text()))
    failed = {"conditions": [{"type": "Failure", "status": "True", "reason": "x"}]}
    documents[0]["status"] = failed
    seen = RestoreController().observe(Shelf(documents), Key("default", "r1"))
    assert RestoreController().decide(seen, NOW) == ()


def test_a_restore_goes_with_the_machine_that_it_made():
    directory = Path(__file__).parent / "cases" / "restore-disks-new"
    documents = list(yaml.safe_load_all((directory / "objects.yaml").read_text()))
    documents[0]["status"] = {"complete": True}
    seen = RestoreController().observe(Shelf(documents), Key("default", "r1"))
    (change,) = RestoreController().decide(seen, NOW)
    (owner,) = describe(change)["body"]["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("VirtualMachine", "vm1")


def test_another_machine_is_not_overwritten():
    changes, _ = in_place("restore-disks-new")
    assert not [one for one in changes if "event" in one]
    directory = Path(__file__).parent / "cases" / "restore-disks-new"
    documents = list(yaml.safe_load_all((directory / "objects.yaml").read_text()))
    documents[1]["status"]["sourceUID"] = "another"
    seen = RestoreController().observe(Shelf(documents), Key("default", "r1"))
    (event,) = [
        one
        for one in map(describe, RestoreController().decide(seen, NOW))
        if one.get("event") == "Warning VirtualMachineRestoreError"
    ]
    assert event["message"].endswith(
        "restore source and restore target are different but restore target already exists"
    )


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ({"runStrategy": "Manual"}, {"runStrategy": "Manual"}),
        ({"runStrategy": "Always"}, {"runStrategy": "Always"}),
        ({"running": True}, {"running": False}),
    ],
)
def test_a_machine_starts_as_it_did_before_it_was_restored(before, expected):
    directory = Path(__file__).parent / "cases" / "restore-in-place"
    documents = list(yaml.safe_load_all((directory / "objects.yaml").read_text()))
    kinds = [document["kind"] for document in documents]
    machine = documents[kinds.index("VirtualMachine")]
    kept = {name: value for name, value in machine["spec"].items() if name[:3] != "run"}
    machine["spec"] = kept | before
    controller = RestoreController()
    seen = controller.observe(Shelf(documents), Key("default", documents[0]["metadata"]["name"]))
    wanted = dict(before)
    for change in map(describe, controller.decide(seen, NOW)):
        if change.get("patch") == "VirtualMachine":
            spec = change["body"].get("spec", {})
            wanted |= {name: value for name, value in spec.items() if name[:3] == "run"}
    assert {name: value for name, value in wanted.items() if value is not None} == expected
