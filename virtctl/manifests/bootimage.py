"""``create vm --image``: what a machine boots from, however it is named."""

from __future__ import annotations

import re
from enum import StrEnum

from virtctl.errors import UsageError
from virtctl.manifests.params import parse_error, quantity
from virtctl.manifests.volumes import Made
from virtctl.models.documents import Document

DISK = "rootdisk"
_FILES = (".qcow2", ".img", ".raw", ".iso", ".vmdk", ".vhdx", ".vdi", ".xz", ".gz", ".zst")
_REGISTRY = ("oci://", "docker://")


class Origin(StrEnum):
    """Where an image comes from."""

    FILE = "file"
    WEB = "web"
    REGISTRY = "registry"


def origin(image: str) -> Origin:
    """What ``image`` names: a path, a URL, or an image of a registry or of the local store.

    Raises ``UsageError`` for other URLs.
    """
    low = image.lower()
    if low.startswith(("http://", "https://")):
        return Origin.WEB
    if low.startswith(_REGISTRY):
        return Origin.REGISTRY
    if re.match(r"[a-z0-9+]+://", low):
        raise UsageError(
            f"invalid argument `{image}` for flag `--image`: must be a file, or a URL of http, "
            "https or oci"
        )
    if image.startswith(("./", "../", "/", "~")) or low.endswith(_FILES):
        return Origin.FILE
    return Origin.REGISTRY


def boot_disk(image: str, size: str, vm: str) -> Made:
    """The boot volume.

    An image of a registry is used as it is, and forgets what is written at every start; with a
    ``size`` it is copied to a disk of that size, as URLs always are. A file must have been uploaded
    into the DataVolume ``data_volume_name(vm)``. Raises ``UsageError``.
    """
    kind = origin(image)
    if kind is Origin.FILE:
        return Made({"name": DISK, "dataVolume": {"name": data_volume_name(vm)}}, None, 1)
    if kind is Origin.WEB:
        if not size:
            raise parse_error("image", "the disk's size must be given: --size")
        return _copied({"http": {"url": image}}, size, vm)
    bare = image.partition("://")[2] if image.lower().startswith(_REGISTRY) else image
    if size:
        return _copied({"registry": {"url": f"docker://{bare}"}}, size, vm)
    return Made({"name": DISK, "containerDisk": {"image": bare}}, None, 1)


def data_volume_name(vm: str) -> str:
    """Name of the DataVolume that a machine boots from."""
    return f"{vm}-{DISK}"


def _copied(source: Document, size: str, vm: str) -> Made:
    name = data_volume_name(vm)
    storage: Document = {"resources": {"requests": {"storage": quantity("size", size)}}}
    template: Document = {
        "metadata": {"name": name},
        "spec": {"source": source, "storage": storage},
    }
    return Made({"name": DISK, "dataVolume": {"name": name}}, template, 1)
