"""Dumps of memory to claims; what a launcher writes is written here."""

import asyncio
from pathlib import Path

import pytest

from launcher.errors import LauncherGone
from tests.fakes.background import background
from tests.fakes.cluster import Cluster, machine
from virtctl.local.controllers.claims import ClaimController
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import memorydumps
from virtctl.local.node.memorydumps import MemoryDumps
from virtctl.models.kinds import PVC, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
FAILURES: list[Exception] = []


GATE = asyncio.Event()


async def write(place, path: Path) -> None:
    if FAILURES:
        raise FAILURES.pop()
    await GATE.wait()
    await asyncio.to_thread(path.write_bytes, b"memory of " + place.uid.encode())


@pytest.fixture
async def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    GATE.set()
    monkeypatch.setattr(memorydumps.lifecycle, "dump_memory", write)
    made, layout = Cluster(), InstanceLayout(tmp_path)
    service = made.service
    service.ensure_namespace("default")
    service.create(PVC, "default", {"metadata": {"name": "c"}, "spec": SPEC})
    service.create(VIRTUAL_MACHINE, "default", machine(strategy="Halted"))
    spec = {"domain": {"devices": {}, "memory": {"guest": "64Mi"}}}
    instance = {"metadata": {"name": "vm1"}, "spec": spec}
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", instance)
    made.home = layout.volumes / "default/c"
    async with background(
        ClaimController(layout.volumes).run(service, made.clock),
        MemoryDumps(service, layout, made.clock).run(),
    ):
        await made.until(lambda: service.get(PVC, "default", "c")["status"]["phase"] == "Bound")
        yield made


def ask(cluster, phase="Associating", **more):
    vm = cluster.vm()
    request = {"claimName": "c", "phase": phase, **more}
    vm["status"] = {**vm.get("status", {}), "memoryDumpRequest": request}
    cluster.service.update(VIRTUAL_MACHINE, "default", "vm1", vm, subresource="status")


def request(cluster):
    return cluster.vm()["status"]["memoryDumpRequest"]


@pytest.mark.parametrize("phase", ["Associating", "InProgress"])
async def test_a_dump_is_there_when_it_is_whole(cluster, phase: str) -> None:
    cluster.home.mkdir(parents=True)
    (cluster.home / "old.memory.dump").write_bytes(b"")
    (cluster.home / ".x.memory.dump.partial").write_bytes(b"half")
    ask(cluster, phase)
    await cluster.until(lambda: request(cluster)["phase"] == "Completed")
    (path,) = cluster.home.iterdir()
    assert path.name == request(cluster)["fileName"]
    assert path.read_bytes() == b"memory of " + cluster.vmi()["metadata"]["uid"].encode()
    marks = cluster.service.get(PVC, "default", "c")["metadata"]["annotations"]
    assert marks["cdi.kubevirt.io/storage.contentType"] == "archive"


async def test_a_guest_that_is_gone(cluster) -> None:
    FAILURES.append(LauncherGone("nothing answers"))
    ask(cluster)
    await cluster.until(lambda: request(cluster)["phase"] == "Failed")
    assert request(cluster)["message"] == "memory dump failed: nothing answers"
    assert "endTimestamp" in request(cluster)


async def test_a_claim_is_forgotten_when_its_dump_is_done(cluster) -> None:
    GATE.clear()
    ask(cluster)
    await cluster.until(lambda: request(cluster)["phase"] == "InProgress")
    ask(cluster, "Dissociating", remove=True)
    for _ in range(20):
        await asyncio.sleep(0)
    assert request(cluster)["phase"] == "Dissociating"
    GATE.set()
    await cluster.until(lambda: "memoryDumpRequest" not in cluster.vm()["status"])
    assert [path.name for path in cluster.home.iterdir()] != []


async def test_a_claim_that_is_not_bound_is_waited_for_or_given_up(cluster) -> None:
    ask(cluster, claimName="later")
    await cluster.until(lambda: request(cluster)["phase"] == "InProgress")
    cluster.service.create(PVC, "default", {"metadata": {"name": "later"}, "spec": SPEC})
    await cluster.until(lambda: request(cluster)["phase"] == "Completed")
    ask(cluster, claimName="never")
    await cluster.until(lambda: request(cluster)["phase"] == "InProgress")
    ask(cluster, "Dissociating", claimName="never", remove=True)
    await cluster.until(lambda: "memoryDumpRequest" not in cluster.vm()["status"])


async def test_without_a_dump_it_is_forgotten_at_once(cluster) -> None:
    ask(cluster, "Dissociating", remove=True)
    await cluster.until(lambda: "memoryDumpRequest" not in cluster.vm()["status"])
    assert not cluster.home.exists()
