"""Rules of disks: names, targets, buses, boot order, block sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules import names
from virtctl.local.api.rules.causes import invalid, not_supported, required
from virtctl.models import documents
from virtctl.models.documents import Document

_TARGETS = ("disk", "lun", "cdrom")
_BUSES = ("virtio", "scsi", "sata", "usb")
_CACHES = ("none", "writethrough", "writeback")
_IO_MODES = ("native", "threads")
_ERROR_POLICIES = ("stop", "ignore", "report", "enospace")
_SERIAL = re.compile(r"[A-Za-z0-9_.+-]+")
_PCI_ADDRESS = re.compile(r"[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[01][0-9a-fA-F]\.[0-7]")
_SERIAL_LIMIT = 256
_BLOCK_SIZES = range(512, 2 * 1024 * 1024 + 1)


@dataclass(frozen=True)
class _Place:
    """A disk and where it is. ``field`` is its path."""

    disk: Document
    position: int
    devices: str

    @property
    def field(self) -> str:
        return f"{self.devices}.disks[{self.position}]"

    @property
    def target(self) -> str:
        """The kind of target, or empty."""
        return next((name for name in _TARGETS if self.disk.get(name) is not None), "")

    @property
    def bus(self) -> str:
        """The bus of the target, or empty when the default is to apply."""
        return documents.text(self.disk, self.target, "bus") if self.target else ""


def disk_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What is wrong with the disks themselves, whatever their volumes are."""
    devices = f"{path}.domain.devices"
    first: dict[str, int] = {}
    for position, disk in enumerate(documents.objects(spec, "domain", "devices", "disks")):
        place = _Place(disk, position, devices)
        name = documents.text(disk, "name")
        if name in first:
            yield invalid(
                f"{place.field}.name",
                f"{place.field} and {devices}.disks[{first[name]}] must not have the same Name.",
            )
        first.setdefault(name, position)
        yield from _target_causes(place)
        order = disk.get("bootOrder")
        if isinstance(order, int) and order < 1:
            problem = f"{place.field} must have a boot order > 0, if supplied"
            yield invalid(f"{place.field}.bootOrder", problem)
        yield from _bus_causes(place)
        yield from _option_causes(place)
        yield from _name_causes(place)
        yield from _block_size_causes(place)


def _name_causes(place: _Place) -> Iterator[Cause]:
    # The doubled path is KubeVirt's own; clients see it as it is there.
    field = f"{place.devices}.disks.domain.devices.disks[{place.position}].name"
    for problem in names.label_problems(documents.text(place.disk, "name")):
        yield invalid(field, problem)


def _target_causes(place: _Place) -> Iterator[Cause]:
    if sum(place.disk.get(name) is not None for name in _TARGETS) > 1:
        yield invalid(place.field, f"{place.field} can only have a single target type defined")
    yield from _pci_causes(place)


def _bus_causes(place: _Place) -> Iterator[Cause]:
    bus, target = place.bus, place.target
    field = f"{place.field}.{target}.bus"
    if bus == "ide":
        yield invalid(field, "IDE bus is not supported")
    elif bus and bus not in _BUSES:
        yield invalid(
            field,
            f"{place.field} is set with an unrecognized bus {bus}, must be one of: "
            f"[{' '.join(_BUSES)}]",
        )
    if target == "cdrom" and bus == "virtio":
        yield invalid(field, "Bus type virtio is invalid for CD-ROM device")
    if target == "disk" and bus == "sata" and documents.flag(place.disk, "disk", "readonly"):
        yield invalid(field, "sata hard-disks do not support read-only.")


def _pci_causes(place: _Place) -> Iterator[Cause]:
    address = documents.text(place.disk, "disk", "pciAddress")
    if not address:
        return
    where = f"{place.devices}.disks.domain.devices.disks.disk[{place.position}]"
    if place.bus != "virtio":
        yield invalid(
            f"{where}.pciAddress",
            f"disk {where}.name - setting a PCI address is only possible with bus type virtio.",
        )
    if not _PCI_ADDRESS.fullmatch(address):
        yield invalid(
            f"{where}.pciAddress", f"disk {where}.name has malformed PCI address ({address})."
        )


def _option_causes(place: _Place) -> Iterator[Cause]:
    disk, field = place.disk, place.field
    serial = documents.text(disk, "serial")
    if serial and not _SERIAL.fullmatch(serial):
        yield invalid(
            f"{field}.serial",
            f"{field} must be made up of the following characters [A-Za-z0-9_.+-], if specified",
        )
    if len(serial) > _SERIAL_LIMIT:
        yield invalid(
            f"{field}.serial",
            f"{field} must be less than or equal to {_SERIAL_LIMIT} in length, if specified",
        )
    cache = documents.text(disk, "cache")
    if cache and cache not in _CACHES:
        yield invalid(f"{field}.cache", f"{field}.cache has invalid value {cache}")
    mode = documents.text(disk, "io")
    if mode and mode not in _IO_MODES:
        yield not_supported(
            f"{place.devices}.disks.domain.devices.disks[{place.position}].io",
            f"Disk IO mode for {place.devices}.disks is not supported. Supported modes are: "
            "native, threads.",
        )
    policy = disk.get("errorPolicy")
    if policy is not None and policy not in _ERROR_POLICIES:
        yield invalid(f"{field}.errorPolicy", f'{field}.errorPolicy has invalid value "{policy}"')
    if documents.flag(disk, "dedicatedIOThread") and place.bus not in {"", "virtio"}:
        yield not_supported(
            f"{place.devices}.disks.domain.devices.disks[{place.position}]",
            f"IOThreads are not supported for disks on a {place.bus} bus",
        )


