"""Copies of a running machine's disks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from launcher.errors import LauncherError
from launcher.spec import Claim
from launcher.state import DiskState, Stage
from launcher.system.control import Command
from launcher.system.requests import Requests
from tests.fakes.machines import disk
from tests.fakes.specs import machine
from tests.launcher.system.test_machine import FakeSurroundings, Stand


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    source = tmp_path / "disk.img"
    source.write_bytes(b"data" * 1000)
    spec = machine(disks=(disk("data", Claim(path=str(source))), disk("root")))
    made = Stand(tmp_path, spec, FakeSurroundings())
    await made.at(Stage.RUNNING)
    yield made
    made.machine.shut_down(0)
    await made.end()


async def test_the_guest_stands_still_and_goes_on(stand: Stand, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    made = await Requests(stand.machine)(Command.COPY, {"disks": {"data": str(target)}})
    assert made["way"] in {"reflink", "sparse"}
    assert target.read_bytes() == b"data" * 1000
    assert stand.ledger.state.stage is Stage.RUNNING
    assert {"suspend", "resume"} <= set(stand.hypervisor.calls)


async def test_one_that_is_paused_stays_so(stand: Stand, tmp_path: Path) -> None:
    ask = Requests(stand.machine)
    await ask(Command.PAUSE, {})
    await ask(Command.COPY, {"disks": {"data": str(tmp_path / "copy")}})
    assert stand.ledger.state.stage is Stage.PAUSED


@pytest.mark.parametrize(
    ("disks", "why"),
    [
        ({"root": "/x"}, "no disk `root` of a file"),
        ({"none": "/x"}, "no disk `none`"),
        ({"data": "x"}, "must be absolute"),
        ({"data": "/"}, "exists already"),
    ],
)
async def test_what_cannot_be_copied(stand: Stand, disks: dict[str, str], why: str) -> None:
    with pytest.raises(LauncherError, match=why):
        await Requests(stand.machine)(Command.COPY, {"disks": disks})
    assert stand.ledger.state.stage is Stage.RUNNING


async def test_a_copy_that_fails_leaves_nothing(stand: Stand, tmp_path: Path) -> None:
    (tmp_path / "disk.img").unlink()
    with pytest.raises(LauncherError, match="cannot copy"):
        await Requests(stand.machine)(Command.COPY, {"disks": {"data": str(tmp_path / "copy")}})
    assert not (tmp_path / "copy").exists()
    assert stand.ledger.state.stage is Stage.RUNNING


async def test_a_disk_grows_under_its_guest(stand: Stand, tmp_path: Path) -> None:
    stand.ledger.update(disks=(DiskState(name="data", target="vdb"),))
    ask = Requests(stand.machine)
    await ask(Command.RESIZE, {"disks": {"data": 8192}})
    assert (tmp_path / "disk.img").stat().st_size == 8192
    assert "vdb 8192" in stand.hypervisor.calls
    await ask(Command.RESIZE, {"disks": {"data": 512}})
    assert (tmp_path / "disk.img").stat().st_size == 8192


async def test_a_disk_that_the_guest_has_not_got_does_not_grow(stand: Stand) -> None:
    with pytest.raises(LauncherError, match="no disk `data` yet"):
        await Requests(stand.machine)(Command.RESIZE, {"disks": {"data": 8192}})
