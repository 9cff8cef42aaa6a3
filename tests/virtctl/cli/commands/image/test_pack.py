"""``image pack``."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.disks import convert, write_raw
from tests.fakes.env import virtctl
from tests.fakes.registry import Registry


def test_a_disk_is_pushed_and_pulled_again(tmp_path: Path) -> None:
    disk = convert(write_raw(tmp_path / "raw"), tmp_path / "disk", "qcow2")
    registry = Registry()
    try:
        name = f"{registry.host}/vms/guest:1"
        words = ("--push", name, "--dir", str(tmp_path / "i"))
        ran = virtctl("image", "pack", "disk", *words, cwd=str(tmp_path))
        assert ran.code == 0, ran.err
        assert ran.out.startswith(f"image {name} packed (sha256:")
        ran = virtctl("image", "import", name, "mine", "--dir", str(tmp_path / "i"))
        assert ran.code == 0, ran.err
    finally:
        registry.close()
    (blob,) = (tmp_path / "i/images/blobs/sha256").iterdir()
    assert blob.read_bytes() == disk.read_bytes()
    layout = str(tmp_path / "oci")
    ran = virtctl("image", "pack", "mine", "--layout", layout, "--dir", str(tmp_path / "i"))
    assert (ran.code, ran.err) == (0, "packing\n")


def test_it_goes_to_one_place(tmp_path: Path) -> None:
    for words in ((), ("--push", "x", "--layout", "y")):
        assert virtctl("image", "pack", "disk", *words, cwd=str(tmp_path)).code == 2


def test_what_is_not_there(tmp_path: Path) -> None:
    ran = virtctl("image", "pack", "disk", "--layout", "y", "--dir", "i", cwd=str(tmp_path))
    assert ran.code == 1
    assert f"there is no file `{tmp_path}/disk`" in ran.err
