"""Which files a machine's disks need before QEMU can open them, as ops on paths in the pod."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import assert_never

from launcher import layout
from launcher.errors import SpecError
from launcher.ops.base import Op
from launcher.ops.files import MakeDirectory, WriteFile
from launcher.ops.images import GrowRaw, MakeIso, MakeOverlay, MakeQcow2, MakeSparse
from launcher.ops.tracking import MakeTracking
from launcher.spec import (
    Claim,
    CloudInit,
    ContainerDisk,
    Disk,
    DownwardMetrics,
    Efi,
    EmptyDisk,
    EphemeralClaim,
    FilesDisk,
    HostDisk,
    MachineSpec,
    NoMedium,
)
from launcher.storage.sharing import sharing_plan

_MIB = 1024 * 1024
_METRICS_SIZE = 256 * 1024  # bytes of the disk on which a guest reads of its host


def disk_plan(spec: MachineSpec) -> tuple[Op, ...]:
    """Ops that make every disk's file but the seeds', which ``launcher.cloudinit`` plans.

    Raises ``SpecError`` for disks that we cannot make yet.
    """
    disks = (op for disk in spec.disks for op in _disk(disk))
    return (*disks, *sharing_plan(spec), *_firmware(spec))


def _disk(disk: Disk) -> Iterator[Op]:
    if disk.changed_block_tracking:
        yield from (*_untracked(disk), *tracking(disk))
    else:
        yield from _untracked(disk)


def tracking(disk: Disk) -> Iterator[Op]:
    """The overlay that keeps track of a disk's changes, when the disk's file is there."""
    source, overlay = disk.source, disk.changed_block_tracking
    if not overlay or not isinstance(source, Claim | HostDisk):
        return
    block = isinstance(source, Claim) and source.block
    if isinstance(source, HostDisk):
        data = layout.inside_disk_image(disk.name, Path(source.path).name)
    elif disk.hotplugged:
        data = layout.inside_hotplugged(disk.name, block=block)
    else:
        place = layout.inside_block_device if block else layout.inside_disk_image
        data = place(disk.name)
    yield MakeDirectory(path=str(Path(overlay).parent))
    yield MakeTracking(path=overlay, data=str(data), block=block)


def _untracked(disk: Disk) -> Iterator[Op]:
    source = disk.source
    match source:
        case ContainerDisk():
            below = str(layout.inside_container_disk(disk.index))
            yield from _overlay(disk, below, source.format)
        case EphemeralClaim():
            place = layout.inside_block_device if source.block else layout.inside_disk_image
            yield from _overlay(disk, str(place(disk.name)), "raw")
        case EmptyDisk():
            yield from _empty_disk(disk, source)
        case HostDisk():
            yield from _host_disk(disk, source)
        case Claim():
            yield from _claim(disk, source)
        case FilesDisk():
            path = layout.inside_files_disk(source.kind, disk.name)
            yield MakeDirectory(path=str(path.parent))
            yield MakeIso(path=str(path), label=source.label, files=_files(disk, source))
        case CloudInit() | NoMedium():
            return
        case DownwardMetrics():
            path = layout.INSIDE_METRICS_DISK
            yield MakeDirectory(path=str(path.parent))
            yield WriteFile(path=str(path), content=bytes(_METRICS_SIZE), mode=0o644)
        case _:
            assert_never(source)


def _overlay(disk: Disk, backing: str, form: str) -> Iterator[Op]:
    path = layout.inside_overlay(disk.name)
    yield MakeDirectory(path=str(path.parent))
    yield MakeOverlay(path=str(path), backing=backing, backing_format=form)


def _empty_disk(disk: Disk, source: EmptyDisk) -> Iterator[Op]:
    size = source.capacity // _MIB * _MIB
    if not size:
        raise SpecError(f"volumes[{disk.name}].emptyDisk.capacity", "must be at least 1Mi")
    path = layout.inside_empty_disk(disk.name)
    yield MakeDirectory(path=str(path.parent))
    yield MakeQcow2(path=str(path), size=size)


def _host_disk(disk: Disk, source: HostDisk) -> Iterator[Op]:
    if source.create:
        path = layout.inside_disk_image(disk.name, Path(source.path).name)
        yield MakeSparse(path=str(path), size=_usable(disk, source.capacity, ""))


def _claim(disk: Disk, source: Claim) -> Iterator[Op]:
    """A claim without an image gets an empty one that fills it; one that has grown meanwhile lets
    its image grow too, as KubeVirt does.
    """
    if source.block or source.read_only or not source.capacity:
        return
    path = layout.inside_disk_image(disk.name)
    if disk.hotplugged:
        path = layout.inside_hotplugged(disk.name, block=False)
    size = _usable(disk, source.capacity, source.overhead)
    yield MakeSparse(path=str(path), size=size)
    yield GrowRaw(path=str(path), size=size)


def _usable(disk: Disk, capacity: int, overhead: str) -> int:
    size = int(capacity * (1 - Fraction(overhead or "0"))) // _MIB * _MIB
    if size <= 0:
        raise SpecError(f"volumes[{disk.index}].capacity", f"`{capacity}` bytes is less than 1Mi")
    return size


_UNATTENDED = frozenset({"autounattend.xml", "unattend.xml"})


def _files(disk: Disk, source: FilesDisk) -> dict[str, bytes]:
    if source.kind == "sysprep" and not any(name.lower() in _UNATTENDED for name in source.files):
        raise SpecError(
            f"volumes[{disk.index}].sysprep",
            "there is no autounattend.xml or unattend.xml in it",
        )
    return source.files


def _firmware(spec: MachineSpec) -> Iterator[Op]:
    if isinstance(spec.firmware.bootloader, Efi):
        yield MakeDirectory(path=str(layout.INSIDE_NVRAM))
    for table in spec.firmware.acpi_tables:
        path = layout.inside_secret(table.volume, f"{table.kind}.bin")
        yield WriteFile(path=str(path), content=table.content)
