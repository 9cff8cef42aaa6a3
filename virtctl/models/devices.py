"""The virtual devices other than disks and interfaces."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import Empty, Fact, FeatureState, Model
from virtctl.models.disks import Disk
from virtctl.models.network import Interface


class Filesystem(Model, frozen=True):
    """A volume that the guest mounts through virtiofs."""

    name: str
    virtiofs: Empty


class VirtualGpuDisplay(Model, frozen=True):
    """Display of a mediated GPU."""

    enabled: bool | None = None
    ram_fb: FeatureState | None = msgspec.field(name="ramFB", default=None)


class VirtualGpuOptions(Model, frozen=True):
    """Options of a mediated GPU."""

    display: VirtualGpuDisplay | None = None


class Gpu(Model, frozen=True):
    """A GPU of the host."""

    name: str
    claim_name: str = ""
    device_name: str = ""
    request_name: str = ""
    tag: str = ""
    virtual_gpu_options: VirtualGpuOptions | None = msgspec.field(
        name="virtualGPUOptions", default=None
    )


class HostDevice(Model, frozen=True):
    """A PCI, mediated or USB device of the host."""

    name: str
    claim_name: str = ""
    device_name: str = ""
    request_name: str = ""
    tag: str = ""


class Input(Model, frozen=True):
    """An input device."""

    name: str
    type: str
    bus: str = ""


class PanicDevice(Model, frozen=True):
    """A device that reports a guest's panic."""

    model: str = ""


class Sound(Model, frozen=True):
    """A sound card."""

    name: str
    model: str = ""


class Tpm(Model, frozen=True):
    """A trusted platform module."""

    enabled: bool | None = None
    persistent: bool | None = None


class Video(Model, frozen=True):
    """The video adapter."""

    type: str = ""


class WatchdogAction(Model, frozen=True):
    """What a watchdog does."""

    action: str = ""


class Watchdog(Model, frozen=True):
    """A device that acts when the guest hangs; one kind is set."""

    name: str
    diag288: WatchdogAction | None = None
    i6300esb: WatchdogAction | None = None


class Devices(Model, frozen=True):
    """The virtual devices."""

    autoattach_graphics_device: bool | None = None
    autoattach_input_device: bool | None = None
    autoattach_mem_balloon: bool | None = None
    autoattach_pod_interface: bool | None = None
    autoattach_serial_console: bool | None = None
    autoattach_vsock: bool | None = msgspec.field(name="autoattachVSOCK", default=None)
    block_multi_queue: bool | None = None
    client_passthrough: Empty | None = None
    disable_hotplug: bool | None = None
    disks: Annotated[tuple[Disk, ...], Fact(max_items=256)] = ()
    downward_metrics: Empty | None = None
    filesystems: tuple[Filesystem, ...] = ()
    gpus: tuple[Gpu, ...] = ()
    host_devices: tuple[HostDevice, ...] = ()
    inputs: tuple[Input, ...] = ()
    interfaces: Annotated[tuple[Interface, ...], Fact(max_items=256)] = ()
    log_serial_console: bool | None = None
    network_interface_multiqueue: bool | None = None
    panic_devices: tuple[PanicDevice, ...] = ()
    rng: Empty | None = None
    sound: Sound | None = None
    tpm: Tpm | None = None
    use_virtio_transitional: bool | None = None
    video: Video | None = None
    watchdog: Watchdog | None = None
