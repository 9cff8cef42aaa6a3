"""Rules of the small devices: inputs, GPUs, host devices, watchdog, sound, video, filesystems."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid, not_supported
from virtctl.models import documents
from virtctl.models.documents import Document

_SOUND_MODELS = frozenset({"", "ich9", "ac97"})
_PANIC_MODELS = frozenset({None, "isa", "hyperv", "pvpanic"})
_VIDEO_MODELS = {
    "amd64": frozenset({"vga", "cirrus", "virtio", "ramfb", "bochs"}),
    "arm64": frozenset({"virtio", "ramfb"}),
    "s390x": frozenset({"virtio"}),
}


def late_device_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with metrics, filesystems, the screen and panic devices."""
    devices, field = documents.child(spec, "domain", "devices"), f"{path}.domain.devices"
    if devices.get("downwardMetrics") is not None and not context.has_gate("DownwardMetrics"):
        yield invalid(
            f"{field}.downwardMetrics",
            "downwardMetrics virtio serial is not allowed: DownwardMetrics feature gate is not "
            "enabled",
        )
    volumes = {item.get("name"): item for item in documents.objects(spec, "volumes")}
    for item in documents.objects(devices, "filesystems"):
        volume = volumes.get(item.get("name")) or {}
        claimed = "persistentVolumeClaim" in volume or "dataVolume" in volume
        if claimed and not context.has_gate("EnableVirtioFsStorageVolumes"):
            yield invalid(
                f"{field}.filesystems",
                "virtiofs is not allowed: virtiofs feature gate is not enabled for PVC",
            )
    yield from _screen_causes(devices, path)
    yield from _panic_causes(devices, field, spec)


def sound_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What is wrong with the sound device."""
    sound = documents.find(spec, "domain", "devices", "sound")
    if not isinstance(sound, dict):
        return
    if documents.text(sound, "model") not in _SOUND_MODELS:
        yield invalid(
            f"{path}.Sound", "Sound device type is not supported. Options: 'ich9' or 'ac97'"
        )
    if not sound.get("name"):
        yield invalid(f"{path}.Sound", "Sound device requires a name field.")


def _panic_causes(devices: Document, field: str, spec: Document) -> Iterator[Cause]:
    if documents.items(devices, "panicDevices") and spec.get("architecture") == "s390x":
        yield invalid(
            f"{field}.panicDevices",
            "custom panic devices are not supported on s390x architecture",
        )
    for position, panic in enumerate(documents.objects(devices, "panicDevices")):
        model = panic.get("model")
        if model not in _PANIC_MODELS:
            yield invalid(
                f"{field}.panicDevices[{position}].model", f"invalid PanicDeviceModel({model})"
            )


def input_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What is wrong with pointers."""
    devices, field = documents.child(spec, "domain", "devices"), f"{path}.domain.devices"
    for position, item in enumerate(documents.objects(devices, "inputs")):
        where = f"{field}.inputs[{position}]"
        if documents.text(item, "bus") not in {"", "virtio", "usb"}:
            yield invalid(f"{where}.bus", "Input device can have only virtio or usb bus.")
        if documents.text(item, "type") != "tablet":
            yield invalid(f"{where}.type", "Input device can have only tablet type.")


def host_device_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with devices of the host."""
    devices = documents.child(spec, "domain", "devices")
    displays = 0
    for gpu in documents.objects(devices, "gpus"):
        display = documents.find(gpu, "virtualGPUOptions", "display")
        if isinstance(display, dict) and display.get("enabled") is not False:
            displays += documents.find(display, "ramFB", "enabled") is not False
    if displays > 1:
        yield invalid(f"{path}.GPUs", "configuring multiple displays with ramfb is not valid ")
    if documents.items(devices, "hostDevices") and not context.has_gate("HostDevices"):
        yield invalid(
            f"{path}.HostDevices", "Host Devices feature gate is not enabled in kubevirt-config"
        )


def _screen_causes(devices: Document, path: str) -> Iterator[Cause]:
    if devices.get("video") is not None and devices.get("autoattachGraphicsDevice") is False:
        yield invalid(
            f"{path}.video",
            "Video configuration is not allowed when autoattachGraphicsDevice is set to false",
        )


def vsock_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """Sockets between guest and host are behind a gate."""
    devices, field = documents.child(spec, "domain", "devices"), f"{path}.domain.devices"
    if devices.get("autoattachVSOCK") is True and not context.has_gate("VSOCK"):
        yield invalid(
            f"{field}.autoattachVSOCK", "VSOCK feature gate is not enabled in kubevirt-config"
        )


def architecture_device_causes(spec: Document, path: str) -> Iterator[Cause]:
    """Devices that an architecture does not have. Bare instances only."""
    architecture = documents.text(spec, "architecture") or "amd64"
    devices, field = documents.child(spec, "domain", "devices"), f"{path}.domain.devices"
    watchdog = documents.child(devices, "watchdog")
    if architecture == "amd64" and "diag288" in watchdog:
        yield not_supported(f"{field}.watchdog", "amd64 only supports I6300ESB watchdog device")
    if architecture == "s390x" and "i6300esb" in watchdog:
        yield not_supported(f"{field}.watchdog", "s390x only supports Diag288 watchdog device")
    video = documents.text(devices, "video", "type")
    known = _VIDEO_MODELS.get(architecture)
    if devices.get("video") is not None and known is not None and video not in known:
        yield not_supported(
            f"{field}.video.type",
            f"video model '{video}' is not supported on {architecture} architecture",
        )
