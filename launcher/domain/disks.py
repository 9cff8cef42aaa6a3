"""Disks: where each file is inside the pod, how QEMU opens it, and what the guest calls it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias, assert_never

from launcher.domain import iothreads
from launcher.domain.addresses import pci_address
from launcher.domain.element import Element, element
from launcher.domain.inputs import Inputs
from launcher.errors import SpecError
from launcher.layout import (
    INSIDE_METRICS_DISK,
    INSIDE_PUBLIC,
    inside_block_device,
    inside_container_disk,
    inside_disk_image,
    inside_empty_disk,
    inside_files_disk,
    inside_hotplugged,
    inside_overlay,
    inside_seed,
)
from launcher.spec import (
    Claim,
    CloudInit,
    ContainerDisk,
    Disk,
    DiskDevice,
    DownwardMetrics,
    EmptyDisk,
    EphemeralClaim,
    FilesDisk,
    HostDisk,
    NoMedium,
)

Threads: TypeAlias = Mapping[str, tuple[Element | None, str]]

_PREFIXES = {"virtio": "vd", "sata": "sd", "scsi": "sd", "usb": "sd"}
_LETTERS = 26
_ERROR_POLICIES = ("", "stop", "ignore", "report", "enospace")
_S390_BLOCK = 4096  # bytes; the largest block of virtio-blk on s390x
_RESERVATION_SOCKET = INSIDE_PUBLIC / "daemons/pr/pr-helper.sock"
_SEED_FILES = {"noCloud": "noCloud.iso", "configDrive": "configdrive.iso"}


def disks(inputs: Inputs) -> tuple[Element, ...]:
    """One ``<disk>`` for each disk, in order. One that is to come must be possible already."""
    names = target_names(inputs.spec.disks)
    threads = iothreads.assign(inputs)
    for disk in inputs.spec.disks:
        _check(inputs, disk)
    return tuple(
        _disk(inputs, disk, names[disk.name], threads)
        for disk in inputs.spec.disks
        if not disk.pending
    )


def target_names(listed: tuple[Disk, ...]) -> dict[str, str]:
    """What the guest calls each disk: ``vda``, ``sda`` ...; recorded names are kept.

    A recorded name is taken for the disks of its own kind of bus, as it is for virt-launcher, even
    when it is none of that kind's.
    """
    taken: dict[str, set[str]] = {}
    for disk in listed:
        taken.setdefault(_prefix(disk), set()).add(disk.target)
    names: dict[str, str] = {}
    counters: dict[str, int] = {}
    for disk in listed:
        prefix = _prefix(disk)
        name = disk.target or names.get(disk.name, "")
        while not name:
            number = counters.get(prefix, 0)
            counters[prefix] = number + 1
            candidate = prefix + _letters(number)
            name = "" if candidate in taken[prefix] else candidate
        names[disk.name] = name
    return names


def _prefix(disk: Disk) -> str:
    return _PREFIXES.get(disk.bus, "")


def _letters(number: int) -> str:
    """0 is a, 25 is z, 26 is aa."""
    text = ""
    while number >= 0:
        text = chr(ord("a") + number % _LETTERS) + text
        number = number // _LETTERS - 1
    return text


def target_index(target: str) -> int:
    """The number behind a target name: ``sda`` is 0, ``sdaa`` is 26."""
    number = 0
    for letter in target[2:]:
        number = number * _LETTERS + ord(letter) - ord("a") + 1
    return number - 1


def _disk(inputs: Inputs, disk: Disk, target: str, threads: Threads) -> Element:
    virtio = disk.bus == "virtio" and disk.device is DiskDevice.DISK
    metrics = isinstance(disk.source, DownwardMetrics)
    storage, source, backing = _medium(inputs, disk)
    tray = (disk.tray or None) if disk.device is DiskDevice.CDROM else None
    return element(
        "disk",
        {
            "device": disk.device.value,
            "type": storage,
            "model": inputs.virtio_model if virtio or metrics else None,
        },
        source,
        element(
            "target",
            {"bus": disk.bus or None, "dev": target, "tray": tray},
        ),
        element("serial", text=disk.serial)
        if disk.serial and disk.device is DiskDevice.DISK
        else None,
        _driver(inputs, disk, threads),
        element("readonly") if disk.readonly else None,
        element("alias", {"name": f"ua-{disk.name}"}),
        backing,
        None if disk.boot_order is None else element("boot", {"order": disk.boot_order}),
        _address(disk, target),
        _block_sizes(disk),
        *_claim_facts(disk),
        element("shareable") if disk.shareable else None,
    )


def _check(inputs: Inputs, disk: Disk) -> None:
    """Raises ``SpecError`` for options that exclude each other."""
    field = f"domain.devices.disks[{disk.name}]"
    if disk.shareable and disk.cache not in {"", "none"}:
        raise SpecError(field, f"a sharable disk requires cache = none got: {disk.cache}")
    if disk.pci_address and disk.bus != "virtio":
        raise SpecError(
            f"{field}.pciAddress",
            f"setting a pci address is not allowed for non-virtio bus types, for disk {disk.name}",
        )
    pci_address(disk.pci_address)
    if disk.error_policy not in _ERROR_POLICIES:
        policy = disk.error_policy
        raise SpecError(f"{field}.errorPolicy", f"error policy {policy} not recognized")
    size = disk.block_size
    if inputs.s390 and size is not None and max(size.logical, size.physical) > _S390_BLOCK:
        raise SpecError(
            f"{field}.blockSize.custom",
            f"custom block size (logical={size.logical}, physical={size.physical}) exceeds the "
            f"maximum supported size of {_S390_BLOCK} for architecture s390x",
        )


def _address(disk: Disk, target: str) -> Element | None:
    if disk.pci_address:
        return pci_address(disk.pci_address)
    if disk.bus == "scsi" and disk.device is not DiskDevice.CDROM:
        return element(
            "address",
            {"type": "drive", "bus": 0, "controller": 0, "unit": _unit(target)},
        )
    return None


def _unit(target: str) -> int:
    """The place on the SCSI bus; a recorded name that is none of that bus has the first one."""
    return target_index(target) if target.startswith(_PREFIXES["scsi"]) else 0


def _block_sizes(disk: Disk) -> Element | None:
    sizes = disk.block_size
    if sizes is None or not sizes.logical:
        return None
    return element(
        "blockio",
        {
            "logical_block_size": sizes.logical,
            "physical_block_size": sizes.physical,
            "discard_granularity": sizes.discard,
        },
    )


def _claim_facts(disk: Disk) -> tuple[Element, ...]:
    """virt-launcher keeps these in the domain's XML; libvirt reads over them."""
    known = disk.claim
    if known is None or disk.device is DiskDevice.CDROM:
        return ()
    found = (
        element("filesystemOverhead", text=known.overhead) if known.overhead else None,
        None if known.size is None else element("capacity", text=known.size),
    )
    return tuple(each for each in found if each is not None)


