"""Images from anywhere become disks, or are refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from launcher import disks
from launcher.disks import Format
from launcher.errors import HostError, ImageRefused
from tests.fakes.disks import MIB, convert, create, digest, write_raw


@pytest.mark.parametrize("form", [each for each in Format if each is not Format.RAW])
def test_every_format_becomes_the_same_raw_disk(tmp_path: Path, form: Format) -> None:
    raw = write_raw(tmp_path / "raw")
    image, done = convert(raw, tmp_path / "image", form), []
    disks.convert(image, tmp_path / "disk", 16 * MIB, done.append)
    assert digest(tmp_path / "disk") == digest(raw)
    assert (tmp_path / "disk").stat().st_blocks * 512 < MIB
    assert {path.name for path in tmp_path.iterdir()} == {"raw", "image", "disk"}


def test_a_compressed_image_becomes_the_same_disk(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw")
    image = convert(raw, tmp_path / "image", "qcow2", "-c")
    disks.convert(image, tmp_path / "disk", 16 * MIB)
    assert digest(tmp_path / "disk") == digest(raw)


def test_an_image_of_eight_exbibytes_is_refused(tmp_path: Path) -> None:
    image = create(tmp_path / "image", "1M", "-f", "qcow2")
    data = bytearray(image.read_bytes())
    data[24:32] = (1 << 63).to_bytes(8, "big")
    image.write_bytes(data)
    with pytest.raises(ImageRefused, match="larger than the reported available storage"):
        disks.examine(image, 1 << 40)


def test_a_damaged_image_is_refused(tmp_path: Path) -> None:
    image = convert(write_raw(tmp_path / "raw"), tmp_path / "image", "qcow2")
    image.write_bytes(image.read_bytes()[: image.stat().st_size // 2])
    with pytest.raises(ImageRefused, match="damaged"):
        disks.convert(image, tmp_path / "disk", 16 * MIB)


def test_what_only_begins_like_an_image_is_refused(tmp_path: Path) -> None:
    image = create(tmp_path / "image", "1M", "-f", "qcow2")
    image.write_bytes(image.read_bytes()[:104])
    with pytest.raises(ImageRefused, match="qcow2"):
        disks.examine(image, 16 * MIB)


def test_a_raw_file_is_its_own_size(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw")
    assert disks.examine(raw, 8 * MIB).virtual_size == 8 * MIB
    with pytest.raises(ImageRefused, match="larger"):
        disks.examine(raw, 8 * MIB - 1)


def test_the_head_tells_the_size(tmp_path: Path) -> None:
    image = create(tmp_path / "image", "5M", "-f", "qcow2")
    assert disks.virtual_size(image.read_bytes()[: disks.HEAD]) == 5 * MIB


def test_a_disk_grows_and_never_shrinks(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw")
    disks.grow(raw, 9 * MIB)
    disks.grow(raw, MIB)
    assert raw.stat().st_size == 9 * MIB
    (tmp_path / "sub").mkdir()
    with pytest.raises(HostError, match="cannot grow"):
        disks.grow(tmp_path / "sub", 1 << 60)


def test_zstd_is_unpacked_within_a_limit(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw")
    subprocess.run(["zstd", "-q", "-o", tmp_path / "packed", raw], check=True)
    disks.unpack_zstd(tmp_path / "packed", tmp_path / "plain", 8 * MIB)
    assert digest(tmp_path / "plain") == digest(raw)
    with pytest.raises(ImageRefused, match="zstd"):
        disks.unpack_zstd(tmp_path / "packed", tmp_path / "small", MIB)
