"""Backups: what they wait for, how they begin, go and end."""

from __future__ import annotations

import pytest

from tests.fakes.shelf import NOW, Shelf
from virtctl.local.controllers.backup import BackupController
from virtctl.local.runtime.changes import describe
from virtctl.local.runtime.queue import Key

API = "backup.kubevirt.io/v1alpha1"
CREATED = "2025-12-31T23:59:00Z"
FINALIZER = "backup.kubevirt.io/vmbackup-protection"


def backup(kind: str = "VirtualMachine", *, deleting: bool = False, **more) -> dict:
    metadata = {
        "name": "b1", "namespace": "default", "uid": "b-uid", "creationTimestamp": CREATED,
        "finalizers": [FINALIZER],
    }  # fmt: skip
    if deleting:
        metadata["deletionTimestamp"] = CREATED
    name = "vm1" if kind == "VirtualMachine" else "t1"
    spec = {"source": {"kind": kind, "name": name}, "pvcName": "vault", **more.pop("spec", {})}
    return {
        "apiVersion": API, "kind": "VirtualMachineBackup", "metadata": metadata, "spec": spec,
        "status": more,
    }  # fmt: skip


def tracker(**status) -> dict:
    spec = {"source": {"kind": "VirtualMachine", "name": "vm1"}}
    metadata = {"name": "t1", "namespace": "default", "uid": "tu"}
    kind = "VirtualMachineBackupTracker"
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec, "status": status}


def vm() -> dict:
    metadata = {"name": "vm1", "namespace": "default", "uid": "vu"}
    return {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": metadata}


def vmi(state: str = "Enabled", phase: str = "Running", sources=("dataVolume",), **job) -> dict:
    tracking = {"state": state, **({"backupStatus": job} if job else {})}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "vm1", "namespace": "default", "uid": "iu"},
        "spec": {"volumes": [{"name": one, one: {}} for one in sources]},
        "status": {"phase": phase, "changedBlockTracking": tracking},
    }


def claim(mode: str = "Filesystem") -> dict:
    metadata = {"name": "vault", "namespace": "default"}
    kind = "PersistentVolumeClaim"
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": {"volumeMode": mode}}


def decide(*documents: dict) -> list[dict]:
    controller = BackupController()
    seen = controller.observe(Shelf(list(documents)), Key("default", "b1"))
    return [] if seen is None else [describe(one) for one in controller.decide(seen, NOW)]


def conditions(changes: list[dict]) -> dict[str, tuple[str, str, str]]:
    (found,) = [
        one["body"]["status"] for one in changes
        if one.get("patch") == "VirtualMachineBackup/status"
    ]  # fmt: skip
    return {
        one["type"]: (one["status"], one["reason"], one["message"]) for one in found["conditions"]
    }


def told(changes: list[dict]) -> list[dict | None]:
    """What the instance is told of the backup."""
    return [
        one["body"]["status"]["changedBlockTracking"]["backupStatus"] for one in changes
        if one.get("patch") == "VirtualMachineInstance/status"
    ]  # fmt: skip


CHECKPOINT = {"latestCheckpoint": {"name": "b0-1"}}


@pytest.mark.parametrize(
    ("documents", "why"),
    [
        ([backup("VirtualMachineBackupTracker")], "BackupTracker t1 does not exist"),
        ([backup()], "VM default/vm1 doesnt exist"),
        ([backup(), vm()], "vm vm1 is not running, cannot do backup"),
        ([backup(), vm(), vmi(phase="Scheduled")], "vm vm1 is not running, cannot do backup"),
        ([backup(), vm(), vmi(sources=("containerDisk",))], "vm vm1 has no volumes to backup"),
        (
            [backup(), vm(), vmi("Initializing")],
            "vm vm1 has no ChangedBlockTracking, cannot start backup",
        ),
        ([backup(), vm(), vmi()], "PVC default/vault doesnt exist"),
        (
            [backup(), vm(), vmi(), claim("Block")],
            "backup target PVC must be a filesystem PVC, provided pvc default/vault is block",
        ),
        (
            [backup(), vm(), vmi(backupName="b2"), claim()],
            "another backup b2 is already in progress",
        ),
        (
            [
                backup("VirtualMachineBackupTracker"), vm(), vmi(), claim(),
                tracker(checkpointRedefinitionRequired=True, **CHECKPOINT),
            ],
            "Waiting for checkpoint redefinition on tracker t1",
        ),
    ],
)  # fmt: skip
def test_what_it_waits_for(documents: list[dict], why: str) -> None:
    changes = decide(*documents)
    assert conditions(changes) == {"Progressing": ("True", "Initializing", why)}
    assert told(changes) == []
    assert changes[-1] == {"requeue": 2.0}


