"""Image manifests and indexes of the OCI image specification, and docker's of the same shape."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Sequence

import msgspec

from virtctl.errors import LocalError

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPT = ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))

REF_NAME = "org.opencontainers.image.ref.name"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class Platform(msgspec.Struct, frozen=True):
    """What a manifest of an index is for."""

    architecture: str = ""
    os: str = ""
    variant: str = ""


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """Where a blob is: its digest, its size in bytes, its type."""

    digest: str
    size: int = 0
    media_type: str = ""
    platform: Platform | None = None
    annotations: dict[str, str] = {}


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """An image: its layers, the lowest first."""

    layers: tuple[Descriptor, ...]
    media_type: str = ""


class Index(msgspec.Struct, frozen=True, rename="camel"):
    """Several images of one name."""

    manifests: tuple[Descriptor, ...]
    media_type: str = ""


class _Shape(msgspec.Struct):
    manifests: object = None


def parse(data: bytes, where: str) -> Manifest | Index:
    """Read either; raises ``LocalError`` naming ``where`` it came from."""
    try:
        shape = msgspec.json.decode(data, type=_Shape)
        if shape.manifests is not None:
            return msgspec.json.decode(data, type=Index)
        return msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise LocalError(f"{where} has a manifest that cannot be read: {error}") from error


def host_architecture() -> str:
    """This machine's architecture by its name in manifests."""
    machine = platform.machine()
    return _ARCHITECTURES.get(machine, machine)


def choose(manifests: Sequence[Descriptor], architecture: str, where: str) -> Descriptor:
    """The image of an index for this machine.

    Disks are no programs: an image that does not say what it is for will do, and so will the only
    one. Raises ``LocalError`` naming what there is.
    """
    candidates = [each for each in manifests if not _is_attestation(each)]
    for each in candidates:
        if each.platform and _fits(each.platform, architecture):
            return each
    anonymous = [each for each in candidates if not each.platform or not each.platform.architecture]
    if len(anonymous) == 1:
        return anonymous[0]
    raise LocalError(
        f"{where} has no image for linux/{architecture}; there are {_names(candidates) or 'none'}"
    )


def verify(data: bytes, digest: str, where: str) -> bytes:
    """``data`` itself; raises ``LocalError`` when it is not what the digest promises."""
    found = digest_of(data)
    if found != digest:
        raise LocalError(f"{where} gave {found} where {digest} was asked for")
    return data


def digest_of(data: bytes) -> str:
    """The digest of some bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _fits(found: Platform, architecture: str) -> bool:
    return found.architecture == architecture and found.os in {"", "linux"}


def _is_attestation(each: Descriptor) -> bool:
    """Build tools add signatures and the like as images for a platform called unknown."""
    return each.platform is not None and each.platform.architecture == "unknown"


def _names(manifests: Iterable[Descriptor]) -> str:
    return ", ".join(
        f"{each.platform.os}/{each.platform.architecture}" for each in manifests if each.platform
    )
