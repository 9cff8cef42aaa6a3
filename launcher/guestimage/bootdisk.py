"""Disks that a BIOS boots: a FAT partition with syslinux, and perhaps a root after it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from launcher.guestimage import mbr

DISK_ID = 0x796E6974
LABEL = "BOOT"

_MEBIBYTE = 1 << 20
_START_SECTORS = 2048


@dataclass(frozen=True, kw_only=True)
class BootDisk:
    """Where the partitions of a disk are."""

    boot: mbr.Partition
    root: mbr.Partition | None = None

    @property
    def size(self) -> int:
        """Bytes of the whole disk."""
        last = self.root or self.boot
        return (last.start + last.sectors) * mbr.SECTOR

    def first_sector(self, boot_code: bytes) -> bytes:
        """The first sector, with this boot code."""
        partitions = (self.boot, self.root) if self.root else (self.boot,)
        return mbr.first_sector(boot_code[: mbr.BOOT_CODE_SIZE], partitions, DISK_ID)


def lay_out(boot_files: int, root: int = 0) -> BootDisk:
    """Partitions for ``boot_files`` bytes of kernel and initial file system, and a root's bytes."""
    boot = mbr.Partition(
        start=_START_SECTORS,
        sectors=_boot_bytes(boot_files) // mbr.SECTOR,
        kind=mbr.FAT32_LBA,
        bootable=True,
    )
    if not root:
        return BootDisk(boot=boot)
    start = boot.start + boot.sectors
    return BootDisk(
        boot=boot, root=mbr.Partition(start=start, sectors=root // mbr.SECTOR, kind=mbr.LINUX)
    )


def _boot_bytes(content: int) -> int:
    # FAT32 has at least 65525 clusters of 512 bytes (33 MiB); the rest is room for its tables.
    wanted = max(content + content // 8 + 4 * _MEBIBYTE, 48 * _MEBIBYTE)
    return -(-wanted // _MEBIBYTE) * _MEBIBYTE


def file_system_argv(disk: Path, boot: mbr.Partition) -> list[str]:
    """mkfs.fat's words: a file system in the boot partition of ``disk``."""
    return [
        "mkfs.fat", "-F", "32", "-s", "1", "-n", LABEL, "-i", f"{DISK_ID:08x}",
        "-h", str(boot.start), "--offset", str(boot.start), str(disk), str(boot.sectors // 2),
    ]  # fmt: skip


def boot_loader_argv(disk: Path, boot: mbr.Partition) -> list[str]:
    """syslinux's words: itself into that file system."""
    return ["syslinux", "--install", "--offset", str(boot.start * mbr.SECTOR), str(disk)]


def copy_argv(disk: Path, boot: mbr.Partition, source: Path, name: str) -> list[str]:
    """mcopy's words: a file into that file system."""
    return ["mcopy", "-i", f"{disk}@@{boot.start * mbr.SECTOR}", str(source), f"::/{name}"]


def syslinux_config(append: str) -> str:
    """Configuration of syslinux: boot at once, talk on the first serial port too."""
    return (
        "SERIAL 0 115200\n"
        "DEFAULT linux\n"
        "PROMPT 0\n"
        "TIMEOUT 1\n"
        "LABEL linux\n"
        "  KERNEL /vmlinuz\n"
        "  INITRD /initrd\n"
        f"  APPEND {append}\n"
    )