def _block_size_causes(place: _Place) -> Iterator[Cause]:
    sizes = documents.child(place.disk, "blockSize")
    field = f"{place.field}.blockSize"
    custom = sizes.get("custom")
    if not isinstance(custom, dict):
        return
    matching = sizes.get("matchVolume")
    if isinstance(matching, dict) and matching.get("enabled") is not False:
        yield invalid(field, "Block size matching can't be enabled together with a custom value")
        return
    logical, physical = documents.integer(custom, "logical"), documents.integer(custom, "physical")
    discard = documents.integer(custom, "discardGranularity")
    if logical > physical:
        yield invalid(
            f"{field}.custom.logical",
            f"Logical size {logical} must be the same or less than the physical size of {physical}",
        )
    elif place.bus == "sata" and logical != _BLOCK_SIZES.start:
        yield invalid(
            f"{field}.custom.logical", f"Logical size {logical} must be 512 for SATA devices"
        )
    elif logical and discard % logical:
        yield invalid(
            f"{field}.custom.discardGranularity",
            f"Discard granularity {discard} must be multiples of logical size {logical}",
        )
    else:
        yield from _one_size_causes(logical, f"{field}.custom.logical")
        yield from _one_size_causes(physical, f"{field}.custom.physical")


def _one_size_causes(size: int, field: str) -> Iterator[Cause]:
    least, most = _BLOCK_SIZES.start, _BLOCK_SIZES.stop - 1
    if size < least:
        text = f"Provided size of {size} is less than the supported minimum size of {least}"
        yield invalid(field, text)
    elif size > most:
        text = f"Provided size of {size} is greater than the supported maximum size of {most}"
        yield invalid(field, text)
    elif size & (size - 1):
        yield invalid(field, f"Provided size of {size} is not a power of 2")


def pairing_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """Every disk has a volume that suits it, and a place of its own in the boot order, as
    interfaces have.
    """
    devices = f"{path}.domain.devices"
    volumes = {documents.text(item, "name"): item for item in documents.objects(spec, "volumes")}
    taken: set[int] = set()
    for position, disk in enumerate(documents.objects(spec, "domain", "devices", "disks")):
        field = f"{devices}.disks[{position}]"
        volume = volumes.get(documents.text(disk, "name"))
        yield from _volume_causes(disk, volume, field, context)
        yield from _order_causes(disk, field, taken)
    for position, item in enumerate(documents.objects(spec, "domain", "devices", "interfaces")):
        order = item.get("bootOrder")
        if isinstance(order, int) and order < 1:
            # KubeVirt names the interfaces' list by the spec itself.
            shown = f"{path}[{position}]"
            yield invalid(f"{shown}.bootOrder", f"{shown} must have a boot order > 0, if supplied")
        else:
            yield from _order_causes(item, f"{devices}.interfaces[{position}]", taken)


def _order_causes(device: Document, field: str, taken: set[int]) -> Iterator[Cause]:
    order = device.get("bootOrder")
    if not isinstance(order, int):
        return
    if order in taken:
        yield invalid(
            f"{field}.bootOrder",
            f"Boot order for {field}.bootOrder already set for a different device.",
        )
    taken.add(order)


def _volume_causes(
    disk: Document, volume: Document | None, field: str, context: AdmissionContext
) -> Iterator[Cause]:
    if volume is None:
        if "cdrom" not in disk:
            name = documents.text(disk, "name")
            yield invalid(f"{field}.name", f"{field}.Name '{name}' not found.")
        elif not context.has_gate("DeclarativeHotplugVolumes"):
            yield invalid(
                f"{field}.name",
                "DeclarativeHotplugVolumes feature gate not enabled, cannot define an empty "
                "CD-ROM disk",
            )
        return
    if "lun" in disk and "dataVolume" not in volume and "persistentVolumeClaim" not in volume:
        yield invalid(
            f"{field}.lun",
            f"{field}.lun can only be mapped to a DataVolume or PersistentVolumeClaim volume.",
        )
    if "downwardMetrics" in volume:
        yield from _metrics_causes(disk, field)


def reservation_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """LUNs can be reserved where the cluster has a helper for it."""
    if context.permits_reservations:
        return
    listed = documents.objects(spec, "domain", "devices", "disks")
    if any(documents.flag(disk, "lun", "reservation") for disk in listed):
        yield invalid(
            f"{path}.domain.devices.disks.luns.reservation",
            "persistent reservation is not enabled in kubevirt config",
        )


def _metrics_causes(disk: Document, field: str) -> Iterator[Cause]:
    """Metrics are shown on a virtio disk only."""
    bus = documents.text(disk, "disk", "bus")
    if disk.get("disk") is None:
        yield required(
            f"{field}.disk",
            "DownwardMetrics volume must be mapped to a disk, but disk is not set on "
            f"{field}.disk.",
        )
    elif bus not in {"", "virtio"}:
        yield invalid(
            f"{field}.disk.bus",
            f"DownwardMetrics volume must be mapped to virtio bus, but {field}.disk.bus is set to "
            f"{bus}",
        )
