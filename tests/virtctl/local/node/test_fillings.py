"""Claims are filled by workers, which a daemon that starts again takes up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.fakes.cdi import claim, volume
from tests.fakes.clock import FakeClock
from tests.fakes.disks import MIB, digest, write_raw
from tests.fakes.eventually import eventually
from tests.fakes.service import make_service
from tests.fakes.webserver import WebServer
from virtctl.local.api.service import ApiService
from virtctl.local.controllers.cdi import reports
from virtctl.local.imports.job import FAILED, SUCCEEDED, Desk, State
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import fillings as module
from virtctl.local.node.fillings import Fillings, backoff, is_due
from virtctl.local.runtime import fillings
from virtctl.local.runtime.clock import Clock, SystemClock
from virtctl.models.documents import strings, uid_of
from virtctl.models.kinds import PV, PVC
from virtctl.wire.patches import merge_patch


async def at_once(seconds: float) -> None:
    """A pause of no time."""


class World:
    """A service, a directory, and the fillings between them."""

    def __init__(self, root: Path) -> None:
        self.layout = InstanceLayout(root)
        self.service: ApiService = make_service()

    def put(self, document: dict, size: str = "16Mi") -> dict:
        name = document["metadata"]["name"]
        place = self.layout.volumes / "default" / name
        self.service.create(PV, None, volume(str(place), name, size))
        self.service.create(PVC, "default", document)
        status = merge_patch({"status": document["status"]})
        return self.service.patch(PVC, "default", name, status, subresource="status")

    def disk(self, name: str = "dv1") -> Path:
        return self.layout.volumes / "default" / name / "disk.img"

    def mark(self, key: str, name: str = "dv1") -> str:
        found = self.service.find(PVC, "default", name) or {}
        return strings(found, "metadata", "annotations").get(key, "")

    def desk(self, document: dict) -> Desk:
        return Desk(self.layout.imports / uid_of(document))

    @contextlib.asynccontextmanager
    async def running(
        self, clock: Clock | None = None, pause: Callable[[float], Awaitable[None]] = at_once
    ) -> AsyncIterator[None]:
        filler = Fillings(self.service, self.layout, clock or SystemClock(), pause)
        task = asyncio.create_task(filler.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, key: str, value: str, name: str = "dv1") -> None:
        await eventually(lambda: self.mark(key, name) == value, 60)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(module, "_LOOK", 0.02)
    monkeypatch.setattr(module, "_PATIENCE", 0.02)
    return World(tmp_path)


async def test_a_claim_is_filled_from_the_web_and_told_so(world: World, tmp_path: Path) -> None:
    with WebServer() as web:
        web.files["disk"] = write_raw(tmp_path / "raw").read_bytes()
        web.answers["disk"] = [(503, {})]
        world.put(claim(SOURCE="http", ENDPOINT=web.url("disk"), PREALLOCATE="true"))
        async with world.running():
            await world.until(fillings.POD_PHASE, "Succeeded")
            assert world.mark(fillings.PREALLOCATED) == "true"
            await eventually(lambda: list(world.layout.imports.iterdir()) == [])
    assert digest(world.disk()) == digest(tmp_path / "raw")
    assert world.disk().stat().st_size == 16 * MIB
    assert world.mark(fillings.RESTARTS) == "1"
    assert world.mark(fillings.PROGRESS) == "100.0%"


async def test_what_will_never_do_is_not_tried_again(world: World) -> None:
    with WebServer() as web:
        web.files["empty"] = b""
        world.put(claim(SOURCE="http", ENDPOINT=web.url("empty")))
        world.put(claim("dv2", SOURCE="vddk"))
        async with world.running():
            await world.until(fillings.POD_PHASE, "Failed")
            await world.until(fillings.POD_PHASE, "Failed", "dv2")
        assert len(web.requests) == 1
    assert "empty" in world.mark(fillings.MESSAGE)
    assert world.mark(fillings.RESTARTS) == "0"
    assert not world.disk().exists()


async def test_a_server_that_has_no_such_file_is_asked_again(world: World, tmp_path: Path) -> None:
    pauses: list[float] = []
    seen: list[reports.Report] = []
    with WebServer() as web:
        world.put(claim(SOURCE="http", ENDPOINT=web.url("late")))

        async def pause(seconds: float) -> None:
            pauses.append(seconds)
            seen.append(reports.of({}, world.service.get(PVC, "default", "dv1")))
            if len(pauses) == 3:
                web.files["late"] = write_raw(tmp_path / "raw").read_bytes()

        async with world.running(FakeClock(), pause):
            await world.until(fillings.POD_PHASE, "Succeeded")
    assert pauses == [10, 20, 40]
    assert [one.restarts for one in seen] == [1, 2, 3]
    for one in seen:
        assert one.phase == "ImportInProgress"
        assert (one.running["status"], one.running["reason"]) == ("False", "Error")
        assert str(one.running["message"]).startswith("Unable to process data: ")
        assert "404" in str(one.running["message"])
    assert world.mark(fillings.RESTARTS) == "3"
    assert digest(world.disk()) == digest(tmp_path / "raw")


async def test_nobody_there_is_asked_again_by_the_next_daemon(world: World) -> None:
    pauses: list[float] = []
    ever = asyncio.Event()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await ever.wait()

    with WebServer() as web:
        url = web.url("disk")
    world.put(claim(SOURCE="http", ENDPOINT=url))
    for count in (1, 2, 3):
        async with world.running(FakeClock(), pause):
            await eventually(lambda count=count: len(pauses) == count, 60)
    assert pauses == [10, 20, 40]
    assert world.mark(fillings.RESTARTS) == "3"
    assert world.mark(fillings.POD_PHASE) == "Running"
    assert "cannot be reached" in world.mark(fillings.MESSAGE)


async def test_long_work_begins_the_back_off_anew(world: World) -> None:
    pauses: list[float] = []
    clock = FakeClock()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            web.files["disk"] = bytes(512)

    def check(path: str, headers: dict[str, str]) -> int:
        clock.time += 600 if len(web.requests) == 3 else 0
        return 0

    with WebServer() as web:
        web.check = check
        world.put(claim(SOURCE="http", ENDPOINT=web.url("disk")))
        async with world.running(clock, pause):
            await world.until(fillings.POD_PHASE, "Succeeded")
    assert pauses == [10, 20, 10]


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 10), (1, 10), (2, 20), (3, 40), (5, 160), (6, 300), (7, 300), (100_000, 300)],
)
def test_back_off(failures: int, seconds: float) -> None:
    assert backoff(failures) == seconds


async def test_a_copy_waits_for_what_it_copies(world: World) -> None:
    world.put(claim("copy", CLONE="default/dv1"))
    async with world.running():
        await world.until(fillings.REASON, "CloneWithoutSource", "copy")
        world.put(claim(SOURCE="none"))
        await world.until(fillings.POD_PHASE, "Succeeded", "copy")
    assert world.disk("copy").stat().st_size == 16 * MIB


async def test_a_daemon_that_starts_again_goes_on(world: World, tmp_path: Path) -> None:
    with WebServer() as web:
        gate = asyncio.Event()
        web.files["disk"] = write_raw(tmp_path / "raw").read_bytes()
        web.pace = lambda: None if gate.is_set() else __import__("time").sleep(0.02)
        document = world.put(claim(SOURCE="http", ENDPOINT=web.url("disk")))
        async with world.running():
            await eventually(lambda: len(web.requests) == 1, 60)
        assert world.mark(fillings.POD_PHASE) == "Running"
        assert not world.disk().exists()
        (world.layout.imports / "stranger").mkdir()
        gate.set()
        async with world.running():
            await world.until(fillings.POD_PHASE, "Succeeded")
            await eventually(lambda: not world.desk(document).root.exists())
    assert digest(world.disk()) == digest(tmp_path / "raw")
    assert not (world.layout.imports / "stranger").exists()


async def test_a_claim_that_goes_takes_its_worker_along(world: World) -> None:
    with WebServer() as web:
        gate = asyncio.Event()
        web.files["disk"] = bytes(16 * MIB)
        web.pace = lambda: None if gate.is_set() else __import__("time").sleep(0.05)
        world.put(claim(SOURCE="http", ENDPOINT=web.url("disk")))
        async with world.running():
            await eventually(lambda: len(web.requests) == 1, 60)
            world.service.delete(PVC, "default", "dv1")
            gate.set()
            await asyncio.sleep(0)
        assert not world.disk().exists()


async def test_uploads_are_offered_until_one_is_whole(world: World) -> None:
    document = world.put(claim(UPLOAD=""))
    desk = world.desk(document)
    async with world.running():
        await world.until(fillings.POD_READY, "true")
        assert desk.job().source.kind == "upload"
        desk.tell(State(progress=0.5))
        await world.until(fillings.PROGRESS, "50.00%")
        desk.tell(State(phase=FAILED, message="broke off"))
        await world.until(fillings.RESTARTS, "1")
        await world.until(fillings.POD_READY, "true")
        desk.tell(State(phase=SUCCEEDED))
        await world.until(fillings.POD_PHASE, "Succeeded")
    assert world.mark(fillings.POD_READY) == "false"


def test_what_is_due() -> None:
    assert is_due(claim(SOURCE="http"))
    assert not is_due(claim())
    assert not is_due(claim(phase="Pending", SOURCE="http"))
    assert not is_due(claim(SOURCE="http", POD_PHASE="Failed"))
