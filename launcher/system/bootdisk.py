"""Write bootable disks without mounting anything and without loop devices."""

from __future__ import annotations

from pathlib import Path

from launcher.errors import HostError
from launcher.guestimage import bootdisk
from launcher.guestimage.bootdisk import BootDisk
from launcher.system import process

_BOOT_CODE = Path("/usr/lib/syslinux/mbr/mbr.bin")


def write(disk: Path, layout: BootDisk, kernel: Path, initrd: Path, append: str) -> None:
    """Write partition table and boot partition of a raw disk; a root partition stays empty.

    ``append`` are the kernel's arguments. Raises ``HostError`` when a program is missing or fails.
    """
    if not _BOOT_CODE.is_file():
        raise HostError(f"`{_BOOT_CODE}` is missing", "install the package `syslinux-common`")
    with disk.open("wb") as file:
        file.truncate(layout.size)
        file.write(layout.first_sector(_BOOT_CODE.read_bytes()))
    process.run(bootdisk.file_system_argv(disk, layout.boot))
    process.run(bootdisk.boot_loader_argv(disk, layout.boot))
    config = disk.with_name("syslinux.cfg")
    config.write_text(bootdisk.syslinux_config(append))
    for name, source in (("syslinux.cfg", config), ("vmlinuz", kernel), ("initrd", initrd)):
        process.run(bootdisk.copy_argv(disk, layout.boot, source, name))
