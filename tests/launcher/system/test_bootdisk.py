"""A disk written with the real programs."""

from __future__ import annotations

from pathlib import Path

from launcher.guestimage import bootdisk as layouts
from launcher.system import bootdisk, process


def test_files_are_in_the_boot_partition(tmp_path: Path) -> None:
    kernel, initrd, disk = (tmp_path / name for name in ("kernel", "ramdisk", "disk"))
    kernel.write_bytes(b"k" * 10_000)
    initrd.write_bytes(b"i" * 20_000)
    layout = layouts.lay_out(30_000)
    bootdisk.write(disk, layout, kernel, initrd, "quiet")
    assert disk.stat().st_size == layout.size
    listed = process.run(["mdir", "-b", "-i", f"{disk}@@{layout.boot.start * 512}", "::/"]).stdout
    assert {"::/vmlinuz", "::/initrd", "::/syslinux.cfg"} <= set(listed.split())
    assert disk.read_bytes()[510:512] == b"\x55\xaa"
