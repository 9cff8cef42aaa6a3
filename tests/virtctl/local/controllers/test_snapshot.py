from pathlib import Path

import pytest

from tests.fakes.shelf import NOW, Shelf, cases, decided
from virtctl.local.controllers.snapshot import SnapshotController
from virtctl.local.runtime.changes import Create
from virtctl.local.runtime.queue import Key

CASES = cases(Path(__file__).parent / "cases", "snapshot")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(SnapshotController(), case)
    assert found == wanted


def test_what_is_gone_is_nothing():
    assert SnapshotController().observe(Shelf([]), Key("default", "x")) is None


def test_what_firmware_remembers_is_a_volume_too():
    firmware = {"bootloader": {"efi": {"persistent": True}}}
    machine = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "vm1", "namespace": "default", "uid": "vu"},
        "spec": {"template": {"spec": {"domain": {"firmware": firmware}}}},
    }
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": "persistent-state-for-vm1-x", "namespace": "default",
            "labels": {"persistent-state-for": "vm1"},
        },
        "spec": {},
    }  # fmt: skip
    snapshot = {
        "apiVersion": "snapshot.kubevirt.io/v1beta1",
        "kind": "VirtualMachineSnapshot",
        "metadata": {
            "name": "s1", "namespace": "default", "uid": "su",
            "creationTimestamp": "2025-12-31T23:59:30Z",
        },
        "spec": {"source": {"kind": "VirtualMachine", "name": "vm1"}},
    }  # fmt: skip
    controller = SnapshotController()
    for documents, wanted in (
        ([snapshot, machine, claim], [("persistent-state-for-vm1", "persistent-state-for-vm1-x")]),
        ([snapshot, machine], []),
    ):
        seen = controller.observe(Shelf(documents), Key("default", "s1"))
        (content,) = [
            change.document for change in controller.decide(seen, NOW) if isinstance(change, Create)
        ]
        found = [
            (one["volumeName"], one["persistentVolumeClaim"]["metadata"]["name"])
            for one in content["spec"].get("volumeBackups", [])
        ]
        assert found == wanted
