"""Copies of claims' disks, as VolumeSnapshots ask for them."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.fakes.cluster import Cluster
from virtctl.local.controllers.claims import PROVISIONER, ClaimController
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.snapshots import Snapshots
from virtctl.models.kinds import POD, PVC, VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CONTENT

SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}


class Stand:
    """A service with a claim, and the worker."""

    def __init__(self, root: Path) -> None:
        self.layout = InstanceLayout(root)
        self.cluster = Cluster()
        self.service = self.cluster.service
        self.worker = Snapshots(self.service, self.layout, self.cluster.clock, PROVISIONER)
        self.disk = self.layout.volumes / "default/c/disk.img"
        self.disk.parent.mkdir(parents=True)
        self.disk.write_bytes(b"contents" * 512)
        self.claims = ClaimController(self.layout.volumes)
        self.tasks = []

    def start(self) -> None:
        self.tasks = [
            asyncio.create_task(self.claims.run(self.service, self.cluster.clock)),
            asyncio.create_task(self.worker.run()),
        ]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def ask(self, name="s"):
        source = {"source": {"persistentVolumeClaimName": "c"}, "volumeSnapshotClassName": "local"}
        made = {"metadata": {"name": name}, "spec": source}
        return self.service.create(VOLUME_SNAPSHOT, "default", made)

    def status(self, name="s"):
        return self.service.get(VOLUME_SNAPSHOT, "default", name).get("status", {})


@pytest.fixture
async def stand(tmp_path: Path):
    made = Stand(tmp_path)
    made.service.ensure_namespace("default")
    made.service.create(PVC, "default", {"metadata": {"name": "c"}, "spec": SPEC})
    made.start()
    yield made
    await made.stop()


async def test_a_disk_is_copied_and_goes_with_its_snapshot(stand: Stand) -> None:
    uid = stand.ask()["metadata"]["uid"]
    await stand.cluster.until(lambda: stand.status().get("readyToUse"))
    copy = stand.layout.snapshots / uid / "disk.img"
    assert copy.read_bytes() == stand.disk.read_bytes()
    bound = stand.status()["boundVolumeSnapshotContentName"]
    content = stand.service.get(VOLUME_SNAPSHOT_CONTENT, None, bound)
    assert content["status"]["snapshotHandle"] == str(copy)
    stand.service.delete(VOLUME_SNAPSHOT, "default", "s")
    await stand.cluster.until(lambda: not copy.parent.exists())
    assert stand.service.find(VOLUME_SNAPSHOT_CONTENT, None, bound) is None


async def test_what_nobody_remembers_is_swept(stand: Stand) -> None:
    await stand.stop()
    stray = stand.layout.snapshots / "gone"
    stray.mkdir(parents=True)
    (stray / ".disk.img.partial").write_bytes(b"half")
    stand.start()
    await stand.cluster.until(lambda: not stray.exists())
    assert stand.layout.snapshots.exists()


async def test_a_machine_that_does_not_answer_is_waited_for(stand: Stand) -> None:
    volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "c"}}]
    owner = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "name": "vm",
             "uid": "u", "controller": True}  # fmt: skip
    pod = {
        "metadata": {"name": "p", "ownerReferences": [owner]},
        "spec": {"containers": [{"name": "compute", "image": "x"}], "volumes": volumes},
    }
    stand.service.create(POD, "default", pod)
    stand.ask()
    await stand.cluster.until(lambda: "error" in stand.status())
    assert not stand.status().get("readyToUse")
    stand.service.delete(POD, "default", "p")
    await stand.cluster.until(lambda: stand.status().get("readyToUse"))
    assert "error" not in stand.status()


async def test_a_claim_of_files_is_copied_as_files(stand: Stand) -> None:
    claim = stand.service.get(PVC, "default", "c")
    claim["metadata"]["labels"] = {"persistent-state-for": "vm"}
    stand.service.update(PVC, "default", "c", claim)
    state = stand.disk.parent / "nvram/vars.fd"
    state.parent.mkdir()
    state.write_bytes(b"boot order")
    uid = stand.ask()["metadata"]["uid"]
    await stand.cluster.until(lambda: stand.status().get("readyToUse"))
    tree = stand.layout.snapshots / uid / "tree"
    assert (tree / "nvram/vars.fd").read_bytes() == b"boot order"
    bound = stand.status()["boundVolumeSnapshotContentName"]
    content = stand.service.get(VOLUME_SNAPSHOT_CONTENT, None, bound)
    assert content["status"]["snapshotHandle"] == str(tree / "disk.img")
    await stand.stop()
    stand.start()
    await stand.cluster.until(lambda: stand.status().get("readyToUse"))
    assert tree.exists()  # the sweep knows it
