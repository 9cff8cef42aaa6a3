"""Disks and directories as streams."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from tests.fakes.disks import MIB, write_raw
from virtctl.errors import LocalError
from virtctl.local.imports import diskstreams
from virtctl.local.imports.diskstreams import Changed


def gathered(path: Path, capacity: int, start: int = 0, stop: int | None = None) -> bytes:
    out = io.BytesIO()
    with diskstreams.opened(path, capacity) as disk:
        end = disk.size if stop is None else stop
        diskstreams.send_raw(disk, start, end, lambda data: out.write(data) and None)
    return out.getvalue()


def packed(path: Path, capacity: int) -> bytes:
    out = io.BytesIO()
    with diskstreams.opened(path, capacity) as disk:
        diskstreams.send_gzip(disk, lambda data: out.write(data) and None)
    return out.getvalue()


def test_a_disk_with_holes_in_both_forms(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "disk.img", 40 * MIB + 512)
    whole = path.read_bytes()
    assert gathered(path, 0) == whole
    assert gathered(path, 0, 5 * MIB - 3, 20 * MIB + 7) == whole[5 * MIB - 3 : 20 * MIB + 7]
    assert gzip.decompress(packed(path, 0)) == whole


@pytest.mark.parametrize("size", [0, 1, 16 * MIB, 33 * MIB])
def test_a_disk_that_is_not_there_yet_is_zeros(tmp_path: Path, size: int) -> None:
    assert gathered(tmp_path / "none", size) == bytes(size)
    assert gzip.decompress(packed(tmp_path / "none", size)) == bytes(size)


def test_a_large_hole_costs_little(tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    path.touch()
    os.truncate(path, 1 << 32)
    assert len(packed(path, 0)) < 8 * MIB


def test_what_looks_like_an_image_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    path.write_bytes(b"QFI\xfb\0\0\0\3" + bytes(504))
    assert gathered(path, 0) == path.read_bytes()


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_what_is_no_disk_is_refused(tmp_path: Path, kind: str) -> None:
    path, secret = tmp_path / "disk.img", tmp_path / "secret"
    secret.write_text("s")
    make = {
        "link": lambda: path.symlink_to(secret),
        "pipe": lambda: os.mkfifo(path),
        "directory": path.mkdir,
    }
    make[kind]()
    with pytest.raises(LocalError, match="cannot read the disk"), diskstreams.opened(path, 1):
        raise AssertionError("it was opened")


def test_a_disk_that_is_written_meanwhile_breaks_off(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "disk.img")
    with diskstreams.opened(path, 0) as disk:
        pieces = disk.pieces(0, disk.size)
        next(pieces)
        os.utime(path, ns=(1, 1))
        with pytest.raises(Changed, match="written"):
            list(pieces)
        pieces = disk.pieces(0, disk.size)
        next(pieces)
        os.truncate(path, 10)
        with pytest.raises(Changed):
            list(pieces)


def test_files_as_an_archive_that_leads_nowhere_else(tmp_path: Path) -> None:
    root = tmp_path / "claim"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "a").write_bytes(b"a" * 3000)
    (root / "out").symlink_to("/etc")
    os.mkfifo(root / "pipe")
    out = io.BytesIO()
    diskstreams.send_tar(root, lambda data: out.write(data) and None)
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as archive:
        assert archive.getnames() == ["out", "sub", "sub/a"]
        assert archive.getmember("out").issym()
        file = archive.extractfile("sub/a")
        assert file is not None
        assert file.read() == b"a" * 3000


def test_files_one_by_one(tmp_path: Path) -> None:
    root = tmp_path / "claim"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "a").write_bytes(b"abc")
    (root / "out").symlink_to("/etc")
    assert diskstreams.listed(root, []) == ["sub/"]
    assert diskstreams.listed(root, ["sub"]) == ["a"]
    with diskstreams.opened_below(root, ["sub", "a"]) as file:
        assert file is not None
        assert list(file.pieces(0, file.size)) == [b"abc"]
    with diskstreams.opened_below(root, ["sub"]) as file:
        assert file is None
    for words in (["out", "passwd"], ["out"], ["..", "x"], ["sub", "..", "x"], ["none"]):
        with pytest.raises(OSError), diskstreams.opened_below(root, words):  # noqa: PT011 - errno differs
            raise AssertionError(words)