# --- the driver -----------------------------------------------------------------------------------


def _driver(inputs: Inputs, disk: Disk, threads: Threads) -> Element:
    virtio = disk.bus == "virtio"
    pool, thread = threads.get(disk.name, (None, ""))
    if isinstance(disk.source, DownwardMetrics):  # the host writes it: nothing else is asked
        policy = disk.error_policy or "stop"
        plain = {
            "cache": disk.cache or None,
            "error_policy": policy,
            "io": disk.io or None,
            "name": "qemu",
            "type": "raw",
            "iothread": thread or None,
        }
        return element("driver", plain, pool)
    queues = inputs.vcpus if inputs.spec.block_multi_queue and virtio else None
    return element(
        "driver",
        {
            "cache": disk.cache or ("none" if disk.shareable else None),
            "error_policy": disk.error_policy or "stop",
            "io": disk.io or None,
            "name": "qemu",
            "type": image_format(disk),
            "iothread": thread or None,
            "queues": queues,
            "discard": "unmap" if _discards(disk) else None,
            "iommu": "on" if inputs.shielded and virtio else None,
        },
        pool,
    )


def _discards(disk: Disk) -> bool:
    match disk.source:
        case EphemeralClaim() | ContainerDisk() | EmptyDisk() | NoMedium():
            return True  # overlays of ours, whatever is below them
        case Claim(as_host_disk=as_host_disk) if disk.device is DiskDevice.CDROM:
            return disk.discard and not as_host_disk
        case _:
            return disk.discard and disk.device is not DiskDevice.CDROM


