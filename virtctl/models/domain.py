"""The virtual hardware below ``spec.domain``: processor, memory, firmware, features."""

from __future__ import annotations

from typing import Annotated, ClassVar

from virtctl.models.base import (
    Count32,
    Empty,
    Fact,
    FeatureState,
    Model,
    PullPolicy,
    QuantityText,
)
from virtctl.models.devices import Devices


class Chassis(Model, frozen=True):
    """SMBIOS chassis strings."""

    asset: str = ""
    manufacturer: str = ""
    serial: str = ""
    sku: str = ""
    version: str = ""


class PitTimer(Model, frozen=True):
    """A timer with a policy for missed ticks."""

    present: bool | None = None
    tick_policy: str = ""


class Timer(Model, frozen=True):
    """A timer that is there or not."""

    present: bool | None = None


class RtcTimer(Model, frozen=True):
    """The real-time clock."""

    present: bool | None = None
    tick_policy: str = ""
    track: str = ""


class Timers(Model, frozen=True):
    """Which timers the guest has."""

    hpet: PitTimer | None = None
    hyperv: Timer | None = None
    kvm: Timer | None = None
    pit: PitTimer | None = None
    rtc: RtcTimer | None = None


class ClockOffset(Model, frozen=True):
    """A clock that is an offset away from UTC."""

    offset_seconds: int = 0


class Clock(Model, frozen=True):
    """The guest's clock."""

    OPEN: ClassVar[bool] = True
    timer: Timers | None = None
    timezone: str = ""
    utc: ClockOffset | None = None


class CpuFeature(Model, frozen=True):
    """A processor feature and its policy."""

    name: str
    policy: str = ""
    """force, require (the default), optional, disable or forbid."""


class Numa(Model, frozen=True):
    """Guest NUMA topology."""

    guest_mapping_passthrough: Empty | None = None


class Realtime(Model, frozen=True):
    """Real-time scheduling of virtual processors."""

    mask: str = ""


class Cpu(Model, frozen=True):
    """Processor model and topology."""

    cores: Count32 = 0
    """Cores per socket."""
    dedicated_cpu_placement: bool | None = None
    """Pin each virtual processor to one of the host that nobody else has."""
    features: tuple[CpuFeature, ...] = ()
    isolate_emulator_thread: bool | None = None
    max_sockets: Count32 = 0
    """How many sockets there can be after plugging."""
    model: str = ""
    """host-model, host-passthrough or a model that the hypervisor knows."""
    numa: Numa | None = None
    realtime: Realtime | None = None
    sockets: Count32 = 0
    """Sockets; more can be plugged up to ``maxSockets``."""
    threads: Count32 = 0
    """Threads per core."""


class Apic(Model, frozen=True):
    """The APIC."""

    enabled: bool | None = None
    end_of_interrupt: bool | None = None


class Spinlocks(Model, frozen=True):
    """How often a guest retries a lock before it tells the host."""

    enabled: bool | None = None
    spinlocks: Count32 = 0


class SyNicTimer(Model, frozen=True):
    """Synthetic timers."""

    direct: FeatureState | None = None
    enabled: bool | None = None


class TlbFlush(Model, frozen=True):
    """Paravirtual TLB flushes."""

    direct: FeatureState | None = None
    enabled: bool | None = None
    extended: FeatureState | None = None


class VendorId(Model, frozen=True):
    """The hypervisor's vendor as the guest sees it."""

    enabled: bool | None = None
    vendorid: str = ""


class Hyperv(Model, frozen=True):
    """Hyper-V enlightenments."""

    evmcs: FeatureState | None = None
    frequencies: FeatureState | None = None
    ipi: FeatureState | None = None
    reenlightenment: FeatureState | None = None
    relaxed: FeatureState | None = None
    reset: FeatureState | None = None
    runtime: FeatureState | None = None
    spinlocks: Spinlocks | None = None
    synic: FeatureState | None = None
    synictimer: SyNicTimer | None = None
    tlbflush: TlbFlush | None = None
    vapic: FeatureState | None = None
    vendorid: VendorId | None = None
    vpindex: FeatureState | None = None


class HypervPassthrough(Model, frozen=True):
    """All enlightenments that the host supports."""

    enabled: bool | None = None