@pytest.mark.parametrize(
    ("documents", "kind"),
    [
        ([backup()], "Full"),
        ([backup("VirtualMachineBackupTracker"), tracker()], "Full"),
        ([backup("VirtualMachineBackupTracker"), tracker(**CHECKPOINT)], "Incremental"),
        (
            [
                backup("VirtualMachineBackupTracker", spec={"forceFullBackup": True}),
                tracker(**CHECKPOINT),
            ],
            "Full",
        ),
    ],
)
def test_it_begins(documents: list[dict], kind: str) -> None:
    documents[0]["metadata"].pop("finalizers")
    changes = decide(*documents, vm(), vmi(), claim())
    assert changes[0]["body"]["metadata"]["finalizers"] == [FINALIZER]
    assert told(changes) == [{"backupName": "b1", "startTimestamp": CREATED}]
    assert changes[-1]["body"]["status"]["type"] == kind
    assert conditions(changes)["Progressing"][1] == "Initiated"


JOB = {
    "backupName": "b1", "startTimestamp": CREATED, "checkpointName": "b1-1",
    "volumes": [{"volumeName": "data"}],
}  # fmt: skip


def test_it_goes_on() -> None:
    changes = decide(backup(type="Full"), vm(), vmi(**JOB), claim())
    status = changes[0]["body"]["status"]
    assert status["checkpointName"] == "b1-1"
    assert status["includedVolumes"] == [{"volumeName": "data"}]
    assert told(changes) == []


@pytest.mark.parametrize(
    ("job", "reason", "event"),
    [
        ({"quiesceStatus": "Succeeded"}, "Completed", "VirtualMachineBackupCompletedSuccessfully"),
        (
            {"quiesceStatus": "Failed", "backupMsg": "no agent"},
            "CompletedWithWarning",
            "VirtualMachineBackupCompletedWithWarning",
        ),
        ({"quiesceStatus": "Skipped"}, "Completed", "VirtualMachineBackupCompletedSuccessfully"),
    ],
)
def test_it_is_done(job: dict, reason: str, event: str) -> None:
    instance = vmi(**JOB, completed=True, **job)
    source = "VirtualMachineBackupTracker"
    changes = decide(backup(source, type="Full"), tracker(), vm(), instance, claim())
    latest = changes[0]["body"]["status"]["latestCheckpoint"]
    volumes = [{"volumeName": "data"}]
    assert latest == {"name": "b1-1", "creationTime": CREATED, "volumes": volumes}
    found = conditions(changes)
    assert found["Complete"][:2] == ("True", reason)
    assert found["Progressing"][:2] == ("False", reason)
    assert found["Quiesced"][1] == f"Quiesce{job['quiesceStatus']}"
    assert [one["event"].split()[1] for one in changes if "event" in one] == [event]
    assert told(changes) == [None]


@pytest.mark.parametrize(
    ("documents", "reason", "message"),
    [
        (
            [backup(type="Full"), vmi(**JOB, completed=True, failed=True, backupMsg="no space")],
            "Failed", "no space",
        ),
        (
            [backup(type="Full"), vmi(phase="Failed", **JOB)],
            "SourceUnhealthy", "VMI is not in a running state: Failed",
        ),
        ([backup(type="Full")], "SourceLost", "VMI was deleted during backup"),
        ([backup(type="Full"), vmi()], "SourceLost", "VMI backup status was lost"),
        ([backup(deleting=True)], "DeletedDuringInit", "backup was deleted during initialization"),
        (
            [backup(spec={"mode": "Pull"})],
            "Failed", "Pull is not served here; use the mode Push",
        ),
    ],
)  # fmt: skip
def test_it_fails(documents: list[dict], reason: str, message: str) -> None:
    changes = decide(*documents, vm(), claim())
    found = conditions(changes)
    assert found["Failed"] == ("True", reason, f"Backup has failed: {message}")
    assert found["Progressing"][0] == "False"


def test_it_is_aborted() -> None:
    changes = decide(backup(deleting=True, type="Full"), vm(), vmi(**JOB), claim())
    assert conditions(changes)["Progressing"] == ("True", "Aborting", "Backup is aborting")
    assert [one["event"].split()[1] for one in changes if "event" in one] == [
        "VirtualMachineBackupAborting"
    ]


def test_what_is_over_is_let_go() -> None:
    over = [{"type": "Complete", "status": "True"}]
    assert decide(backup(conditions=over)) == []
    (change,) = decide(backup(conditions=over, deleting=True))
    assert not change["body"]["metadata"]["finalizers"]
    assert decide() == []
