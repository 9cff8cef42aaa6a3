"""Disks: how the guest sees volumes."""

from __future__ import annotations

import msgspec

from virtctl.models.base import Count, FeatureState, Model


class CustomBlockSize(Model, frozen=True):
    """Block sizes in bytes."""

    discard_granularity: Count = 0
    logical: Count = 0
    physical: Count = 0


class BlockSize(Model, frozen=True):
    """Sizes of a disk's blocks."""

    custom: CustomBlockSize | None = None
    match_volume: FeatureState | None = None


class CdRomTarget(Model, frozen=True):
    """A CD-ROM drive."""

    bus: str = ""
    """sata, scsi or usb."""
    readonly: bool | None = None
    tray: str = ""
    """open or closed."""


class DiskTarget(Model, frozen=True):
    """A hard disk."""

    bus: str = ""
    """virtio, sata, scsi or usb."""
    pci_address: str = ""
    readonly: bool | None = None


class LunTarget(Model, frozen=True):
    """A LUN that is passed through."""

    bus: str = ""
    readonly: bool | None = None
    reservation: bool | None = None


class Disk(Model, frozen=True):
    """How the guest sees a volume; one target kind is set."""

    name: str
    """The volume of the same name is behind it."""
    block_size: BlockSize | None = None
    boot_order: Count | None = None
    """Place among boot devices, from 1."""
    cache: str = ""
    """none, writethrough or writeback."""
    cdrom: CdRomTarget | None = None
    changed_block_tracking: bool | None = None
    dedicated_io_thread: bool | None = msgspec.field(name="dedicatedIOThread", default=None)
    """Give the disk a thread of its own."""
    disk: DiskTarget | None = None
    error_policy: str = ""
    """stop, ignore, report or enospace."""
    io: str = ""
    """native or threads."""
    lun: LunTarget | None = None
    serial: str = ""
    """Serial number that the guest sees."""
    shareable: bool | None = None
    """Let several instances use it at once."""
    tag: str = ""
