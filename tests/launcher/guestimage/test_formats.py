"""Formats by their first bytes, and images that refer to other files."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from launcher.errors import ImageRefused
from launcher.guestimage import formats
from launcher.guestimage.formats import HEAD, Format, Packing
from tests.fakes.disks import MIB, convert, create, write_raw


def head(path: Path) -> bytes:
    return path.read_bytes()[:HEAD]


@pytest.mark.parametrize("form", [each for each in Format if each is not Format.RAW])
def test_qemus_own_images_are_known_with_their_size(tmp_path: Path, form: Format) -> None:
    image = convert(write_raw(tmp_path / "raw"), tmp_path / "image", form)
    assert formats.sniff(head(image)) is form
    size = formats.check(head(image))
    if form is Format.VHD:  # rounded to its geometry
        assert 8 * MIB <= size < 9 * MIB
    else:
        assert size == (0 if form is Format.VHDX else 8 * MIB)


def test_what_has_no_signature_is_raw() -> None:
    assert formats.sniff(b"\xeb\x63\x90" + bytes(600)) is Format.RAW
    assert formats.check(b"") == 0


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (b"\x1f\x8b\x08", Packing.GZIP),
        (b"\xfd7zXZ\x00\x00", Packing.XZ),
        (b"\x28\xb5\x2f\xfd", Packing.ZSTD),
        (b"QFI\xfb", Packing.NONE),
    ],
)
def test_packings(start: bytes, found: Packing) -> None:
    assert formats.packing(start) is found


def test_an_image_with_a_backing_file_is_refused(tmp_path: Path) -> None:
    base = write_raw(tmp_path / "raw")
    image = create(tmp_path / "image", "8M", "-f", "qcow2", "-F", "raw", "-b", str(base))
    with pytest.raises(ImageRefused, match="backing file"):
        formats.check(head(image))


def test_an_image_with_a_data_file_is_refused(tmp_path: Path) -> None:
    option = f"data_file={tmp_path / 'data'}"
    image = create(tmp_path / "image", "8M", "-f", "qcow2", "-o", option)
    with pytest.raises(ImageRefused, match="another file"):
        formats.check(head(image))


def test_a_vmdk_of_several_files_is_refused(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw")
    image = convert(raw, tmp_path / "x.vmdk", "vmdk", "-o", "subformat=monolithicFlat")
    with pytest.raises(ImageRefused, match="other files"):
        formats.check(head(image))


def test_a_vmdk_that_is_only_a_descriptor_is_refused() -> None:
    # Without a capacity QEMU reads the descriptor inside, and opens what that names.
    with pytest.raises(ImageRefused, match="other files"):
        formats.check(struct.pack("<4sIIQQQQ", b"KDMV", 1, 3, 0, 128, 1, 20) + bytes(HEAD))


@pytest.mark.parametrize("text", [b"parentCID=12345678\n", b'createType="vmfs"\n'])
def test_a_vmdk_with_a_parent_is_refused(text: bytes) -> None:
    header = struct.pack("<4sIIQQQQ", b"KDMV", 1, 3, 100, 128, 1, 20).ljust(512, b"\0")
    with pytest.raises(ImageRefused, match="VMDK"):
        formats.check(header + text.ljust(20 * 512, b"\0"))


def test_a_differencing_vhd_is_refused() -> None:
    footer = bytearray(b"conectix".ljust(512, b"\0"))
    struct.pack_into(">I", footer, 60, 4)
    with pytest.raises(ImageRefused, match="VHD"):
        formats.check(bytes(footer))


@pytest.mark.parametrize(
    ("version", "crypt", "problem"), [(1, 0, "version 1"), (3, 2, "encrypted")]
)
def test_other_qcow2s_are_refused(version: int, crypt: int, problem: str) -> None:
    start = b"QFI\xfb" + struct.pack(">IQIIQI", version, 0, 0, 16, 1 << 20, crypt)
    with pytest.raises(ImageRefused, match=problem):
        formats.check(start.ljust(104, b"\0"))


@pytest.mark.parametrize("start", [b"QFI\xfb\0\0", b"KDMV", b"conectix"])
def test_half_a_header_is_refused(start: bytes) -> None:
    with pytest.raises(ImageRefused, match="cut off"):
        formats.check(start)
