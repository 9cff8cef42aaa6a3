"""Where partitions are, and the words of the programs that fill them."""

from __future__ import annotations

from pathlib import Path

from launcher.guestimage import bootdisk, mbr

MEBIBYTE = 1 << 20
DISK = Path("/x/disk")


def test_boot_partition_alone() -> None:
    disk = bootdisk.lay_out(17 * MEBIBYTE)
    assert disk.root is None
    assert disk.boot.bootable
    assert disk.boot.sectors * mbr.SECTOR == 48 * MEBIBYTE, "FAT32 has no less"
    assert disk.size == 49 * MEBIBYTE


def test_boot_partition_grows_with_its_files() -> None:
    disk = bootdisk.lay_out(80 * MEBIBYTE + 1)
    assert disk.boot.sectors * mbr.SECTOR == 95 * MEBIBYTE


def test_root_comes_after_it() -> None:
    disk = bootdisk.lay_out(17 * MEBIBYTE, 4 << 30)
    assert disk.root
    assert disk.root.start == disk.boot.start + disk.boot.sectors
    assert disk.size == (4 << 30) + 49 * MEBIBYTE
    assert disk.first_sector(bytes(446))[510:] == b"\x55\xaa"


def test_words() -> None:
    boot = bootdisk.lay_out(0).boot
    assert bootdisk.file_system_argv(DISK, boot)[-2:] == ["/x/disk", "49152"]
    assert bootdisk.boot_loader_argv(DISK, boot) == [
        "syslinux", "--install", "--offset", "1048576", "/x/disk",
    ]  # fmt: skip
    assert bootdisk.copy_argv(DISK, boot, Path("k"), "vmlinuz") == [
        "mcopy", "-i", "/x/disk@@1048576", "k", "::/vmlinuz",
    ]  # fmt: skip
    assert "  APPEND quiet\n" in bootdisk.syslinux_config("quiet")
