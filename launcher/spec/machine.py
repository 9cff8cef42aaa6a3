"""All of one machine, and its file."""

from __future__ import annotations

import msgspec

from launcher.spec.base import Part
from launcher.spec.board import (
    Accelerator,
    Chassis,
    Clock,
    Cpu,
    Features,
    Firmware,
    IoThreads,
    LaunchSecurity,
    Limits,
    Memory,
    PciPlacement,
    Smbios,
)
from launcher.spec.credentials import Password, SshKeys
from launcher.spec.devices import Graphics, HostDevice, InputDevice, Sound, Watchdog
from launcher.spec.disks import Disk, SharedDirectory
from launcher.spec.nics import Nic, PodOptions, Resolver


class MachineSpec(Part, frozen=True, kw_only=True):
    """One machine."""

    name: str
    namespace: str
    uid: str
    hostname: str
    subdomain: str = ""
    architecture: str = "amd64"
    machine_type: str = "q35"
    accelerator: Accelerator = Accelerator.TCG
    cpu: Cpu = Cpu()
    memory: Memory
    firmware: Firmware
    features: Features = Features()
    clock: Clock | None = None
    disks: tuple[Disk, ...] = ()
    nics: tuple[Nic, ...] = ()
    pod: PodOptions = PodOptions()
    graphics: Graphics = Graphics()
    inputs: tuple[InputDevice, ...] = ()
    serial_console: bool = True
    serial_log: bool = True
    rng: bool = False
    balloon: bool = True
    balloon_stats_period: int = 10
    watchdog: Watchdog | None = None
    tpm: str = ""  # "", ephemeral, persistent
    sound: Sound | None = None
    panic_devices: tuple[str, ...] = ()
    host_devices: tuple[HostDevice, ...] = ()
    shared_directories: tuple[SharedDirectory, ...] = ()
    launch_security: LaunchSecurity | None = None
    io_threads: IoThreads = IoThreads()
    usb_redirection: bool = False
    vsock_cid: int | None = None
    downward_metrics: bool = False
    scsi_hotplug: bool = True
    pci: PciPlacement = PciPlacement()
    smbios: Smbios | None = Smbios()
    chassis: Chassis | None = None
    free_page_reporting: bool = True
    bochs_for_efi: bool = True
    ignition: str = ""
    firmware_log: bool = False  # the BIOS's own messages, to a pipe
    ssh_keys: tuple[SshKeys, ...] = ()
    passwords: tuple[Password, ...] = ()
    resolver: Resolver = Resolver()
    limits: Limits = Limits()
    state_directory: str = ""  # where the host keeps what firmware and TPM remember
    grace_period_seconds: int = 30
    start_paused: bool = False
    incoming: bool = False  # its guest comes from another launcher, with all of its devices
    reboot_policy: str = ""
    virtio_transitional: bool = False
    block_multi_queue: bool = False
    instance_type: str = ""
    annotations: dict[str, str] = msgspec.field(default_factory=dict)


def encode(spec: MachineSpec) -> bytes:
    """JSON of a spec."""
    return msgspec.json.format(msgspec.json.encode(spec), indent=1)


def decode(text: bytes) -> MachineSpec:
    """Read what ``encode`` wrote; raises ``msgspec.ValidationError`` with the path."""
    return msgspec.json.decode(text, type=MachineSpec)
