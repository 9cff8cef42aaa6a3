"""Making images, and looking at files."""

import os
import shutil
from pathlib import Path

import pytest

from launcher.domain.modes import FileFacts
from launcher.errors import HostError
from launcher.ops.files import MakeDirectory
from launcher.ops.images import GrowRaw, MakeIso, MakeOverlay, MakeQcow2, MakeSparse
from launcher.system import images

needs_qemu_img = pytest.mark.skipif(not shutil.which("qemu-img"), reason="needs qemu-img")


@needs_qemu_img
def test_overlay_and_empty_disk(tmp_path: Path) -> None:
    base, over = tmp_path / "a/base.qcow2", tmp_path / "a/over.qcow2"
    images.carry_out(
        (
            MakeDirectory(path=str(base.parent)),
            MakeQcow2(path=str(base), size=1 << 20),
            MakeOverlay(path=str(over), backing=str(base), backing_format="qcow2"),
        )
    )
    assert over.stat().st_mode & 0o777 == 0o640
    assert over.read_bytes()[:4] == b"QFI\xfb"
    assert str(base).encode() in over.read_bytes()


@needs_qemu_img
def test_a_missing_image_is_named(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.img")
    op = MakeOverlay(path=str(tmp_path / "o"), backing=gone, backing_format="raw")
    with pytest.raises(HostError, match=r"gone\.img"):
        images.perform(op)


def test_sparse_image_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    images.perform(MakeSparse(path=str(path), size=1 << 20))
    assert (path.stat().st_size, path.stat().st_blocks) == (1 << 20, 0)
    images.perform(MakeSparse(path=str(path), size=2 << 20))
    assert path.stat().st_size == 1 << 20


def test_an_image_grows_as_far_as_there_is_room_and_never_shrinks(tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    path.write_bytes(b"boot".ljust(1 << 20, b"\0"))
    for size, after in ((3 << 20, 3 << 20), (1 << 20, 3 << 20)):
        images.perform(GrowRaw(path=str(path), size=size))
        assert path.stat().st_size == after
    assert path.read_bytes()[:4] == b"boot"
    free = os.statvfs(tmp_path)
    most = free.f_bavail * free.f_frsize + path.stat().st_blocks * 512
    images.perform(GrowRaw(path=str(path), size=1 << 60))
    assert 3 << 20 <= path.stat().st_size < most + (1 << 40)
    path.unlink()


def test_no_room_for_a_sparse_image(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="cannot make"):
        images.perform(MakeSparse(path=str(tmp_path / "gone/disk.img"), size=1))


def test_iso_is_for_root_only(tmp_path: Path) -> None:
    path = tmp_path / "seed.iso"
    images.perform(MakeIso(path=str(path), label="cidata", files={"user-data": b"x"}))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes()[0x8001:0x8006] == b"CD001"


def test_look(tmp_path: Path) -> None:
    sparse, full, below = (tmp_path / name for name in ("sparse", "full", "below"))
    images.perform(MakeSparse(path=str(sparse), size=1 << 20))
    full.write_bytes(b"x" * 8192)
    below.write_bytes(b"x")
    os.sync()
    found = images.look({"s": (str(sparse), str(below)), "f": (str(full),)})
    assert (found["s"].preallocated, found["f"].preallocated) == (False, True)
    assert found["f"].block_size == os.statvfs(full).f_bsize
    assert isinstance(found["s"], FileFacts)


@needs_qemu_img
def test_a_growing_image_is_not_preallocated(tmp_path: Path) -> None:
    path = tmp_path / "e.qcow2"
    images.perform(MakeQcow2(path=str(path), size=1 << 30))
    assert not images.look({"e": (str(path),)})["e"].preallocated


def test_a_file_without_direct_io() -> None:
    assert not images.look({"p": ("/proc/version",)})["p"].direct_io