class KvmFeatures(Model, frozen=True):
    """KVM's own features."""

    hidden: bool | None = None


class Features(Model, frozen=True):
    """Features of the machine."""

    acpi: FeatureState | None = None
    apic: Apic | None = None
    hyperv: Hyperv | None = None
    hyperv_passthrough: HypervPassthrough | None = None
    kvm: KvmFeatures | None = None
    pvspinlock: FeatureState | None = None
    smm: FeatureState | None = None


class Acpi(Model, frozen=True):
    """ACPI tables from volumes."""

    msdm_name_ref: str = ""
    slic_name_ref: str = ""


class Bios(Model, frozen=True):
    """Boot by BIOS."""

    use_serial: bool | None = None


class Efi(Model, frozen=True):
    """Boot by EFI."""

    persistent: bool | None = None
    """Keep variables over restarts."""
    secure_boot: bool | None = None
    """On unless false; it needs SMM."""


class Bootloader(Model, frozen=True):
    """BIOS or EFI."""

    bios: Bios | None = None
    efi: Efi | None = None


class KernelBootContainer(Model, frozen=True):
    """Image that holds a kernel and an initrd."""

    image: str
    image_pull_policy: PullPolicy = ""
    image_pull_secret: str = ""
    initrd_path: str = ""
    kernel_path: str = ""


class KernelBoot(Model, frozen=True):
    """Boot a kernel from outside the disk."""

    container: KernelBootContainer | None = None
    kernel_args: str = ""


class Firmware(Model, frozen=True):
    """Firmware and identity."""

    acpi: Acpi | None = None
    bootloader: Bootloader | None = None
    kernel_boot: KernelBoot | None = None
    serial: str = ""
    """System serial number."""
    uuid: str = ""
    """System UUID."""


class IoThreads(Model, frozen=True):
    """Extra threads for disk I/O."""

    supplemental_pool_thread_count: Count32 = 0


class SevPolicy(Model, frozen=True):
    """SEV guest policy."""

    encrypted_state: bool | None = None


class Sev(Model, frozen=True):
    """AMD SEV."""

    attestation: Empty | None = None
    dh_cert: str = ""
    policy: SevPolicy | None = None
    session: str = ""


class LaunchSecurity(Model, frozen=True):
    """Encrypted memory; exactly one is set."""

    sev: Sev | None = None
    snp: Empty | None = None
    tdx: Empty | None = None


class MachineType(Model, frozen=True):
    """The machine type."""

    type: str = ""


class Hugepages(Model, frozen=True):
    """Guest memory in huge pages."""

    page_size: str = ""


class ReservedOverhead(Model, frozen=True):
    """Memory beyond the guest's own."""

    added_overhead: QuantityText | None = None
    mem_lock: Annotated[str, Fact(enum=("NotRequired", "Required"))] = ""


class Memory(Model, frozen=True):
    """Guest memory."""

    guest: QuantityText | None = None
    """What the guest sees; from requests when absent."""
    hugepages: Hugepages | None = None
    max_guest: QuantityText | None = None
    """How much there can be after plugging."""
    reserved_overhead: ReservedOverhead | None = None


class DomainResources(Model, frozen=True):
    """Requests and limits of the launcher pod's main container."""

    limits: dict[str, QuantityText] = {}
    overcommit_guest_overhead: bool | None = None
    requests: dict[str, QuantityText] = {}


class Domain(Model, frozen=True):
    """The virtual hardware."""

    devices: Devices
    """Disks, interfaces and other devices."""
    chassis: Chassis | None = None
    clock: Clock | None = None
    """The guest's clock and timers."""
    cpu: Cpu | None = None
    """Model and topology."""
    features: Features | None = None
    """ACPI, SMM, Hyper-V and others."""
    firmware: Firmware | None = None
    """BIOS or EFI, and the identity that the guest sees."""
    io_threads: IoThreads | None = None
    io_threads_policy: str = ""
    launch_security: LaunchSecurity | None = None
    machine: MachineType | None = None
    """Machine type, such as q35."""
    memory: Memory | None = None
    """How much memory the guest has."""
    reboot_policy: Annotated[str, Fact(enum=("Reboot", "Terminate"))] = ""
    resources: DomainResources | None = None
    """Requests and limits of the pod."""
