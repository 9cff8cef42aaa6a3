"""How QEMU opens each disk's file, decided from what the file allows.

virt-launcher looks at the files while it builds the domain; here somebody looks first and this
decides, so that building stays pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from launcher.domain import disks
from launcher.domain.inputs import Inputs
from launcher.errors import SpecError
from launcher.layout import inside_block_device, inside_container_disk, inside_disk_image
from launcher.spec import (
    BlockSize,
    ContainerDisk,
    Disk,
    EphemeralClaim,
    MachineSpec,
    NoMedium,
)


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """One disk's file. ``block_size`` is the file system's, in bytes; the device's own sizes for a
    block device are ``logical`` and ``physical`` with ``discard``.
    """

    direct_io: bool = True
    block: bool = False
    preallocated: bool = False
    block_size: int = 0
    logical: int = 0
    physical: int = 0
    discard: int = 0


def paths(spec: MachineSpec) -> dict[str, tuple[str, ...]]:
    """By disk: the file that QEMU opens, then the one below it. Disks without a medium are out."""
    return {
        disk.name: (disks.source_path(Inputs(spec), disk), *_below(disk))
        for disk in spec.disks
        if not isinstance(disk.source, NoMedium)
    }


def _below(disk: Disk) -> tuple[str, ...]:
    match disk.source:
        case ContainerDisk():
            return (str(inside_container_disk(disk.index)),)
        case EphemeralClaim(block=True):
            return (str(inside_block_device(disk.name)),)
        case EphemeralClaim():
            return (str(inside_disk_image(disk.name)),)
        case _:
            return ()


def settle(spec: MachineSpec, found: Mapping[str, FileFacts]) -> MachineSpec:
    """The machine with cache, I/O mode and block sizes decided; disks not found stay as they are.

    Raises ``SpecError`` when a disk is to bypass the host's cache and its file cannot.
    """
    matched = match_block_sizes(spec, found)
    settled = tuple(
        _settle(disk, found[disk.name]) if disk.name in found else disk for disk in matched.disks
    )
    return msgspec.structs.replace(spec, disks=settled)


def match_block_sizes(spec: MachineSpec, found: Mapping[str, FileFacts]) -> MachineSpec:
    """The machine with the block sizes that were to match their volumes."""
    matched = (
        msgspec.structs.replace(disk, block_size=_matched(disk.block_size, found[disk.name]))
        if disk.name in found
        else disk
        for disk in spec.disks
    )
    return msgspec.structs.replace(spec, disks=tuple(matched))


def _settle(disk: Disk, file: FileFacts) -> Disk:
    cache = disk.cache or ("none" if disk.shareable else "")
    if cache == "none" and not file.direct_io:
        raise SpecError(
            f"domain.devices.disks[{disk.name}].cache",
            "`none` needs direct I/O, which the file system of its file lacks",
            "set cache to writethrough, or leave it out",
        )
    cache = cache or ("none" if file.direct_io else "writethrough")
    native = cache == "none" and (file.block or file.preallocated)
    return msgspec.structs.replace(disk, cache=cache, io=disk.io or ("native" if native else ""))


def _matched(asked: BlockSize | None, file: FileFacts) -> BlockSize | None:
    if asked is None or not asked.match:
        return asked
    if not file.block:
        size = file.block_size
        return BlockSize(logical=size, physical=size, discard=size)
    logical, physical = file.logical or file.physical, file.physical or file.logical
    discard = file.discard
    if discard and logical and discard % logical:
        discard = physical
    return BlockSize(logical=logical, physical=physical, discard=discard)
