"""Which format a disk image has, by its first bytes, and which images refer to other files.

An image comes from anywhere. Its head is read here, before any program opens it: one that names a
backing file, a data file or further extents could make ``qemu-img`` read any file of the host.
Layouts: QEMU's docs/interop/qcow2.rst, VMware's Virtual Disk Format 5.0, VirtualBox's VDICore.h,
Microsoft's VHD and VHDX specifications.
"""

from __future__ import annotations

import re
import struct
from enum import StrEnum

from launcher.errors import ImageRefused

HEAD = 64 * 1024
"""Bytes from the beginning of a file that the functions here want; a shorter file gives fewer."""

_SECTOR = 512
_VDI_MAGIC = 0xBEDA107F
# magic, version, flags, capacity, grain, and where the descriptor is, all in sectors
_VMDK_HEADER = struct.Struct("<4sIIQQQQ")
_PARENT = re.compile(rb"^parentCID\s*=\s*([0-9a-fA-F]+)", re.MULTILINE)
_TYPE = re.compile(rb'^createType\s*=\s*"([^"]*)"', re.MULTILINE)
_WHOLE_VMDKS = {b"monolithicSparse", b"streamOptimized"}
_DATA_FILE = 1 << 2  # qcow2's incompatible features
_VHD_DIFFERENCING = 4


class Format(StrEnum):
    """A format by qemu-img's name for it."""

    RAW = "raw"
    QCOW2 = "qcow2"
    VMDK = "vmdk"
    VDI = "vdi"
    VHDX = "vhdx"
    VHD = "vpc"


class Packing(StrEnum):
    """How a whole file is compressed."""

    NONE = ""
    GZIP = "gz"
    XZ = "xz"
    ZSTD = "zst"


_PACKINGS = {
    b"\x1f\x8b": Packing.GZIP,
    b"\xfd7zXZ\x00": Packing.XZ,
    b"\x28\xb5\x2f\xfd": Packing.ZSTD,
}
_MAGICS = {
    b"QFI\xfb": Format.QCOW2,
    b"KDMV": Format.VMDK,
    b"COWD": Format.VMDK,
    b"# Disk DescriptorFile": Format.VMDK,
    b"vhdxfile": Format.VHDX,
    b"conectix": Format.VHD,
}


def packing(head: bytes) -> Packing:
    """How a file that begins with ``head`` is compressed."""
    for magic, found in _PACKINGS.items():
        if head.startswith(magic):
            return found
    return Packing.NONE


def sniff(head: bytes) -> Format:
    """The format of a file that begins with ``head``; without a known signature it is raw."""
    for magic, found in _MAGICS.items():
        if head.startswith(magic):
            return found
    if len(head) >= 68 and struct.unpack_from("<I", head, 64)[0] == _VDI_MAGIC:
        return Format.VDI
    return Format.RAW


def check(head: bytes) -> int:
    """The disk's size in bytes as the image's head has it; 0 where the head does not tell.

    Raises ``ImageRefused`` for an image that refers to other files, is encrypted, or is none.
    """
    form = sniff(head)
    try:
        match form:
            case Format.QCOW2:
                return _qcow2(head)
            case Format.VMDK:
                return _vmdk(head)
            case Format.VDI:
                return int(struct.unpack_from("<Q", head, 0x170)[0])
            case Format.VHD:
                return _vhd(head)
            case Format.VHDX | Format.RAW:
                return 0
    except struct.error as error:
        raise ImageRefused(f"the image is cut off within its {form} header") from error


def _qcow2(head: bytes) -> int:
    version, backing = struct.unpack_from(">IQ", head, 4)
    size, crypt = struct.unpack_from(">QI", head, 24)
    if version not in {2, 3}:
        raise ImageRefused(f"the image is a qcow2 of version {version}; 2 or 3 is needed")
    if backing:
        raise ImageRefused(
            "the image has a backing file, which is not imported with it",
            "make it stand alone: `qemu-img convert -O qcow2 FROM TO`",
        )
    if crypt:
        raise ImageRefused("the image is encrypted")
    if version == 3 and struct.unpack_from(">Q", head, 72)[0] & _DATA_FILE:
        raise ImageRefused(
            "the image keeps its data in another file, which is not imported with it",
            "make it stand alone: `qemu-img convert -O qcow2 FROM TO`",
        )
    return int(size)


def _vmdk(head: bytes) -> int:
    magic, _, _, capacity, _, place, length = _VMDK_HEADER.unpack_from(head)
    if magic != b"KDMV" or not capacity:
        raise ImageRefused(
            "the image is a VMDK whose data is in other files",
            "make it stand alone: `qemu-img convert -O qcow2 FROM TO`",
        )
    text = head[place * _SECTOR : (place + length) * _SECTOR]
    kind, parent = _TYPE.search(text), _PARENT.search(text)
    if kind is not None and kind[1] not in _WHOLE_VMDKS:
        raise ImageRefused(f"the image is a VMDK of type `{kind[1].decode(errors='replace')}`")
    if parent is not None and int(parent[1], 16) not in {0xFFFFFFFF, 0}:
        raise ImageRefused("the image is a VMDK that builds on another one")
    return int(capacity) * _SECTOR


def _vhd(head: bytes) -> int:
    size, kind = struct.unpack_from(">Q", head, 48)[0], struct.unpack_from(">I", head, 60)[0]
    if kind == _VHD_DIFFERENCING:
        raise ImageRefused("the image is a VHD that builds on another one")
    return int(size)
