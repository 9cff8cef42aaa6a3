"""Disks of a VirtualMachineInstance, joined by name with the volumes behind them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec import structs

from launcher.layout import INSIDE_EMBED_ROOT
from launcher.spec import (
    BlockSize,
    Claim,
    ClaimInfo,
    CloudInit,
    ContainerDisk,
    Disk,
    DiskDevice,
    DiskSource,
    DownwardMetrics,
    EmptyDisk,
    EphemeralClaim,
    FilesDisk,
    HostDisk,
    NoMedium,
)
from virtctl.errors import InvalidField
from virtctl.local.node.materials import TranslateFacts
from virtctl.local.node.translate_compute import amount
from virtctl.models import documents as doc
from virtctl.models.documents import Document

_READY = frozenset({"MountedToPod", "Ready"})
_IMAGE_FORMATS = frozenset({"raw", "qcow2"})
_MIB = 1024 * 1024
_TRACKING = f"{INSIDE_EMBED_ROOT}/qemu/cbt"
_ROOT_TRACKING = "/var/lib/libvirt/qemu/cbt"
_TRACKED = frozenset({"Initializing", "Enabled"})


def disks(vmi: Document, facts: TranslateFacts) -> tuple[Disk, ...]:
    """One ``Disk`` for each disk whose volume is there.

    Raises ``InvalidField`` for a volume that is missing or of a kind that is not implemented.
    """
    volumes = {
        doc.text(each, "name"): (index, each)
        for index, each in enumerate(doc.objects(vmi, "spec", "volumes"))
    }
    statuses = {doc.text(each, "name"): each for each in doc.objects(vmi, "status", "volumeStatus")}
    tracking = doc.text(vmi, "status", "changedBlockTracking", "state") in _TRACKED
    everything = all(doc.find(each, "hotplugVolume") is not None for each in statuses.values())
    found = []
    for position, each in enumerate(doc.objects(vmi, "spec", "domain", "devices", "disks")):
        path = f"spec.domain.devices.disks[{position}]"
        name = doc.text(each, "name")
        status = statuses.get(name, {})
        index, volume = volumes.get(name, (0, {}))
        if not (everything or _is_there(each, status, volumes)):
            found.append(_disk(each, index, NoMedium(), status, pending=True))
            continue
        if name not in volumes and doc.find(each, "cdrom") is None:
            raise InvalidField(f"{path}.name", name, f"no matching volume with name {name} found")
        source = _source(volume, f"spec.volumes[{index}]", status, facts)
        disk = _disk(each, index, source, status)
        if tracking and isinstance(source, Claim | HostDisk):
            overlay = f"{_overlays(vmi)}/{name}.qcow2"
            disk = structs.replace(disk, changed_block_tracking=overlay)
        found.append(disk)
    return tuple(found)


def _is_there(
    disk: Document, status: Document, volumes: Mapping[str, tuple[int, Document]]
) -> bool:
    """A disk that is plugged in later is left out until its volume has come, and so is one whose
    volume nobody has seen yet. A drive without a medium, and a disk of a volume that is missing,
    are not left out: the latter is a mistake.
    """
    if doc.text(disk, "name") not in volumes:
        return True
    if not status:
        return False
    return doc.find(status, "hotplugVolume") is None or doc.text(status, "phase") in _READY


def _overlays(vmi: Document) -> str:
    """Where the overlays are that keep track of changed blocks."""
    as_root = not doc.integer(vmi, "status", "runtimeUser")
    return _ROOT_TRACKING if as_root else _TRACKING


def _disk(
    disk: Document, index: int, source: DiskSource, status: Document, *, pending: bool = False
) -> Disk:
    device = next((kind for kind in DiskDevice if doc.find(disk, kind.value) is not None), None)
    device = device or DiskDevice.DISK
    target = doc.child(disk, device.value)
    readonly = doc.flag(target, "readonly", default=device is DiskDevice.CDROM)
    claim = doc.child(status, "persistentVolumeClaimInfo")
    metrics = isinstance(source, DownwardMetrics)  # how the host's own file is opened is not asked
    return Disk(
        name=doc.text(disk, "name"),
        index=index,
        source=source,
        device=device,
        bus=doc.text(target, "bus"),
        readonly=readonly or metrics,
        serial=doc.text(disk, "serial"),
        boot_order=_number(disk, "bootOrder"),
        cache="" if metrics else doc.text(disk, "cache"),
        io="" if metrics else doc.text(disk, "io"),
        tray=doc.text(target, "tray"),
        shareable=device is DiskDevice.DISK and doc.flag(disk, "shareable"),
        error_policy=doc.text(disk, "errorPolicy"),
        pci_address=doc.text(target, "pciAddress"),
        hotplugged=doc.find(status, "hotplugVolume") is not None,
        target=doc.text(status, "target"),
        discard=not doc.flag(claim, "preallocated"),
        dedicated_io_thread=doc.flag(disk, "dedicatedIOThread"),
        block_size=_block_size(disk),
        reservation=doc.flag(target, "reservation"),
        pending=pending,
        claim=_claim_info(status),
    )


def _claim_info(status: Document) -> ClaimInfo | None:
    info = doc.child(status, "persistentVolumeClaimInfo")
    if not info:
        return None
    sizes = [amount(info, part, "storage") for part in ("capacity", "requests")]
    known = [size for size in sizes if size is not None]
    return ClaimInfo(
        size=min(known) if len(known) == len(sizes) else None,
        overhead=doc.text(info, "filesystemOverhead"),
    )


def _number(document: Document, name: str) -> int | None:
    found = doc.find(document, name)
    return found if isinstance(found, int) else None


def _block_size(disk: Document) -> BlockSize | None:
    asked = doc.child(disk, "blockSize")
    if doc.find(asked, "custom") is not None:
        custom = doc.child(asked, "custom")
        discard = doc.find(custom, "discardGranularity")
        return BlockSize(
            logical=doc.integer(custom, "logical"),
            physical=doc.integer(custom, "physical"),
            discard=discard if isinstance(discard, int) else None,
        )
    if doc.find(asked, "matchVolume") is not None:
        match = doc.flag(asked, "matchVolume", "enabled", default=True)
        return BlockSize(match=True) if match else None
    return None


# --- volume sources -------------------------------------------------------------------------------


def source(volume: Document, index: int, facts: TranslateFacts) -> DiskSource:
    """What is behind a volume, which is the ``index``-th. Raises ``InvalidField``."""
    return _source(volume, f"spec.volumes[{index}]", {}, facts)


def _source(volume: Document, path: str, status: Document, facts: TranslateFacts) -> DiskSource:
    kind = next((key for key in volume if key != "name"), "")
    if not kind:
        return NoMedium()
    read = _SOURCES.get(kind)
    if read is None:
        raise InvalidField(f"{path}.{kind}", kind, "this kind of volume is not implemented yet")
    return read(_Asked(kind, volume, f"{path}.{kind}", status), facts)


@dataclass(frozen=True)
class _Asked:
    """One volume of the manifest: its source's kind and fields, and where they stand."""

    kind: str
    volume: Document
    at: str
    status: Document

    @property
    def name(self) -> str:
        return doc.text(self.volume, "name")

    @property
    def fields(self) -> Document:
        return doc.child(self.volume, self.kind)


