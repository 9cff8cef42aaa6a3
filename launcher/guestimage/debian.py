"""The Debian guest: the distribution itself, with the real cloud-init, on a disk of two partitions.

A FAT partition that syslinux boots kernel and initial file system from, and an ext4 root. The disk
says 4 GiB and takes what is in it.
"""

from __future__ import annotations

from pathlib import Path

from launcher.guestimage import mbr
from launcher.guestimage.bootdisk import BootDisk

PACKAGES = (
    "systemd-sysv", "systemd-resolved", "udev", "dbus", "cloud-init", "openssh-server",
    "iproute2", "iputils-ping", "netplan.io", "qemu-guest-agent", "ca-certificates", "sudo",
    "zstd", "e2fsprogs",
)  # fmt: skip

ROOT_LABEL = "rootfs"
ROOT_BYTES = 4 << 30
# NICs are eth0, eth1, ... as in Fedora's and Debian's cloud images, which network data rely on.
# no_timer_check: emulated timers of a busy host come too late for the kernel, which panics.
APPEND = (
    f"root=LABEL={ROOT_LABEL} ro net.ifnames=0 console=tty0 console=ttyS0,115200 quiet"
    " no_timer_check"
)

_WITHOUT = ("man", "doc", "locale", "i18n", "info")

FILES = {
    "etc/fstab": f"LABEL={ROOT_LABEL} / ext4 defaults,noatime 0 1\n",
    "etc/hostname": "localhost\n",
    "etc/machine-id": "",
    "etc/cloud/cloud.cfg.d/90_sources.cfg": "datasource_list: [ NoCloud, ConfigDrive, None ]\n",
}
"""Files of the guest, by path. An empty machine id is made at the first boot."""

REMOVED = ("etc/apt/sources.list", "etc/apt/sources.list.d/*", "etc/ssh/ssh_host_*")
"""What the guest shall not have from this machine, or shall make itself."""

# Nothing of the network is waited for: cloud-init and sshd come as early as they can.
_CUSTOMIZE = (
    'chroot "$1" systemctl enable systemd-networkd systemd-resolved serial-getty@ttyS0 ssh'
    " >/dev/null 2>&1;"
    ' chroot "$1" systemctl mask systemd-networkd-wait-online >/dev/null 2>&1'
)


def bootstrap_argv(suite: str, kernel: str, root: Path) -> list[str]:
    """mmdebstrap's words; the apt sources come on its stdin."""
    return [
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        "--mode=root",
        f"--include={','.join((*PACKAGES, kernel))}",
        '--aptopt=Apt::Install-Recommends "false"',
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _WITHOUT),
        f"--customize-hook={_CUSTOMIZE}",
        suite,
        str(root),
        "-",
    ]


def root_file_system_argv(root: Path, disk: Path, layout: BootDisk) -> list[str]:
    """mke2fs's words: the directory ``root`` as the file system of the disk's root partition."""
    partition = layout.root
    if partition is None:
        raise ValueError("the disk has no root partition")
    return [
        "mke2fs", "-q", "-F", "-t", "ext4", "-L", ROOT_LABEL, "-m", "1", "-d", str(root),
        "-E", f"offset={partition.start * mbr.SECTOR}", str(disk), f"{partition.sectors // 2}k",
    ]  # fmt: skip


def suite_of(os_release: str) -> str:
    """The distribution's code name in ``os-release``; raises ``ValueError`` when it has none."""
    for line in os_release.splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip().strip('"')
    raise ValueError("os-release has no VERSION_CODENAME")
