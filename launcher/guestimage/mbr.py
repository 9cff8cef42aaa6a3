"""The first sector of a disk that a BIOS boots from: boot code and four partitions."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

SECTOR = 512
BOOT_CODE_SIZE = 440
FAT32_LBA, LINUX = 0x0C, 0x83

# Cylinder, head and sector beyond what the old fields can say: readers use the LBA fields.
_NO_CHS = b"\xfe\xff\xff"


@dataclass(frozen=True, kw_only=True)
class Partition:
    """A partition; ``start`` and ``sectors`` count sectors of 512 bytes."""

    start: int
    sectors: int
    kind: int
    bootable: bool = False


def first_sector(boot_code: bytes, partitions: Sequence[Partition], signature: int) -> bytes:
    """The sector as it stands on disk.

    ``signature`` is the 32-bit disk id (``PARTUUID=<signature>-01``). Raises ``ValueError`` when
    the boot code is longer than 440 bytes or there are more than four partitions.
    """
    if len(boot_code) > BOOT_CODE_SIZE:
        raise ValueError(f"boot code has {len(boot_code)} bytes; at most {BOOT_CODE_SIZE} fit")
    if len(partitions) > 4:
        raise ValueError(f"{len(partitions)} partitions asked for; at most 4 fit")
    table = b"".join(_entry(partition) for partition in partitions)
    return (
        boot_code.ljust(BOOT_CODE_SIZE, b"\0")
        + struct.pack("<IH", signature, 0)
        + table.ljust(64, b"\0")
        + b"\x55\xaa"
    )


def _entry(partition: Partition) -> bytes:
    return struct.pack(
        "<B3sB3sII",
        0x80 if partition.bootable else 0,
        _NO_CHS,
        partition.kind,
        _NO_CHS,
        partition.start,
        partition.sectors,
    )
