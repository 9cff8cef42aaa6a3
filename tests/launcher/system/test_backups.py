"""Backup jobs: begun once, followed to their end, and nothing half left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from launcher.errors import LauncherError
from launcher.spec import Claim
from launcher.state import DiskState, Stage
from launcher.system import backups, diskcopies, mounts
from launcher.system.control import Command
from launcher.system.requests import Requests
from tests.fakes.machines import disk
from tests.fakes.specs import machine
from tests.fakes.waiting import until
from tests.launcher.system.test_machine import FakeSurroundings, Stand


@pytest.fixture
async def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    room = tmp_path / "room"
    monkeypatch.setattr(backups, "_ROOM", room)
    monkeypatch.setattr(backups, "_LOOK", 0)

    def bind(source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(source)

    monkeypatch.setattr(mounts, "bind", bind)
    monkeypatch.setattr(mounts, "unbind", lambda target: target.unlink(missing_ok=True))
    monkeypatch.setattr("launcher.system.files.give", lambda *_: None)
    source = tmp_path / "disk.img"
    source.write_bytes(b"data" * 1000)
    spec = machine(disks=(disk("data", Claim(path=str(source))), disk("root")))
    made = Stand(tmp_path, spec, FakeSurroundings())
    await made.at(Stage.RUNNING)
    made.ledger.update(
        disks=(
            DiskState(name="root", target="vda"),
            DiskState(name="data", target="vdb", tracked=True),
        )
    )
    yield made
    made.machine.shut_down(0)
    await made.end()


def order(tmp_path: Path, **changes: object) -> dict[str, object]:
    given = {
        "name": "monday", "begun": "2026-01-05T00:00:00Z", "checkpoint": "monday-1",
        "directory": str(tmp_path / "target/web/monday"), "files": {"data": "monday-data.qcow2"},
    }  # fmt: skip
    return {**given, **changes}


async def test_a_backup(stand: Stand, tmp_path: Path) -> None:
    ask = Requests(stand.machine)
    stand.hypervisor.job_ends = [None, None, ""]
    await ask(Command.BACKUP, order(tmp_path))
    begun = stand.ledger.state.backup
    assert begun is not None
    assert (begun.name, begun.checkpoint, begun.disks) == ("monday", "monday-1", ("data",))
    assert begun.quiesced == "Failed"  # there is no agent
    await until(lambda: stand.ledger.state.backup.completed)
    ended = stand.ledger.state.backup
    assert not ended.failed
    assert "agent is not connected" in ended.message
    assert [path.name for path in (tmp_path / "target/web/monday").iterdir()] == [
        "monday-data.qcow2"
    ]
    assert not (tmp_path / "room/monday").exists()
    await ask(Command.BACKUP, order(tmp_path))  # who asks again has lost the answer
    assert stand.hypervisor.calls.count("backup with a checkpoint") == 1


async def test_one_at_a_time(stand: Stand, tmp_path: Path) -> None:
    ask = Requests(stand.machine)
    stand.hypervisor.job_ends = [None] * 1000
    await ask(Command.BACKUP, order(tmp_path))
    with pytest.raises(LauncherError, match="in progress"):
        await ask(Command.BACKUP, order(tmp_path, name="tuesday"))
    stand.hypervisor.job_ends = []
    await until(lambda: stand.ledger.state.backup.completed)
    await ask(Command.BACKUP, order(tmp_path, name="tuesday", since="monday-1", quiesce=False))
    await until(lambda: stand.ledger.state.backup.completed)
    assert stand.ledger.state.backup.quiesced == "Skipped"
    assert "<incremental>monday-1</incremental>" in stand.hypervisor.plugged[-2]


async def test_one_that_is_aborted_leaves_nothing(stand: Stand, tmp_path: Path) -> None:
    ask = Requests(stand.machine)
    stand.hypervisor.job_ends = [None] * 1000
    await ask(Command.BACKUP, order(tmp_path))
    await ask(Command.ABORT_BACKUP, {"name": "another"})
    assert "abort" not in stand.hypervisor.calls
    await ask(Command.ABORT_BACKUP, {"name": "monday"})
    await until(lambda: stand.ledger.state.backup.completed)
    assert stand.ledger.state.backup.failed
    assert stand.ledger.state.backup.message == "backup aborted"
    assert not (tmp_path / "target/web/monday").exists()


async def test_one_that_does_not_begin(stand: Stand, tmp_path: Path) -> None:
    stand.hypervisor.refuses = "checkpoint is lost"
    ask = Requests(stand.machine)
    with pytest.raises(LauncherError, match="checkpoint is lost"):
        await ask(Command.BACKUP, order(tmp_path))
    assert stand.ledger.state.backup is None
    assert not (tmp_path / "target/web/monday").exists()
    stand.ledger.update(disks=(DiskState(name="data", target="vdb"),))
    with pytest.raises(LauncherError, match="not tracked"):
        await ask(Command.BACKUP, order(tmp_path))


async def test_a_checkpoint_is_made_known_again(stand: Stand) -> None:
    ask = Requests(stand.machine)
    await ask(Command.REDEFINE, {"name": "monday-1", "created": 1700000000})
    assert "redefine monday-1" in stand.hypervisor.calls
    assert 'bitmap="monday-1"' in stand.hypervisor.plugged[-1]


async def test_much_data_is_copied_while_the_guest_goes_on(
    stand: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diskcopies, "AT_ONCE", 0)
    monkeypatch.setattr("launcher.system.diskfiles.can_share", lambda *_: False)
    target = tmp_path / "copy"
    stand.hypervisor.job_ends = [None, ""]
    asked = {"disks": {"data": str(target)}, "quiesce": True}
    made = await Requests(stand.machine)(Command.COPY, asked)
    assert made == {"way": "job", "quiesced": "NoGuestAgent"}
    assert target.stat().st_size == 1 << 20
    assert "suspend" not in stand.hypervisor.calls
    assert list((tmp_path / "room").iterdir()) == []
    target.unlink()
    stand.hypervisor.job_ends = [None, "no space"]
    with pytest.raises(LauncherError, match="no space"):
        await Requests(stand.machine)(Command.COPY, asked)
    assert not target.exists()
    assert list((tmp_path / "room").iterdir()) == []


async def test_a_copy_waits_for_its_turn(stand: Stand, tmp_path: Path) -> None:
    ask = Requests(stand.machine)
    stand.hypervisor.job_ends = [None] * 1000
    await ask(Command.BACKUP, order(tmp_path))
    copying = asyncio.ensure_future(ask(Command.COPY, {"disks": {"data": str(tmp_path / "copy")}}))
    await asyncio.sleep(0)
    assert not copying.done()
    stand.hypervisor.job_ends = []
    await copying
    assert (tmp_path / "copy").exists()
