"""Look at the host once, so that everything after it can be computed."""

from __future__ import annotations

import grp
import itertools
import os
import platform
import pwd
import re
from pathlib import Path

from launcher.errors import LauncherError
from launcher.facts import EfiFiles, HostCpu, HostFacts, NumaCell, NumaDistance
from launcher.system import cgroups, kvm, linkkinds, process

QEMU_USER = 107
"""KubeVirt's number for the user of QEMU in its pods."""

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "s390x": "s390x"}
_EMULATORS = {
    "amd64": "qemu-system-x86_64",
    "arm64": "qemu-system-aarch64",
    "s390x": "qemu-system-s390x",
}
_EFI_DIRECTORIES = {
    "amd64": ("/usr/share/edk2/ovmf", "/usr/share/OVMF"),
    "arm64": ("/usr/share/AAVMF", "/usr/share/edk2/aarch64"),
}
_NODES = Path("/sys/devices/system/node")
_CPUS = Path("/sys/devices/system/cpu")
_PCI_DEVICES = Path("/sys/bus/pci/devices")


def observe_facts() -> HostFacts:
    """Everything that the builders want to know of this host; takes about 0.1 s.

    What is missing is left empty rather than raised: the caller decides whether it can do without.
    """
    architecture = _ARCHITECTURES.get(platform.machine(), "amd64")
    emulator = Path("/usr/bin", _EMULATORS[architecture])
    usable, reason = kvm.kvm_usable()
    return HostFacts(
        architecture=architecture,
        emulator=str(emulator),
        kvm_usable=usable,
        kvm_reason=reason,
        tun=Path("/dev/net/tun").exists(),
        vhost_net=Path("/dev/vhost-net").exists(),
        efi=_efi(architecture),
        link_kinds=linkkinds.available(),
        qemu_version=_qemu_version(emulator),
        libvirt_version=_libvirt_version(),
        cpus=os.cpu_count() or 1,
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        limits_reason=cgroups.look().reason,
        qemu_user=qemu_user(),
        cpuset=tuple(sorted(os.sched_getaffinity(0))),
        numa_cells=_numa_cells(),
        pci_nodes=_pci_nodes(),
    )


def qemu_user() -> int:
    """The number that guests' QEMU runs as, user and group: 107, or the next that nobody has."""
    taken = {each.pw_uid for each in pwd.getpwall()} | {each.gr_gid for each in grp.getgrall()}
    return next(number for number in itertools.count(QEMU_USER) if number not in taken)


def _efi(architecture: str) -> EfiFiles:
    for name in _EFI_DIRECTORIES.get(architecture, ()):
        directory = Path(name)
        if directory.is_dir():
            found = sorted(path.name for path in directory.iterdir() if path.suffix == ".fd")
            return EfiFiles(directory=name, files=tuple(found))
    return EfiFiles()


def _qemu_version(emulator: Path) -> str:
    try:
        said = process.run([emulator, "--version"]).stdout
    except LauncherError:
        return ""
    found = re.search(r"version ([0-9.]+)", said)
    return found[1] if found else ""


def _libvirt_version() -> str:
    """From the library's file name, ``libvirt.so.0.11003.0``: loading it would cost 15 MB."""
    for directory in (*Path("/usr/lib").glob("*-linux-gnu*"), Path("/usr/lib64"), Path("/usr/lib")):
        for path in directory.glob("libvirt.so.0.*.*"):
            number = int(path.name.split(".")[3])
            return f"{number // 1000}.{number % 1000}.0"
    return ""


def _numa_cells() -> tuple[NumaCell, ...]:
    cells = []
    for node in sorted(_NODES.glob("node[0-9]*"), key=lambda path: int(path.name[4:])):
        distances = _text(node / "distance").split()
        cells.append(
            NumaCell(
                id=int(node.name[4:]),
                cpus=tuple(
                    HostCpu(id=cpu, siblings=parse_cpu_list(_text(_siblings(cpu))))
                    for cpu in parse_cpu_list(_text(node / "cpulist"))
                ),
                distances=tuple(
                    NumaDistance(id=number, value=int(value))
                    for number, value in enumerate(distances)
                ),
            )
        )
    return tuple(cells)


def _pci_nodes() -> dict[str, int]:
    found = {}
    for path in _PCI_DEVICES.glob("*/numa_node"):
        node = _text(path)
        if node.isdigit():  # -1: near to none
            found[path.parent.name] = int(node)
    return found


def _siblings(cpu: int) -> Path:
    return _CPUS / f"cpu{cpu}/topology/thread_siblings_list"


def parse_cpu_list(text: str) -> tuple[int, ...]:
    """Read the kernel's ``0-3,8`` (cpulist in sysfs)."""
    found: list[int] = []
    for part in text.split(","):
        if part:
            first, _, last = part.partition("-")
            found.extend(range(int(first), int(last or first) + 1))
    return tuple(found)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
