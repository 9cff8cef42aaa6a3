"""Backups are asked of launchers, and checkpoints are made known to new ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from launcher.errors import HypervisorError, LauncherGone
from launcher.lifecycle import Command
from tests.fakes.cluster import Cluster
from virtctl.local.controllers.claims import ClaimController
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import backups
from virtctl.local.node.backups import Backups
from virtctl.models.kinds import (
    BACKUP,
    BACKUP_TRACKER,
    EVENT,
    KUBEVIRT,
    PVC,
    VIRTUAL_MACHINE_INSTANCE,
)

CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}


class Launcher:
    """A launcher that remembers what it was asked for, and fails as told."""

    def __init__(self) -> None:
        self.asked: list[tuple[Command, dict]] = []
        self.failures: list[Exception] = []

    async def request(self, command: Command, /, **arguments: object) -> None:
        self.asked.append((command, arguments))
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
async def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cluster]:
    made, layout, launcher = Cluster(), InstanceLayout(tmp_path), Launcher()

    async def connect(_place: object) -> Launcher:
        return launcher

    monkeypatch.setattr(backups.lifecycle, "connect", connect)
    monkeypatch.setattr(backups, "_PATIENCE", 0)
    service = made.service
    for namespace in ("default", "kubevirt"):
        service.ensure_namespace(namespace)
    gate = {"developerConfiguration": {"featureGates": ["IncrementalBackup"]}}
    kubevirt = {"metadata": {"name": "kubevirt"}, "spec": {"configuration": gate}}
    service.create(KUBEVIRT, "kubevirt", kubevirt)
    service.create(PVC, "default", {"metadata": {"name": "vault"}, "spec": CLAIM})
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    disks = [{"name": "data", "disk": {"bus": "virtio"}}]
    domain = {"devices": {"disks": disks}, "memory": {"guest": "64Mi"}}
    vmi = {"metadata": {"name": "vm1"}, "spec": {"domain": domain, "volumes": volumes}}
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)
    source = {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": "vm1"}
    tracker = {"metadata": {"name": "t"}, "spec": {"source": source}}
    service.create(BACKUP_TRACKER, "default", tracker)
    made.launcher, made.home = launcher, layout.volumes / "default/vault"
    tasks = [
        asyncio.create_task(one)
        for one in (
            ClaimController(layout.volumes).run(service, made.clock),
            Backups(service, layout, made.clock).run(),
        )
    ]
    await made.until(lambda: service.get(PVC, "default", "vault")["status"]["phase"] == "Bound")
    yield made
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def put(cluster: Cluster, kind, name: str, **status: object) -> None:
    found = cluster.service.get(kind, "default", name)
    found["status"] = {**found.get("status", {}), **status}
    cluster.service.update(kind, "default", name, found, subresource="status")


def begin(cluster: Cluster, **spec: object) -> str:
    """A backup that the instance is told of; when it was made."""
    source = {"apiGroup": "backup.kubevirt.io", "kind": "VirtualMachineBackupTracker", "name": "t"}
    body = {"metadata": {"name": "b"}, "spec": {"source": source, "pvcName": "vault", **spec}}
    made = cluster.service.create(BACKUP, "default", body)
    begun = made["metadata"]["creationTimestamp"]
    job = {"backupName": "b", "startTimestamp": begun}
    tracking = {"state": "Enabled", "backupStatus": job}
    put(cluster, VIRTUAL_MACHINE_INSTANCE, "vm1", changedBlockTracking=tracking)
    return begun


def job(cluster: Cluster) -> dict:
    return cluster.vmi()["status"]["changedBlockTracking"]["backupStatus"]


async def test_a_backup_is_asked_for_until_somebody_hears_it(cluster: Cluster) -> None:
    cluster.launcher.failures = [LauncherGone("nothing answers")]
    begun = begin(cluster)
    await cluster.until(lambda: len(cluster.launcher.asked) == 2)
    first, second = cluster.launcher.asked
    await cluster.until(
        lambda: (
            cluster.service.get(PVC, "default", "vault")["metadata"]["annotations"][
                "cdi.kubevirt.io/storage.contentType"
            ]
            == "archive"
        )
    )
    assert first == second
    command, order = second
    assert command is Command.BACKUP
    moment = begun.rstrip("Z").replace("T", "_").replace(":", "-")
    assert order == {
        "name": "b", "begun": begun, "checkpoint": f"b-{moment}",
        "directory": str(cluster.home / "vm1" / f"b-{moment}"),
        "files": {"data": "b-data.qcow2"}, "since": "", "quiesce": True,
    }  # fmt: skip


async def test_only_what_changed(cluster: Cluster) -> None:
    put(cluster, BACKUP_TRACKER, "t", latestCheckpoint={"name": "a-1"})
    begin(cluster, skipQuiesce=True)
    await cluster.until(lambda: any(one is Command.BACKUP for one, _ in cluster.launcher.asked))
    order = next(order for one, order in cluster.launcher.asked if one is Command.BACKUP)
    assert (order["since"], order["quiesce"]) == ("a-1", False)


async def test_one_that_does_not_begin_has_failed(cluster: Cluster) -> None:
    cluster.launcher.failures = [HypervisorError("checkpoint is lost")]
    begin(cluster)
    await cluster.until(lambda: job(cluster).get("failed"))
    assert job(cluster)["completed"]
    assert job(cluster)["backupMsg"] == "checkpoint is lost"


async def test_what_is_left_of_one_that_failed_goes(cluster: Cluster) -> None:
    begun = begin(cluster)
    await cluster.until(lambda: cluster.launcher.asked)
    moment = begun.rstrip("Z").replace("T", "_").replace(":", "-")
    place = cluster.home / "vm1" / f"b-{moment}"
    await asyncio.to_thread(place.mkdir, parents=True)
    failed = {
        "type": "Failed", "status": "True", "reason": "Failed", "message": "",
        "lastTransitionTime": begun,
    }  # fmt: skip
    put(cluster, BACKUP, "b", type="Full", conditions=[failed])
    await cluster.until(lambda: not place.exists())
    assert place.parent.exists()


async def test_one_that_is_deleted_is_aborted(cluster: Cluster) -> None:
    begin(cluster)
    found = cluster.service.get(BACKUP, "default", "b")
    found["metadata"]["finalizers"] = ["backup.kubevirt.io/vmbackup-protection"]
    cluster.service.update(BACKUP, "default", "b", found)
    cluster.service.delete(BACKUP, "default", "b")
    await cluster.until(lambda: (Command.ABORT_BACKUP, {"name": "b"}) in cluster.launcher.asked)
    assert [command for command, _ in cluster.launcher.asked].count(Command.ABORT_BACKUP) == 1


def tracker(cluster: Cluster) -> dict:
    return cluster.service.get(BACKUP_TRACKER, "default", "t").get("status", {})


async def test_checkpoints_are_made_known(cluster: Cluster) -> None:
    latest = {"name": "a-1", "creationTime": "2026-01-01T00:00:00Z"}
    put(cluster, BACKUP_TRACKER, "t", latestCheckpoint=latest)
    put(cluster, VIRTUAL_MACHINE_INSTANCE, "vm1", changedBlockTracking={"state": "Enabled"})
    await cluster.until(lambda: cluster.launcher.asked)
    told = {"name": "a-1", "created": 1767225600}
    assert cluster.launcher.asked == [(Command.REDEFINE, told)]
    await cluster.until(lambda: tracker(cluster) == {"latestCheckpoint": latest})


async def test_checkpoints_that_are_lost_are_forgotten(cluster: Cluster) -> None:
    cluster.launcher.failures = [HypervisorError("the bitmap is gone")]
    put(cluster, BACKUP_TRACKER, "t", latestCheckpoint={"name": "a-1"})
    put(cluster, VIRTUAL_MACHINE_INSTANCE, "vm1", changedBlockTracking={"state": "Enabled"})
    await cluster.until(lambda: cluster.launcher.asked and not tracker(cluster))
    messages = [one["message"] for one in cluster.service.list(EVENT, "default").items]
    assert any("the bitmap is gone" in one and "will be full" in one for one in messages)
