"""Layers in, the disk out."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from launcher.system import process
from tests.fakes.images import digest_of, gzipped, layer
from virtctl.errors import LocalError
from virtctl.local.images.layers import Overlay

DISK = bytes(3 << 20) + b"end"


def overlay(tmp_path: Path, *layers: bytes, wanted: str = "") -> Overlay:
    found = Overlay(tmp_path, wanted)
    for data in layers:
        blob = tmp_path / "layer"
        blob.write_bytes(data)
        found.apply(blob)
    return found


def content(tmp_path: Path, *layers: bytes, wanted: str = "") -> bytes:
    disk = overlay(tmp_path, *layers, wanted=wanted).disk("image `x`")
    data = disk.path.read_bytes()
    assert disk.digest == digest_of(data)
    return data


def test_the_one_file_in_disk(tmp_path: Path) -> None:
    files = {"etc/os": b"no", "./disk/fedora.qcow2": DISK, "disk/deeper/x": b"no", "disks/y": b"no"}
    assert content(tmp_path, layer(files)) == DISK
    disk = next(tmp_path.glob("disk-*"))
    assert disk.stat().st_blocks * 512 < len(DISK), "zeros become holes"


def test_compressed_layers(tmp_path: Path) -> None:
    data = layer({"disk/a": b"first"})
    assert content(tmp_path, gzipped(data)) == b"first"
    (tmp_path / "plain").write_bytes(data)
    process.run(["zstd", "-q", tmp_path / "plain"])
    assert content(tmp_path, (tmp_path / "plain.zst").read_bytes()) == b"first"
    assert not (tmp_path / "layer.tar").exists()


def test_a_later_layer_wins(tmp_path: Path) -> None:
    assert content(tmp_path, layer({"disk/a": b"1"}), layer({"disk/a": b"2"})) == b"2"


@pytest.mark.parametrize("whiteout", ["disk/.wh.a", ".wh.disk", "disk/.wh..wh..opq"])
def test_whiteouts_remove_what_is_below(tmp_path: Path, whiteout: str) -> None:
    layers = layer({"disk/a": b"1"}), layer({whiteout: b"", "disk/b": b"2"})
    assert content(tmp_path, *layers) == b"2"


def test_whiteouts_spare_their_own_layer(tmp_path: Path) -> None:
    data = layer({"disk/a": b"2", "disk/.wh.a": b""})
    assert content(tmp_path, layer({"disk/a": b"1"}), data) == b"2"


def test_something_else_in_place_of_the_disk(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        link = tarfile.TarInfo("disk/a")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
        archive.addfile(link)
    with pytest.raises(LocalError, match="no containerDisk"):
        content(tmp_path, layer({"disk/a": b"1"}), out.getvalue())


def test_the_user_s_path(tmp_path: Path) -> None:
    data = layer({"disk/a": b"1", "disk/b": b"2", "custom-disk/downloaded": b"3"})
    assert content(tmp_path, data, wanted="/custom-disk/downloaded") == b"3"
    assert content(tmp_path, data, wanted="disk/b") == b"2"
    with pytest.raises(LocalError, match="image `x` has no file `/disk/c`"):
        content(tmp_path, data, wanted="/disk/c")


def test_none_or_several(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="it has no file in `/disk`") as none:
        content(tmp_path, layer({"etc/os": b""}))
    assert none.value.hint == "name the file with the volume's `containerDisk.path`"
    with pytest.raises(LocalError, match="more than one disk: `/disk/a`, `/disk/b`"):
        content(tmp_path, layer({"disk/b": b"", "disk/a": b""}))


@pytest.mark.parametrize("data", [b"garbage" * 200, layer({"disk/a": DISK})[:5000], gzipped(b"")])
def test_what_is_no_layer(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(LocalError, match=r"cannot be read|no containerDisk"):
        content(tmp_path, data)
