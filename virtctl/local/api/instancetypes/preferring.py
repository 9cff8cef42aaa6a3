"""What a preference fills in: only what a machine leaves open, but for ACPI."""

from __future__ import annotations

from copy import deepcopy

from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

_BINDINGS = (
    "bridge", "masquerade", "sriov", "slirp", "macvtap", "passtBinding", "binding",
)  # fmt: skip
_TARGETS = ("disk", "cdrom", "lun")
_DEVICES = {
    "preferredAutoattachGraphicsDevice": "autoattachGraphicsDevice",
    "preferredAutoattachMemBalloon": "autoattachMemBalloon",
    "preferredAutoattachPodInterface": "autoattachPodInterface",
    "preferredAutoattachSerialConsole": "autoattachSerialConsole",
    "preferredAutoattachInputDevice": "autoattachInputDevice",
    "preferredDisableHotplug": "disableHotplug",
    "preferredUseVirtioTransitional": "useVirtioTransitional",
    "preferredNetworkInterfaceMultiQueue": "networkInterfaceMultiqueue",
    "preferredBlockMultiQueue": "blockMultiQueue",
    "preferredRng": "rng",
    "preferredTPM": "tpm",
}
_FEATURES = {
    "preferredApic": "apic",
    "preferredKvm": "kvm",
    "preferredPvspinlock": "pvspinlock",
    "preferredSmm": "smm",
}


def apply(preference: Document, holder: Document) -> None:
    """Fill in what ``preference``, a spec, prefers, in place in a template or an instance."""
    spec = documents.ensure(holder, "spec")
    domain = documents.ensure(spec, "domain")
    _apply_cpu(documents.child(preference, "cpu"), domain)
    _apply_devices(documents.child(preference, "devices"), spec, domain)
    _apply_features(documents.child(preference, "features"), domain)
    _apply_firmware(documents.child(preference, "firmware"), domain)
    _apply_clock(documents.child(preference, "clock"), domain)
    machine = documents.text(preference, "machine", "preferredMachineType")
    if machine and not documents.text(domain, "machine", "type"):
        documents.put(domain, machine, "machine", "type")
    for theirs, ours in (
        ("preferredSubdomain", "subdomain"),
        ("preferredTerminationGracePeriodSeconds", "terminationGracePeriodSeconds"),
        ("preferredArchitecture", "architecture"),
    ):
        _set_open(spec, ours, preference.get(theirs))
    _set_open(domain, "launchSecurity", preference.get("preferredLaunchSecurity"))
    annotations = documents.strings(preference, "annotations")
    for key, value in annotations.items():
        documents.ensure(holder, "metadata", "annotations").setdefault(key, value)


def _set_open(holder: Document, name: str, value: JsonValue) -> None:
    """Set what isn't set."""
    if value is not None and holder.get(name) in (None, ""):
        holder[name] = deepcopy(value)


def _apply_cpu(preferred: Document, domain: Document) -> None:
    features = list(documents.objects(preferred, "preferredCPUFeatures"))
    if not features:
        return
    cpu = documents.ensure(domain, "cpu")
    own = documents.items(cpu, "features")
    names = {item.get("name") for item in own if isinstance(item, dict)}
    added = [deepcopy(each) for each in features if each.get("name") not in names]
    cpu["features"] = [*own, *added]


def _apply_devices(preferred: Document, spec: Document, domain: Document) -> None:
    devices = documents.ensure(domain, "devices")
    for theirs, ours in _DEVICES.items():
        _set_missing(devices, ours, preferred.get(theirs))
    for disk in documents.objects(devices, "disks"):
        _apply_disk(preferred, disk)
    pods = {
        documents.text(network, "name")
        for network in documents.objects(spec, "networks")
        if "pod" in network
    }
    for interface in documents.objects(devices, "interfaces"):
        _apply_interface(preferred, interface, pods)
    for entry in documents.objects(devices, "inputs"):
        _set_open(entry, "bus", preferred.get("preferredInputBus"))
        _set_open(entry, "type", preferred.get("preferredInputType"))
    sound = documents.find(devices, "sound")
    if isinstance(sound, dict):
        _set_open(sound, "model", preferred.get("preferredSoundModel"))
    panic = preferred.get("preferredPanicDeviceModel")
    if panic is not None and not documents.items(devices, "panicDevices"):
        devices["panicDevices"] = [{}]
    for device in documents.objects(devices, "panicDevices"):
        _set_missing(device, "model", panic)
    if preferred.get("preferredVideoType"):
        video = documents.ensure(devices, "video")
        _set_open(video, "type", preferred["preferredVideoType"])
    for gpu in documents.objects(devices, "gpus"):
        _set_missing(gpu, "virtualGPUOptions", preferred.get("preferredVirtualGPUOptions"))


