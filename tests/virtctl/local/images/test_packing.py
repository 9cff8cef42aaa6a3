"""Disks become containerDisks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.disks import convert, digest, write_raw
from virtctl.errors import LocalError
from virtctl.local.images.layers import Overlay
from virtctl.local.images.packing import pack, reader, write_layout
from virtctl.local.images.sources import LayoutSource


@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_a_layout_holds_the_disk(tmp_path: Path, form: str) -> None:
    raw = write_raw(tmp_path / "raw")
    disk = raw if form == "raw" else convert(raw, tmp_path / "disk", form)
    work = tmp_path / "work"
    work.mkdir()
    packed = pack(disk, work, "amd64")
    write_layout(packed, tmp_path / "layout", "latest")
    source = LayoutSource(tmp_path / "layout", "latest", "amd64")
    manifest = source.manifest()
    assert manifest.digest == packed.manifest.digest
    overlay = Overlay(work)
    source.fetch(manifest.layers[0], work / "fetched")
    overlay.apply(work / "fetched")
    found = convert(overlay.disk("it").path, tmp_path / "found", "raw")
    assert digest(found) == digest(raw)


def test_equal_disks_are_equal_images(tmp_path: Path) -> None:
    disk = convert(write_raw(tmp_path / "raw"), tmp_path / "disk", "qcow2")
    one = pack(disk, tmp_path, "amd64").manifest.digest
    disk.touch()
    assert pack(disk, tmp_path, "amd64").manifest.digest == one
    assert pack(disk, tmp_path, "arm64").manifest.digest != one


def test_what_is_no_disk_is_refused(tmp_path: Path) -> None:
    (tmp_path / "disk").touch()
    with pytest.raises(LocalError, match="empty"):
        pack(tmp_path / "disk", tmp_path, "amd64")


def test_a_directory_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    packed = pack(write_raw(tmp_path / "raw"), tmp_path, "amd64")
    with pytest.raises(LocalError, match="not empty"):
        write_layout(packed, tmp_path, "latest")
    with reader(packed.manifest) as file:
        assert file.read() == packed.manifest.data
