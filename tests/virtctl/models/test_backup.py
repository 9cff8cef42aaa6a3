"""Backups and trackers."""

import pytest

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.backup import VirtualMachineBackup, VirtualMachineBackupTracker
from virtctl.models.base import read

SOURCE = {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": "vm1"}


def test_reads_a_backup():
    spec = {"source": SOURCE, "mode": "Push", "pvcName": "p1"}
    found = read(VirtualMachineBackup, {"spec": spec, "status": {"exportUID": "u"}})
    assert (found.spec.mode, found.spec.pvc_name, found.status.export_uid) == ("Push", "p1", "u")


def test_reads_a_tracker():
    checkpoint = {"name": "c1", "volumes": [{"volumeName": "root"}]}
    document = {"spec": {"source": SOURCE}, "status": {"latestCheckpoint": checkpoint}}
    found = read(VirtualMachineBackupTracker, document)
    assert found.status.latest_checkpoint.volumes[0].volume_name == "root"


@pytest.mark.parametrize("kind", [kinds.BACKUP, kinds.BACKUP_TRACKER], ids=lambda kind: kind.name)
def test_fields_are_those_of_the_real_definition(kind):
    assert crds.typed_differences(kind) == []
