"""Snapshots, contents and restores."""

import pytest

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.snapshot import (
    VirtualMachineRestore,
    VirtualMachineSnapshot,
    VirtualMachineSnapshotContent,
)

SOURCE = {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": "vm1"}


def test_reads_a_snapshot():
    status = {"sourceUID": "u", "readyToUse": True, "error": {"message": "late"}}
    found = read(VirtualMachineSnapshot, {"spec": {"source": SOURCE}, "status": status})
    assert found.spec.source.name == "vm1"
    assert (found.status.source_uid, found.status.error.message) == ("u", "late")


def test_reads_a_content():
    machine = {"spec": {"template": {"spec": {"domain": {"devices": {}}}}}}
    backup = {"volumeName": "root", "persistentVolumeClaim": {"spec": {"volumeName": "pv1"}}}
    spec = {"source": {"virtualMachine": machine}, "volumeBackups": [backup]}
    found = read(VirtualMachineSnapshotContent, {"spec": spec})
    assert found.spec.source.virtual_machine.spec.template is not None
    assert found.spec.volume_backups[0].persistent_volume_claim.spec.volume_name == "pv1"


def test_reads_a_restore():
    spec = {"target": SOURCE, "virtualMachineSnapshotName": "s1"}
    found = read(VirtualMachineRestore, {"spec": spec, "status": {"complete": True}})
    assert found.spec.virtual_machine_snapshot_name == "s1"
    assert found.status.complete


@pytest.mark.parametrize(
    "kind", [kinds.SNAPSHOT, kinds.SNAPSHOT_CONTENT, kinds.RESTORE], ids=lambda kind: kind.name
)
def test_fields_are_those_of_the_real_definition(kind):
    assert crds.typed_differences(kind) == []