def _set_missing(holder: Document, name: str, value: JsonValue) -> None:
    """Set what isn't there at all: false and empty objects count as set."""
    if value is not None and holder.get(name) is None:
        holder[name] = deepcopy(value)


def _apply_disk(preferred: Document, disk: Document) -> None:
    if preferred.get("preferredDiskBus") and not any(
        disk.get(each) is not None for each in _TARGETS
    ):
        disk["disk"] = {}
    for device, wanted in (
        ("cdrom", "preferredCdromBus"),
        ("disk", "preferredDiskBus"),
        ("lun", "preferredLunBus"),
    ):
        target = disk.get(device)
        if isinstance(target, dict):
            _set_open(target, "bus", preferred.get(wanted))
    target = disk.get("disk")
    if not isinstance(target, dict):
        return
    _set_missing(disk, "blockSize", preferred.get("preferredDiskBlockSize"))
    _set_open(disk, "cache", preferred.get("preferredDiskCache"))
    _set_open(disk, "io", preferred.get("preferredDiskIO"))
    if target.get("bus") == "virtio":
        _set_missing(disk, "dedicatedIOThread", preferred.get("preferredDiskDedicatedIoThread"))


def _apply_interface(preferred: Document, interface: Document, pods: set[str]) -> None:
    model = preferred.get("preferredInterfaceModel")
    if model is not None and "sriov" not in interface:
        _set_open(interface, "model", model)
    masquerade = preferred.get("preferredInterfaceMasquerade")
    bound = any(name in interface for name in _BINDINGS)
    if masquerade is not None and not bound and interface.get("name") in pods:
        interface["masquerade"] = deepcopy(masquerade)


def _apply_features(preferred: Document, domain: Document) -> None:
    if not preferred:
        return
    features = documents.ensure(domain, "features")
    if preferred.get("preferredAcpi") is not None:
        features["acpi"] = deepcopy(preferred["preferredAcpi"])
    for theirs, ours in _FEATURES.items():
        _set_missing(features, ours, preferred.get(theirs))
    enlightenments = documents.child(preferred, "preferredHyperv")
    if preferred.get("preferredHyperv") is not None:
        hyperv = documents.ensure(features, "hyperv")
        for name, value in enlightenments.items():
            _set_missing(hyperv, name, value)


def _apply_firmware(preferred: Document, domain: Document) -> None:
    if not preferred:
        return
    loader = documents.child(domain, "firmware", "bootloader")
    if preferred.get("preferredUseBios") is True and not loader:
        bios: Document = {}
        if preferred.get("preferredUseBiosSerial") is True:
            bios["useSerial"] = True
        documents.put(domain, bios, "firmware", "bootloader", "bios")
        return
    if loader.get("bios") is not None:
        return
    efi = preferred.get("preferredEfi")
    if efi is not None and loader.get("efi") is None:
        documents.put(domain, deepcopy(efi), "firmware", "bootloader", "efi")
    elif efi is None:
        _apply_former_firmware(preferred, domain, loader)


def _apply_former_firmware(preferred: Document, domain: Document, loader: Document) -> None:
    """What ``preferredUseEfi`` and ``preferredUseSecureBoot``, both deprecated, ask for."""
    if preferred.get("preferredUseEfi") is True and loader.get("efi") is None:
        documents.put(domain, {}, "firmware", "bootloader", "efi")
    chosen = documents.find(domain, "firmware", "bootloader", "efi")
    if preferred.get("preferredUseSecureBoot") is True and isinstance(chosen, dict):
        _set_missing(chosen, "secureBoot", value=True)


def _apply_clock(preferred: Document, domain: Document) -> None:
    if not preferred:
        return
    clock = documents.ensure(domain, "clock")
    offset = documents.child(preferred, "preferredClockOffset")
    if offset and clock.get("utc") is None and not clock.get("timezone"):
        clock.update(deepcopy(offset))
    _set_missing(clock, "timer", preferred.get("preferredTimer"))
