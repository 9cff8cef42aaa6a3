"""Make a containerDisk: an image of one layer with one disk in ``/disk``.

Equal disks make equal images: no times, no names of users.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import msgspec

from launcher import imaging
from launcher.errors import LauncherError
from virtctl.errors import LocalError
from virtctl.local.images.layers import DISK_DIRECTORY
from virtctl.local.images.manifests import INDEX_TYPES, MANIFEST_TYPES, REF_NAME, digest_of

_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
_QEMU = 107  # the user that containerDisks' files belong to
_MODE = 0o440
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Blob:
    """A part of an image: a file, or the bytes themselves."""

    digest: str
    size: int
    path: Path | None = None
    data: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Packed:
    """An image: its blobs, and its manifest (which is no blob of a registry's)."""

    blobs: tuple[Blob, ...]
    manifest: Blob


def pack(disk: Path, work: Path, architecture: str) -> Packed:
    """An image of ``disk``; its layer is written to ``work``. Raises ``LocalError``.

    A raw disk is packed as qcow2, which is what is pulled faster.
    """
    try:
        info = imaging.inspect(disk)
        if info.format != "qcow2":
            imaging.convert(disk, work / "disk.qcow2")
            disk = work / "disk.qcow2"
    except LauncherError as error:
        raise LocalError(str(error), error.hint) from error
    layer = _write_layer(disk, work / "layer.tar")
    config = _blob(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer.digest]},
        }
    )
    manifest = _blob(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPES[0],
            "config": _descriptor(config, _CONFIG_TYPE),
            "layers": [_descriptor(layer, _LAYER_TYPE)],
        }
    )
    return Packed(blobs=(config, layer), manifest=manifest)


def write_layout(packed: Packed, directory: Path, tag: str) -> None:
    """Write an image as an OCI layout. Raises ``LocalError`` when the directory has something."""
    if directory.exists() and any(directory.iterdir()):
        raise LocalError(f"`{directory}` is not empty", "name another directory")
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for blob in (*packed.blobs, packed.manifest):
        place = blobs / blob.digest.removeprefix("sha256:")
        if blob.path is not None:
            blob.path.rename(place)
        else:
            place.write_bytes(blob.data)
    entry = _descriptor(packed.manifest, MANIFEST_TYPES[0])
    entry["annotations"] = {REF_NAME: tag}
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPES[0], "manifests": [entry]}
    (directory / "index.json").write_bytes(msgspec.json.encode(index))
    (directory / "oci-layout").write_bytes(b'{"imageLayoutVersion":"1.0.0"}')


def _write_layer(disk: Path, target: Path) -> Blob:
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        directory = tarfile.TarInfo(DISK_DIRECTORY)
        directory.type, directory.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(directory)
        member = tarfile.TarInfo(f"{DISK_DIRECTORY}/disk.qcow2")
        member.size, member.mode = disk.stat().st_size, _MODE
        member.uid = member.gid = _QEMU
        with disk.open("rb") as file:
            archive.addfile(member, file)
    digest = hashlib.sha256()
    with target.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    size = target.stat().st_size
    return Blob(digest=f"sha256:{digest.hexdigest()}", size=size, path=target)


def _blob(document: dict[str, object]) -> Blob:
    data = msgspec.json.encode(document)
    return Blob(digest=digest_of(data), size=len(data), data=data)


def _descriptor(blob: Blob, kind: str) -> dict[str, object]:
    return {"mediaType": kind, "digest": blob.digest, "size": blob.size}


def reader(blob: Blob) -> io.BufferedIOBase:
    """The contents of a blob, to be closed."""
    return blob.path.open("rb") if blob.path is not None else io.BytesIO(blob.data)
