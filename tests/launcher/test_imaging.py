"""Images looked at and converted with the real qemu-img; building is in tests/vm."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from launcher import imaging
from launcher.errors import HostError, ProgramError
from launcher.system import process


def test_inspect_and_convert(tmp_path: Path) -> None:
    raw = tmp_path / "a.raw"
    raw.write_bytes(b"x" * 512 + bytes(1 << 20))
    assert imaging.inspect(raw).format == "raw"
    info = imaging.convert(raw, tmp_path / "sub/a.qcow2")
    assert (info.format, info.virtual_size) == ("qcow2", 512 + (1 << 20))
    back = imaging.convert(tmp_path / "sub/a.qcow2", tmp_path / "b.raw", "raw")
    assert back.format == "raw"
    assert (tmp_path / "b.raw").read_bytes() == raw.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.raw", "b.raw", "sub"]


def test_inspect_refuses(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"there is no image file `.*/gone`"):
        imaging.inspect(tmp_path / "gone")
    process.run(["qemu-img", "create", "-q", "-f", "vmdk", tmp_path / "a.vmdk", "1M"])
    with pytest.raises(HostError, match="has format `vmdk`"):
        imaging.inspect(tmp_path / "a.vmdk")


def test_a_failed_conversion_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(512))
    with pytest.raises(ProgramError):
        imaging.convert(tmp_path / "a.raw", tmp_path / "b", "nonsense")
    assert [path.name for path in tmp_path.iterdir()] == ["a.raw"]


def test_sha256(tmp_path: Path) -> None:
    data = b"x" * 3_000_000
    (tmp_path / "a").write_bytes(data)
    seen: list[int] = []
    assert imaging.sha256(tmp_path / "a", seen.append) == hashlib.sha256(data).hexdigest()
    assert seen[-1] == len(data)


def test_unpack_zstd(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"data")
    process.run(["zstd", "-q", tmp_path / "a"])
    imaging.unpack_zstd(tmp_path / "a.zst", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"data"
    with pytest.raises(ProgramError):
        imaging.unpack_zstd(tmp_path / "a", tmp_path / "c")
