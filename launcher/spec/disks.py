"""Disks, what is on them, and directories that the guest mounts."""

from __future__ import annotations

from enum import StrEnum

from launcher.spec.base import Part


class DiskDevice(StrEnum):
    DISK = "disk"
    LUN = "lun"
    CDROM = "cdrom"


class ContainerDisk(Part, frozen=True, kw_only=True, tag="containerDisk"):
    """A disk file from an image; the guest writes to an overlay that dies with the machine."""

    image: str
    format: str  # raw or qcow2
    virtual_size: int = 0


class CloudInit(Part, frozen=True, kw_only=True, tag="cloudInit"):
    """A seed ISO. ``flavour`` is ``noCloud`` or ``configDrive``."""

    flavour: str
    user_data: str = ""
    network_data: str = ""


class EmptyDisk(Part, frozen=True, kw_only=True, tag="emptyDisk"):
    """A new disk of ``capacity`` bytes that dies with the machine."""

    capacity: int


class HostDisk(Part, frozen=True, kw_only=True, tag="hostDisk"):
    """A file of the host, made when ``create`` and absent."""

    path: str
    capacity: int = 0
    create: bool = False
    shared: bool = False


class Claim(Part, frozen=True, kw_only=True, tag="claim"):
    """A claim: a file ``path`` (``disk.img`` in a directory) or a block device.

    ``capacity`` is in bytes, ``overhead`` the part of it that the file system keeps for itself
    (a decimal below 1, as text); both are empty when nothing is known of the claim. With ``loop``
    the block device is to be made of the file ``path``.
    ``as_host_disk`` says that its image counts as a file of the host, as it does once the node has
    taken it over.
    """

    path: str
    block: bool = False
    loop: bool = False
    capacity: int = 0
    overhead: str = ""
    read_only: bool = False
    as_host_disk: bool = False


class ClaimInfo(Part, frozen=True, kw_only=True):
    """What was reported of the claim behind a disk: its size in bytes, the smaller of what it has
    and what was asked for, and the part of it that the file system keeps for itself.
    """

    size: int | None = None
    overhead: str = ""


class EphemeralClaim(Part, frozen=True, kw_only=True, tag="ephemeral"):
    """A claim read only, with an overlay that dies with the machine; ``loop`` as in ``Claim``."""

    path: str
    block: bool = False
    loop: bool = False


class FilesDisk(Part, frozen=True, kw_only=True, tag="files"):
    """A configMap, secret, downwardAPI, serviceAccount or sysprep volume: an ISO of files.

    ``kind`` is the volume source's name; contents are base64.
    """

    kind: str
    files: dict[str, bytes]
    label: str = "cfgdata"


class NoMedium(Part, frozen=True, kw_only=True, tag="empty"):
    """A cdrom without a medium."""


class DownwardMetrics(Part, frozen=True, kw_only=True, tag="downwardMetrics"):
    """A small disk on which metrics of the host are shown to the guest."""


DiskSource = (
    ContainerDisk
    | CloudInit
    | EmptyDisk
    | HostDisk
    | Claim
    | EphemeralClaim
    | FilesDisk
    | NoMedium
    | DownwardMetrics
)


class BlockSize(Part, frozen=True, kw_only=True):
    """Sizes of blocks in bytes; a discard granularity of None is left to QEMU.

    ``match`` takes all three from what the disk's file or device says.
    """

    logical: int = 0
    physical: int = 0
    discard: int | None = None
    match: bool = False


class Disk(Part, frozen=True, kw_only=True):
    """A disk, LUN or CD-ROM. Where it is empty, a word is left to libvirt."""

    name: str
    index: int  # position of the volume in spec.volumes
    source: DiskSource
    device: DiskDevice = DiskDevice.DISK
    bus: str = "virtio"
    readonly: bool = False
    serial: str = ""
    boot_order: int | None = None
    cache: str = ""
    io: str = ""
    tray: str = "closed"
    shareable: bool = False
    error_policy: str = ""
    pci_address: str = ""
    hotplugged: bool = False
    target: str = ""  # name in the guest's terms (vda); empty: the next free one
    discard: bool = True  # hand the guest's discards on to the file
    dedicated_io_thread: bool = False
    block_size: BlockSize | None = None
    reservation: bool = False
    changed_block_tracking: str = ""  # the overlay's path, inside
    pending: bool = False  # to be plugged in later: it only keeps its name
    claim: ClaimInfo | None = None


class SharedDirectory(Part, frozen=True, kw_only=True):
    """A directory that the guest mounts by the tag ``name`` through virtiofs.

    Its contents are ``files`` or, without, the host's directory ``path``, which is the pod's own
    when it is ``of_pod``.
    """

    name: str
    path: str = ""
    files: dict[str, bytes] | None = None
    of_pod: bool = False
    read_only: bool = False