def image_format(disk: Disk) -> str:
    """Format of the file or device that QEMU opens."""
    if disk.changed_block_tracking:
        return "qcow2"
    match disk.source:
        case ContainerDisk() | EphemeralClaim() | EmptyDisk():
            return "qcow2"
        case _:
            return "raw"


# --- the medium -----------------------------------------------------------------------------------


def source_path(inputs: Inputs, disk: Disk) -> str:
    """Inside path of the file or device that QEMU opens; empty without a medium."""
    spec, source = inputs.spec, disk.source
    match source:
        case ContainerDisk():
            path = inside_overlay(disk.name)
        case CloudInit():
            path = inside_seed(spec.namespace, spec.name, _SEED_FILES[source.flavour])
        case EmptyDisk():
            path = inside_empty_disk(disk.name)
        case HostDisk():
            path = inside_disk_image(disk.name, source.path.rpartition("/")[2])
        case Claim():
            path = _claim_path(disk, block=source.block)
        case EphemeralClaim():
            path = inside_overlay(disk.name)
        case FilesDisk():
            path = inside_files_disk(source.kind, disk.name)
        case DownwardMetrics():
            path = INSIDE_METRICS_DISK
        case NoMedium():
            return ""
        case _:
            assert_never(source)
    return str(path)


def _claim_path(disk: Disk, *, block: bool) -> Path:
    if disk.hotplugged:
        return inside_hotplugged(disk.name, block=block)
    return inside_block_device(disk.name) if block else inside_disk_image(disk.name)


def _medium(inputs: Inputs, disk: Disk) -> tuple[str, Element, Element | None]:
    """Type of storage, ``<source>``, ``<backingStore>``."""
    source, path = disk.source, source_path(inputs, disk)
    held = _reservations(disk)
    match source:
        case ContainerDisk():
            below = _backing("file", source.format, str(inside_container_disk(disk.index)))
            return "file", element("source", {"file": path}, held), below
        case EphemeralClaim(block=True):
            below = _backing("block", "raw", str(inside_block_device(disk.name)), disk.name)
            return "file", element("source", {"file": path}, held), below
        case EphemeralClaim():
            below = _backing("file", "raw", str(inside_disk_image(disk.name)))
            return "file", element("source", {"file": path}, held), below
        case NoMedium():
            return "block", element("source"), None
        case Claim(block=True):
            storage, attributes = "block", {"dev": path}
            if not disk.hotplugged:
                attributes["name"] = disk.name
        case _:
            storage, attributes = "file", {"file": path}
    if disk.changed_block_tracking:
        return "file", _tracked(disk, storage, attributes), None
    return storage, element("source", attributes, held), None


def _backing(storage: str, form: str, path: str, name: str | None = None) -> Element:
    attribute = "dev" if storage == "block" else "file"
    return element(
        "backingStore",
        {"type": storage},
        element("format", {"type": form}),
        element("source", {attribute: path, "name": name}),
    )


def _tracked(disk: Disk, storage: str, attributes: Mapping[str, str]) -> Element:
    store = element(
        "dataStore",
        {"type": storage},
        element("format", {"type": "raw"}),
        element("source", {key: attributes[key] for key in attributes if key != "name"}),
    )
    named = {"file": disk.changed_block_tracking, "name": attributes.get("name")}
    return element("source", named, _reservations(disk), store)


def _reservations(disk: Disk) -> Element | None:
    if not disk.reservation:
        return None
    socket = {"type": "unix", "path": str(_RESERVATION_SOCKET), "mode": "client"}
    return element("reservations", {"managed": "no", "migration": "yes"}, element("source", socket))
