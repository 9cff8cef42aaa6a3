"""Overlays that keep track of changed blocks: made once, and anew when the disk is another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.ops.tracking import MakeTracking
from launcher.system import tracking

MIB = 1 << 20


@pytest.fixture
def op(tmp_path: Path) -> MakeTracking:
    data = tmp_path / "disk.img"
    with data.open("wb") as file:
        file.truncate(8 * MIB)
        file.seek(3 * MIB)
        file.write(b"data" * 1000)
    return MakeTracking(path=str(tmp_path / "disk.qcow2"), data=str(data))


def test_the_data_stays_where_it_is(op: MakeTracking, tmp_path: Path) -> None:
    before = (tmp_path / "disk.img").read_bytes()
    tracking.make(op)
    assert (tmp_path / "disk.img").read_bytes() == before
    argv = ["qemu-img", "compare", "-f", "raw", "-F", "qcow2", op.data, op.path]
    assert "identical" in subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "disk.img", "disk.qcow2", "disk.qcow2.data",
    ]  # fmt: skip


def test_the_overlay_of_the_same_disk_stays(op: MakeTracking) -> None:
    tracking.make(op)
    first = Path(op.path).stat().st_ino
    tracking.make(op)
    assert Path(op.path).stat().st_ino == first


@pytest.mark.parametrize("how", ["written", "replaced", "grown"])
def test_one_of_another_disk_is_made_anew(op: MakeTracking, tmp_path: Path, how: str) -> None:
    tracking.make(op)
    Path(op.path).write_bytes(b"bitmaps")
    data = tmp_path / "disk.img"
    match how:
        case "written":
            data.write_bytes(data.read_bytes())
        case "replaced":
            (tmp_path / "new").write_bytes(data.read_bytes())
            (tmp_path / "new").rename(data)
        case _:
            with data.open("r+b") as file:
                file.truncate(16 * MIB)
    tracking.make(op)
    assert Path(op.path).read_bytes() != b"bitmaps"


def test_a_disk_that_is_not_there(op: MakeTracking, tmp_path: Path) -> None:
    assert tracking.identity(tmp_path / "none") == ""
    with pytest.raises(OSError, match="No such file"):
        tracking.make(MakeTracking(path=op.path, data=str(tmp_path / "none")))


def test_no_program_makes_it(op: MakeTracking, tmp_path: Path) -> None:
    odd = tmp_path / "a,b.img"
    Path(op.data).rename(odd)
    with pytest.raises(HostError, match="cannot keep track"):
        tracking.make(MakeTracking(path=op.path, data=str(odd)))
    assert not Path(op.path).exists()
