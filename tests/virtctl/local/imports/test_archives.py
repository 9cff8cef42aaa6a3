"""Archives are unpacked below one directory."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from virtctl.local.imports.archives import unpack_archive
from virtctl.local.imports.job import Refused


def archive(*members: tarfile.TarInfo) -> list[memoryview]:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    data = out.getvalue()
    return [memoryview(data[:700]), memoryview(data[700:])]


def file(name: str, size: int = 3) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    return member


def test_files_and_directories(tmp_path: Path) -> None:
    unpack_archive(archive(file("a"), file("sub/b", 2000)), tmp_path / "tree", 5000)
    assert (tmp_path / "tree/sub/b").stat().st_size == 2000


def test_more_than_fits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="more than the 5000 bytes"):
        unpack_archive(archive(file("a", 4000), file("b", 4000)), tmp_path / "tree", 5000)


def test_what_would_land_elsewhere_is_refused(tmp_path: Path) -> None:
    link = file("link", 0)
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    device = file("null", 0)
    device.type = tarfile.CHRTYPE
    for member in (file("../a"), link, device):
        with pytest.raises(tarfile.FilterError):
            unpack_archive(archive(member), tmp_path / "tree", 5000)
    assert not (tmp_path / "a").exists()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(tarfile.TarError):
        unpack_archive([memoryview(b"x" * 5000)], tmp_path / "tree", 5000)
