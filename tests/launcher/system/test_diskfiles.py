"""Bytes of disks: holes, copies, names."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from launcher.errors import HostError, ImageRefused
from launcher.system.diskfiles import BLOCK, CHUNK, SparseFile, allocate, copy, publish
from tests.fakes.disks import MIB, digest, write_raw


def test_zeros_become_holes(tmp_path: Path) -> None:
    data = b"a" * BLOCK + bytes(6 * BLOCK) + b"b" * 10 + bytes(BLOCK)
    with SparseFile(tmp_path / "disk", 4 * MIB) as file:
        file.write(bytes(CHUNK))
        file.write(data)
        assert file.end() == CHUNK + len(data)
    assert (tmp_path / "disk").read_bytes() == bytes(CHUNK) + data
    assert (tmp_path / "disk").stat().st_blocks * 512 <= 4 * BLOCK


def test_a_disk_is_not_larger_than_it_may_be(tmp_path: Path) -> None:
    with (
        SparseFile(tmp_path / "disk", 10) as file,
        pytest.raises(ImageRefused, match="larger than the 10 bytes"),
    ):
        file.write(bytes(11))


def test_writing_goes_on_where_it_was(tmp_path: Path) -> None:
    with SparseFile(tmp_path / "disk", 100) as file:
        file.write(b"0123456789")
        file.settle()
    with SparseFile(tmp_path / "disk", 100, start=4) as file:
        file.write(b"abc")
        file.end()
    assert (tmp_path / "disk").read_bytes() == b"0123abc"


def test_what_stays_is_flushed_while_it_is_written(tmp_path: Path) -> None:
    pieces = [bytes([number]) * CHUNK for number in range(1, 71)]
    with SparseFile(tmp_path / "disk", 100 * CHUNK, to_stay=True) as file:
        for piece in pieces:
            file.write(piece)
        file.end()
    assert (tmp_path / "disk").read_bytes() == b"".join(pieces)


def test_what_was_there_is_replaced(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(b"old and long")
    with disk.open("rb") as old, SparseFile(disk, 100) as file:
        file.write(b"new")
        file.end()
        # The same file, cut to nothing, would be flushed when it is closed.
        assert old.read() == b"old and long"
    assert disk.read_bytes() == b"new"


def test_a_copy_is_the_same_and_as_sparse(tmp_path: Path) -> None:
    source, done = write_raw(tmp_path / "one", 64 * MIB), []
    assert copy(source, tmp_path / "two", done.append) in {"reflink", "sparse"}
    assert digest(tmp_path / "two", 64 * MIB) == digest(source, 64 * MIB)
    assert (tmp_path / "two").stat().st_blocks <= source.stat().st_blocks + 64
    assert done == sorted(done)


def test_a_copy_of_nothing_but_a_hole(tmp_path: Path) -> None:
    with (tmp_path / "one").open("wb") as file:
        file.truncate(MIB)
    copy(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "two").read_bytes() == bytes(MIB)


def test_what_is_not_there_is_not_copied(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="No such file"):
        copy(tmp_path / "one", tmp_path / "two")


def test_publishing_gives_the_name_and_the_mode(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(b"x")
    publish(tmp_path / "part", tmp_path / "disk", 0o640)
    assert stat.S_IMODE((tmp_path / "disk").stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["disk"]


def test_allocating_takes_the_space(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(b"x")
    allocate(disk, MIB)
    assert disk.stat().st_blocks * 512 >= MIB
    with pytest.raises(HostError, match="cannot allocate"):
        allocate(tmp_path / "none", MIB)