def _container_disk(asked: _Asked, facts: TranslateFacts) -> ContainerDisk:
    name, at = asked.name, asked.at
    reference = doc.text(asked.fields, "image")
    image = facts.images.get(name)
    if image is None:
        raise InvalidField(f"{at}.image", reference, "the image has not been resolved")
    if image.format not in _IMAGE_FORMATS:
        raise InvalidField(
            f"{at}.image",
            reference,
            f"invalid image in containerDisk {name}: unsupported image format: {image.format}",
        )
    if image.backing_file:
        raise InvalidField(
            f"{at}.image",
            reference,
            f"invalid image in containerDisk {name}: "
            f"expected no backing file, but found {image.backing_file}",
        )
    return ContainerDisk(image=image.path, format=image.format, virtual_size=image.virtual_size)


def _empty_disk(asked: _Asked, _: TranslateFacts) -> EmptyDisk:
    return EmptyDisk(capacity=(amount(asked.fields, "capacity") or 0) // _MIB * _MIB)


def _host_disk(volume: _Asked, _: TranslateFacts) -> HostDisk:
    asked = volume.fields
    return HostDisk(
        path=doc.text(asked, "path"),
        capacity=amount(asked, "capacity") or 0,
        create=doc.text(asked, "type") == "DiskOrCreate",
        shared=doc.flag(asked, "shared"),
    )


def _claim(volume: _Asked, facts: TranslateFacts) -> DiskSource:
    kind, asked, at, status = volume.kind, volume.fields, volume.at, volume.status
    key = "name" if kind == "dataVolume" else "claimName"
    inner = doc.child(asked, "persistentVolumeClaim") if kind == "ephemeral" else asked
    claim = doc.text(inner, key)
    place = facts.claims.get(claim)
    if place is None:
        raise InvalidField(f"{at}.{key}", claim, "the claim is not bound to a volume")
    if kind == "ephemeral":
        return EphemeralClaim(path=place.path, block=place.block, loop=place.loop)
    info = doc.child(status, "persistentVolumeClaimInfo")
    plugged = doc.find(status, "hotplugVolume") is not None
    return Claim(
        path=place.path,
        block=place.block,
        loop=place.loop,
        capacity=amount(info, "capacity", "storage") or place.capacity,
        overhead=doc.text(info, "filesystemOverhead"),
        read_only=place.read_only or doc.flag(inner, "readOnly"),
        as_host_disk=facts.host_disks_replaced and not (place.block or plugged) and bool(info),
    )


_FILES_KEYS = {"configMap": "name", "secret": "secretName", "serviceAccount": "serviceAccountName"}


def _files(volume: _Asked, facts: TranslateFacts) -> FilesDisk:
    kind, name, asked, at = volume.kind, volume.name, volume.fields, volume.at
    label = doc.text(asked, "volumeLabel") or "cfgdata"
    if kind in {"downwardAPI", "serviceAccount"}:
        return FilesDisk(kind=kind, files=dict(facts.files.get(name, {})), label=label)
    if kind == "sysprep":
        label = "unattendCD"
        inner = "configMap" if doc.find(asked, "configMap") is not None else "secret"
        return FilesDisk(
            kind=kind,
            files=_object_files(inner, "name", doc.child(asked, inner), at, facts),
            label=label,
        )
    return FilesDisk(
        kind=kind, files=_object_files(kind, _FILES_KEYS[kind], asked, at, facts), label=label
    )


def _object_files(
    kind: str, key: str, asked: Document, at: str, facts: TranslateFacts
) -> dict[str, bytes]:
    known = facts.config_maps if kind == "configMap" else facts.secrets
    name = doc.text(asked, key)
    if name not in known:
        if doc.flag(asked, "optional"):
            return {}
        raise InvalidField(f"{at}.{key}", name, f"there is no {kind} of this name")
    return dict(known[name])


# --- cloud-init -----------------------------------------------------------------------------------

_FLAVOURS = {"cloudInitNoCloud": "noCloud", "cloudInitConfigDrive": "configDrive"}
_SECRET_KEYS = {"userData": ("userdata", "userData"), "networkData": ("networkdata", "networkData")}


def _cloud_init(volume: _Asked, facts: TranslateFacts) -> CloudInit:
    kind, asked, at = volume.kind, volume.fields, volume.at
    user = _seed_text(asked, "userData", "secretRef", at, facts)
    network = _seed_text(asked, "networkData", "networkDataSecretRef", at, facts)
    if not user and not network:
        raise InvalidField(at, "", _nothing_to_seed(asked))
    return CloudInit(flavour=_FLAVOURS[kind], user_data=user, network_data=network)


def _nothing_to_seed(asked: Document) -> str:
    """Why there is neither kind of data: none was asked for, or secrets lack the keys for it."""
    secrets = {"secretRef": "userData", "networkDataSecretRef": "networkData"}
    missing = [
        f"the secret has no key `{_SECRET_KEYS[name][0]}`"
        for reference, name in secrets.items()
        if doc.find(asked, reference) is not None
    ]
    return ", ".join(missing) or "one of userData and networkData must be given"


def _seed_text(asked: Document, name: str, reference: str, at: str, facts: TranslateFacts) -> str:
    """User or network data: as text, in base64, or in a secret; empty when that lacks the key."""
    plain = doc.text(asked, name)
    if plain:
        return plain
    encoded = doc.text(asked, f"{name}Base64")
    if encoded:
        try:
            return base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InvalidField(f"{at}.{name}Base64", encoded, "is not base64 of text") from error
    secret = doc.text(asked, reference, "name")
    if not secret:
        return ""
    if secret not in facts.secrets:
        raise InvalidField(f"{at}.{reference}.name", secret, "there is no secret of this name")
    for key in _SECRET_KEYS[name]:
        if key in facts.secrets[secret]:
            return facts.secrets[secret][key].decode()
    return ""


def _downward_metrics(_: _Asked, __: TranslateFacts) -> DownwardMetrics:
    return DownwardMetrics()


_SOURCES: Mapping[str, Callable[[_Asked, TranslateFacts], DiskSource]] = {
    "containerDisk": _container_disk,
    "cloudInitNoCloud": _cloud_init,
    "cloudInitConfigDrive": _cloud_init,
    "emptyDisk": _empty_disk,
    "hostDisk": _host_disk,
    "persistentVolumeClaim": _claim,
    "dataVolume": _claim,
    "ephemeral": _claim,
    "configMap": _files,
    "secret": _files,
    "sysprep": _files,
    "downwardAPI": _files,
    "serviceAccount": _files,
    "downwardMetrics": _downward_metrics,
}
