"""Copies that are whole or not there."""

from pathlib import Path

import pytest

from virtctl.errors import LocalError
from virtctl.local.imports import frozen


def test_a_copy_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "made/disk.img"
    source.write_bytes(b"x" * 5000)
    place = frozen.make_place(target)
    frozen.copy(source, place, 0)
    assert not target.exists()
    assert frozen.publish(target) == 5000
    assert target.read_bytes() == source.read_bytes()
    assert not place.exists()


def test_a_disk_that_nobody_used_is_empty(tmp_path: Path) -> None:
    target = tmp_path / "made/disk.img"
    frozen.copy(tmp_path / "absent", frozen.make_place(target), 4096)
    assert frozen.publish(target) == 4096


def test_what_an_earlier_attempt_left_goes(tmp_path: Path) -> None:
    target = tmp_path / "made/disk.img"
    frozen.make_place(target).write_bytes(b"half")
    assert not frozen.make_place(target).exists()
    with pytest.raises(LocalError, match="cannot keep"):
        frozen.publish(target)


def test_disks_only_grow(tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    frozen.grow(disk, 4096)
    assert not disk.exists()
    disk.write_bytes(b"x" * 1000)
    frozen.grow(disk, 4096)
    frozen.grow(disk, 512)
    assert disk.stat().st_size == 4096


def test_files_are_copied_but_for_what_is_not_kept(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "made/tree"
    (source / "nvram").mkdir(parents=True)
    (source / "nvram/vars.fd").write_bytes(b"boot order")
    (source / "cbt").mkdir()
    (source / ".x.partial").write_bytes(b"half")
    frozen.make_place(target).mkdir()
    (frozen.partial(target) / "left").write_bytes(b"")
    frozen.copy_tree(source, frozen.make_place(target), without="cbt")
    assert not target.exists()
    assert frozen.publish_tree(target) == len(b"boot order")
    assert [path.name for path in target.iterdir()] == ["nvram"]
    with pytest.raises(LocalError, match="cannot keep"):
        frozen.publish_tree(target)
    frozen.copy_tree(tmp_path / "absent", frozen.make_place(target))
    assert frozen.publish_tree(target) == 0
    with pytest.raises(LocalError, match="cannot copy"):
        frozen.copy_tree(source, tmp_path / "no/such/place")
