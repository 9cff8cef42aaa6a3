"""The machine itself: processors, memory, firmware, clock, and what its processes may use."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from launcher.spec.base import Part


class Accelerator(StrEnum):
    """What runs the guest's code: the domain's ``type``."""

    KVM = "kvm"
    TCG = "qemu"
    HYPERV = "hyperv"


class Topology(Part, frozen=True, kw_only=True):
    """Sockets, cores of each, and threads of each of those."""

    sockets: int = 1
    cores: int = 1
    threads: int = 1

    @property
    def count(self) -> int:
        """Number of virtual CPUs."""
        return self.sockets * self.cores * self.threads


class CpuFeature(Part, frozen=True, kw_only=True):
    """A feature by libvirt's name; ``policy`` is force, require, optional, disable or forbid."""

    name: str
    policy: str = ""


class Cpu(Part, frozen=True, kw_only=True):
    """Virtual CPUs. ``max_sockets`` above the topology's sockets leaves room for hotplug.

    ``dedicated`` pins each to a host CPU of its own; ``isolate_emulator`` gives the emulator one
    more, and ``even_emulator`` a second one when the count would be odd.
    """

    topology: Topology = Topology()
    max_sockets: int = 0
    model: str = "host-model"
    features: tuple[CpuFeature, ...] = ()
    dedicated: bool = False
    isolate_emulator: bool = False
    even_emulator: bool = False
    numa_passthrough: bool = False
    own_numa: bool = False  # cells are the user's affair: none is made for shared memory
    realtime: bool = False


class Memory(Part, frozen=True, kw_only=True):
    """Sizes in bytes. ``memfd`` lets the memory be shared with other processes."""

    guest: int
    max_guest: int | None = None
    hugepage_size: int | None = None
    memfd: bool = True


class Bios(Part, frozen=True, kw_only=True, tag="bios"):
    """SeaBIOS; with ``use_serial`` it speaks on the serial console."""

    use_serial: bool = False


class Efi(Part, frozen=True, kw_only=True, tag="efi"):
    """OVMF; ``persistent`` keeps its variables when the machine is stopped."""

    secure_boot: bool = True
    persistent: bool = False


class KernelBoot(Part, frozen=True, kw_only=True):
    """``kernel`` and ``initrd`` are files of the host, shown in the pod by the names given, or by
    their own.
    """

    kernel: str = ""
    initrd: str = ""
    kernel_name: str = ""
    initrd_name: str = ""
    args: str = ""

    @property
    def shown(self) -> dict[str, str]:
        """The files and the names that they have in the pod."""
        named = ((self.kernel, self.kernel_name), (self.initrd, self.initrd_name))
        return {file: name or file.rpartition("/")[2] for file, name in named if file}


class AcpiTable(Part, frozen=True, kw_only=True):
    """A binary ACPI table for the guest; ``kind`` is slic or msdm, ``volume`` a secret volume."""

    kind: str
    volume: str
    content: bytes = b""


class Firmware(Part, frozen=True, kw_only=True):
    """What starts the guest, and the uuid and serial number that it reads there."""

    uuid: str
    serial: str = ""
    bootloader: Bios | Efi = Bios()
    kernel_boot: KernelBoot | None = None
    acpi_tables: tuple[AcpiTable, ...] = ()


class Smbios(Part, frozen=True, kw_only=True):
    """What the guest reads as its maker."""

    manufacturer: str = "KubeVirt"
    family: str = "KubeVirt"
    product: str = "None"
    sku: str = ""
    version: str = ""


class Chassis(Part, frozen=True, kw_only=True):
    """What the guest reads of its case (SMBIOS type 3)."""

    manufacturer: str = ""
    version: str = ""
    serial: str = ""
    asset: str = ""
    sku: str = ""


class Timer(Part, frozen=True, kw_only=True):
    """A timer by libvirt's name; ``frequency`` is in Hz, ``track`` boot, guest or wall."""

    name: str
    tick_policy: str = ""
    present: bool = True
    frequency: int | None = None
    track: str = ""


class Enlightenment(Part, frozen=True, kw_only=True):
    """One Hyper-V feature. ``value`` is its parameter (retries, vendor); ``parts`` its switches."""

    name: str
    enabled: bool = True
    value: str = ""
    parts: dict[str, bool] = msgspec.field(default_factory=dict)


class Features(Part, frozen=True, kw_only=True):
    """Guest-visible features.

    ``given`` is False when nothing was said of any, and the machine is left as libvirt makes it.
    ``hyperv`` is None without enlightenments; none of them may still be named.
    """

    given: bool = True
    acpi: bool = True
    apic: bool = False
    smm: bool | None = None
    pvspinlock: bool | None = None
    kvm_hidden: bool | None = None
    hyperv: tuple[Enlightenment, ...] | None = None
    hyperv_passthrough: bool = False


class Clock(Part, frozen=True, kw_only=True):
    """The guest's clock: in a time zone, or at UTC with an offset."""

    timezone: str = ""
    utc: bool = False
    offset_seconds: int | None = None
    timers: tuple[Timer, ...] = ()


class IoThreads(Part, frozen=True, kw_only=True):
    """Threads for disk I/O. ``policy`` is empty, shared, auto or supplementalPool.

    ``limit`` bounds what ``auto`` may make; ``pool`` is the size of a supplemental pool.
    """

    policy: str = ""
    limit: int = 1
    pool: int = 0


class LaunchSecurity(Part, frozen=True, kw_only=True):
    """Confidential computing. ``kind`` is sev, sev-es, sev-snp, tdx or pv."""

    kind: str
    dh_cert: str = ""
    session: str = ""
    quote_socket: str = ""


class Limits(Part, frozen=True, kw_only=True):
    """What a machine's processes may use: CPU in thousandths, memory in bytes; 0 is unlimited.

    ``cpu_request`` is its share when others want the same CPUs.
    """

    cpu_request: int = 0
    cpu_limit: int = 0
    memory: int = 0


class PciPlacement(Part, frozen=True, kw_only=True):
    """Where PCI devices go, and how much room is left for devices that come later.

    ``slots`` is the number of NIC slots that the user asked for, None when nothing was asked.
    ``numa_aware`` puts devices of the host beside the memory that is near them.
    """

    hotplug: bool = True
    root_complex: bool = False
    hole64_disabled: bool = False
    slots: int | None = None
    numa_aware: bool = False
