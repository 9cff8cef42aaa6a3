"""``HostFacts``: what the host offers, gathered once and passed down as data."""

from __future__ import annotations

import msgspec


class _Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of facts."""


class EfiFiles(_Facts, frozen=True, kw_only=True):
    """Directory of EFI images and the files that exist in it.

    With ``auto_selection`` libvirt picks secure boot images by itself.
    """

    directory: str = ""
    files: tuple[str, ...] = ()
    auto_selection: bool = False
    variables: str = ""  # directory of the guests' own variables; empty: the pod's


class HostCpu(_Facts, frozen=True, kw_only=True):
    """A host thread; ``siblings`` are the threads of its core, itself included."""

    id: int = 0
    siblings: tuple[int, ...] = ()


class NumaDistance(_Facts, frozen=True, kw_only=True):
    """How far another cell is, in the firmware's units (10 is local)."""

    id: int = 0
    value: int = 10


class NumaCell(_Facts, frozen=True, kw_only=True):
    """A NUMA cell of the host."""

    id: int = 0
    cpus: tuple[HostCpu, ...] = ()
    distances: tuple[NumaDistance, ...] = ()


class HostFacts(_Facts, frozen=True, kw_only=True):
    """One host as the builders see it; any test can be any host."""

    architecture: str = "amd64"
    emulator: str = "/usr/bin/qemu-system-x86_64"
    kvm_usable: bool = False
    kvm_reason: str = ""
    tun: bool = True
    vhost_net: bool = False
    efi: EfiFiles = EfiFiles()
    link_kinds: tuple[str, ...] = ()  # kinds that the kernel can make: bridge, veth, dummy, ifb ...
    qemu_version: str = ""
    libvirt_version: str = ""
    cpus: int = 1
    memory: int = 0  # bytes
    limits_reason: str = ""  # why machines' CPU and memory cannot be limited; empty when they can
    qemu_user: int = 0  # uid and gid of guests' QEMU: 107, or the next that nobody has
    cpuset: tuple[int, ...] = ()  # CPUs that dedicated guests may be pinned to
    numa_cells: tuple[NumaCell, ...] = ()
    pci_nodes: dict[str, int] = {}  # NUMA cell of each PCI device that is near to one, by address


CPUS_FILE = "cpus.json"
"""Name of the file beside libvirt's cache that holds ``HostCpus``."""


class CpuFacts(_Facts, frozen=True, kw_only=True):
    """The CPUs that one host can give.

    ``known`` are the names of models that QEMU has, ``usable`` those that the host can do in full,
    ``features`` what guests may ask for, ``required`` what the host's own model is made of besides
    its name.
    """

    known: tuple[str, ...] = ()
    usable: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    vendor: str = ""
    host_model: str = ""
    required: tuple[str, ...] = ()


class HostCpus(_Facts, frozen=True, kw_only=True):
    """The CPUs of guests on KVM, None where there is none, and of those on plain QEMU."""

    kvm: CpuFacts | None = None
    qemu: CpuFacts | None = None
