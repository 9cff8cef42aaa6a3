"""Preferences: what a machine gets where it says nothing itself."""

from __future__ import annotations

import msgspec

from virtctl.models.base import Count32, Empty, FeatureState, Int64, Model, QuantityText
from virtctl.models.devices import Tpm, VirtualGpuOptions
from virtctl.models.disks import BlockSize
from virtctl.models.domain import (
    Apic,
    ClockOffset,
    CpuFeature,
    Efi,
    Hyperv,
    KvmFeatures,
    LaunchSecurity,
    Timers,
)
from virtctl.models.meta import ObjectMeta


class PreferredClockOffset(Model, frozen=True):
    """What the guest's clock shows; one is set."""

    timezone: str = ""
    utc: ClockOffset | None = None


class ClockPreferences(Model, frozen=True):
    """Clock and timers."""

    preferred_clock_offset: PreferredClockOffset | None = None
    preferred_timer: Timers | None = None


class SpreadOptions(Model, frozen=True):
    """How processors are spread over sockets, cores and threads."""

    across: str = ""
    """SocketsCores, CoresThreads or SocketsCoresThreads."""
    ratio: Count32 | None = None


class CpuPreferences(Model, frozen=True):
    """Layout and features of processors."""

    preferred_cpu_features: tuple[CpuFeature, ...] = msgspec.field(
        name="preferredCPUFeatures", default=()
    )
    preferred_cpu_topology: str = msgspec.field(name="preferredCPUTopology", default="")
    """What a virtual processor is seen as: sockets, cores, threads, spread or any."""
    spread_options: SpreadOptions | None = None


class DevicePreferences(Model, frozen=True):
    """Models, buses and modes of devices."""

    preferred_autoattach_graphics_device: bool | None = None
    preferred_autoattach_input_device: bool | None = None
    preferred_autoattach_mem_balloon: bool | None = None
    preferred_autoattach_pod_interface: bool | None = None
    preferred_autoattach_serial_console: bool | None = None
    preferred_block_multi_queue: bool | None = None
    preferred_cdrom_bus: str = ""
    preferred_disable_hotplug: bool | None = None
    preferred_disk_block_size: BlockSize | None = None
    preferred_disk_bus: str = ""
    preferred_disk_cache: str = ""
    preferred_disk_dedicated_io_thread: bool | None = None
    """Whether disks on virtio get a thread of their own."""
    preferred_disk_io: str = msgspec.field(name="preferredDiskIO", default="")
    preferred_input_bus: str = ""
    preferred_input_type: str = ""
    preferred_interface_masquerade: Empty | None = None
    """Given: interfaces of the pod network without a binding use masquerade."""
    preferred_interface_model: str = ""
    preferred_lun_bus: str = ""
    preferred_network_interface_multi_queue: bool | None = None
    preferred_panic_device_model: str = ""
    preferred_rng: Empty | None = None
    preferred_sound_model: str = ""
    preferred_tpm: Tpm | None = msgspec.field(name="preferredTPM", default=None)
    preferred_use_virtio_transitional: bool | None = None
    preferred_video_type: str = ""
    preferred_virtual_gpu_options: VirtualGpuOptions | None = msgspec.field(
        name="preferredVirtualGPUOptions", default=None
    )


class FeaturePreferences(Model, frozen=True):
    """Features of the machine."""

    preferred_acpi: FeatureState | None = None
    preferred_apic: Apic | None = None
    preferred_hyperv: Hyperv | None = None
    preferred_kvm: KvmFeatures | None = None
    preferred_pvspinlock: FeatureState | None = None
    preferred_smm: FeatureState | None = None


class FirmwarePreferences(Model, frozen=True):
    """Firmware of machines that name none."""

    preferred_efi: Efi | None = None
    preferred_use_bios: bool | None = None
    preferred_use_bios_serial: bool | None = None
    preferred_use_efi: bool | None = None
    """Deprecated: see ``preferredEfi``."""
    preferred_use_secure_boot: bool | None = None
    """Deprecated: see ``preferredEfi``."""


class MachinePreferences(Model, frozen=True):
    """Machine type of machines that name none."""

    preferred_machine_type: str = ""


class CpuRequirement(Model, frozen=True):
    """Processors that a machine must have at least."""

    guest: Count32


class MemoryRequirement(Model, frozen=True):
    """Memory that a machine must have at least."""

    guest: QuantityText


class Requirements(Model, frozen=True):
    """What a machine must have at least."""

    architecture: str | None = None
    cpu: CpuRequirement | None = None
    memory: MemoryRequirement | None = None


class VolumePreferences(Model, frozen=True):
    """Volumes of machines."""

    preferred_storage_class_name: str = ""


class PreferenceSpec(Model, frozen=True):
    """What is preferred, and what is required."""

    annotations: dict[str, str] = {}
    """Annotations that the instance gets unless it has them."""
    clock: ClockPreferences | None = None
    cpu: CpuPreferences | None = None
    devices: DevicePreferences | None = None
    features: FeaturePreferences | None = None
    firmware: FirmwarePreferences | None = None
    machine: MachinePreferences | None = None
    prefer_spread_socket_to_core_ratio: Count32 | None = None
    """Deprecated: see ``cpu.spreadOptions.ratio``."""
    preferred_architecture: str | None = None
    preferred_launch_security: LaunchSecurity | None = None
    preferred_subdomain: str | None = None
    preferred_termination_grace_period_seconds: Int64 | None = None
    requirements: Requirements | None = None
    volumes: VolumePreferences | None = None


class VirtualMachinePreference(Model, frozen=True):
    """Preferences for the machines of a namespace."""

    spec: PreferenceSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None


class VirtualMachineClusterPreference(Model, frozen=True):
    """Preferences for the machines of the cluster."""

    spec: PreferenceSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
