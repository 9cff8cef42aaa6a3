"""The tiny guest: kernel, busybox, dropbear, ``ip``, SFTP and the guest agent, all in memory.

It boots from a FAT partition by syslinux into an initial file system that is its root for good:
nothing that is written in the guest outlives it. The scripts are in ``rootfs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from launcher.guestimage import cpio

KERNELS = ("linux-image-cloud-amd64", "linux-image-virtual")
"""Meta packages of kernels for guests, of Debian and of Ubuntu; the first known to apt counts."""


@dataclass(frozen=True)
class Program:
    """A program of the guest: the package that has it, its path there, its path in the guest."""

    package: str
    source: str
    path: str
    permissions: int = 0o755


PROGRAMS = (
    # Setuid: `su` and `passwd` need it, and busybox drops the right for all else.
    Program("busybox", "usr/bin/busybox", "bin/busybox", 0o4755),
    Program("dropbear-bin", "usr/sbin/dropbear", "usr/sbin/dropbear"),
    Program("iproute2", "usr/bin/ip", "usr/bin/ip"),
    Program("openssh-sftp-server", "usr/lib/openssh/sftp-server", "usr/lib/openssh/sftp-server"),
    Program("qemu-guest-agent", "usr/sbin/qemu-ga", "usr/sbin/qemu-ga"),
)

MODULES: Mapping[str, tuple[str, ...]] = {
    # What boot waits for.
    "always": ("failover", "net_failover", "virtio_net", "virtio_blk", "cdrom", "isofs"),
    # For a seed on a CD drive or a SCSI disk, when there is none on a virtio disk.
    "scsi": (
        "scsi_common", "scsi_mod", "virtio_scsi", "sd_mod", "sr_mod", "libata", "libahci", "ahci",
    ),
    # After the guest is ready.
    "late": (
        "evdev", "button", "virtio-rng", "virtio_balloon", "watchdog", "i6300esb", "fat", "vfat",
        "nls_cp437", "nls_ascii", "pvpanic", "pvpanic-mmio", "pvpanic-pci", "virtio_mem",
    ),
}  # fmt: skip
"""Kernel modules in the lists that ``load`` in ``rootfs/usr/lib/tiny/functions`` inserts."""

EXECUTABLE = ("etc/init.d/", "etc/acpi/PWRF/", "usr/bin/", "usr/sbin/", "usr/share/udhcpc/")
"""Where the files of ``rootfs`` are programs."""


APPEND = "console=tty0 console=ttyS0,115200 quiet loglevel=3 no_timer_check"
"""Kernel arguments: the last console is where the guest's own messages go.

``no_timer_check``, as in cloud images: where the host is busy, an emulated timer comes so late that
the kernel takes it for broken, and panics.
"""

_LINKS = {
    "init": "bin/busybox",
    "bin/sh": "busybox",
    "sbin": "bin",
    "lib": "usr/lib",
    "var/run": "../run",
    "etc/mtab": "../proc/mounts",
    "usr/lib/sftp-server": "openssh/sftp-server",
}
_DIRECTORIES = {
    "dev": 0o755,
    "proc": 0o755,
    "sys": 0o755,
    "run": 0o755,
    "mnt": 0o755,
    "root/.ssh": 0o700,
    "root": 0o700,
    "tmp": 0o1777,
    "etc/dropbear": 0o700,
    "var/log": 0o755,
    "var/lib/cloud/data": 0o755,
}
_FIRST_USER = 1000
_USER_DIRECTORIES = ("home/fedora", "home/fedora/.ssh")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What was found in the packages.

    ``programs`` are by their path in the guest, ``libraries`` by the name that programs link to
    (the loader among them, by its full path), ``modules`` by the list and then by the name, without
    compression. ``files`` are those of ``rootfs``.
    """

    programs: Mapping[str, bytes]
    libraries: Mapping[str, bytes]
    modules: Mapping[str, Mapping[str, bytes]]
    files: Mapping[str, bytes]


def initramfs(parts: Parts) -> bytes:
    """The guest's root as a cpio archive, not compressed."""
    entries = [cpio.directory(path, mode) for path, mode in _DIRECTORIES.items()]
    entries += [cpio.directory(path, 0o700, _FIRST_USER) for path in _USER_DIRECTORIES]
    entries += [cpio.symlink(path, target) for path, target in _LINKS.items()]
    for program in PROGRAMS:
        entries.append(cpio.file(program.path, parts.programs[program.path], program.permissions))
    for name, data in parts.libraries.items():
        path = name.lstrip("/") if name.startswith("/") else f"usr/lib/{name}"
        entries.append(cpio.file(path, data, 0o755))
    for group, modules in parts.modules.items():
        order = "".join(f"{name}.ko\n" for name in modules)
        entries.append(cpio.file(f"usr/lib/modules/{group}", order.encode()))
        entries += [cpio.file(f"usr/lib/modules/{name}.ko", data) for name, data in modules.items()]
    for path, data in parts.files.items():
        entries.append(cpio.file(path, data, permissions(path)))
    return cpio.archive(cpio.with_parents(entries))


def permissions(path: str) -> int:
    """Mode of a file of ``rootfs``."""
    if path == "etc/shadow":
        return 0o600
    return 0o755 if path.startswith(EXECUTABLE) else 0o644
