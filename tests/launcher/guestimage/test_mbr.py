"""The sector byte by byte."""

from __future__ import annotations

import pytest

from launcher.guestimage.mbr import FAT32_LBA, LINUX, Partition, first_sector

BOOT = Partition(start=2048, sectors=98304, kind=FAT32_LBA, bootable=True)
ROOT = Partition(start=100352, sectors=1 << 23, kind=LINUX)


def test_two_partitions() -> None:
    sector = first_sector(b"\xfa\xfb", [BOOT, ROOT], 0x11223344)
    assert len(sector) == 512
    assert sector[:4] == b"\xfa\xfb\0\0"
    assert sector[440:446].hex() == "443322110000"
    assert sector[446:462].hex() == "80feffff0cfeffff" + "00080000" + "00800100"
    assert sector[462:478].hex() == "00feffff83feffff" + "00880100" + "00008000"
    assert sector[478:510] == bytes(32)
    assert sector[510:] == b"\x55\xaa"


def test_too_much() -> None:
    with pytest.raises(ValueError, match="boot code has 441 bytes; at most 440 fit"):
        first_sector(bytes(441), [], 0)
    with pytest.raises(ValueError, match="5 partitions asked for; at most 4 fit"):
        first_sector(b"", [BOOT] * 5, 0)
