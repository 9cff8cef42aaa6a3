"""Rules of volumes: one source each, and what the sources need."""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules import names
from virtctl.local.api.rules.causes import invalid, not_found, required
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire.quantities import quantity_or_none

CLOUD_INIT_LIMIT = 2048
_RESERVED_PATHS = ("/var/run/kubevirt", "/var/run/libvirt")
_SINGLE = (
    ("serviceAccount", "serviceAccount volume"),
    ("downwardMetrics", "downwardMetric volume"),
    ("memoryDump", "memory dump volume"),
)
_NAMED = (("configMap", "name"), ("secret", "secretName"), ("serviceAccount", "serviceAccountName"))


class _Part(NamedTuple):
    """User or network data of cloud-init: its field, that of a Secret with it, and its name."""

    data: str
    reference: str
    noun: str


_CLOUD_INIT = (
    (_Part("userData", "secretRef", "userdatasource"), "UserDataSecretRef"),
    (_Part("networkData", "networkDataSecretRef", "networkdata source"), "NetworkDataSecretRef"),
)


def volume_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with the volumes, whatever disks they have."""
    volumes = list(documents.objects(spec, "volumes"))
    first: dict[str, int] = {}
    for position, volume in enumerate(volumes):
        field = f"{path}.volumes[{position}]"
        name = documents.text(volume, "name")
        if name in first:
            yield invalid(
                f"{field}.name",
                f"{field} and {path}.volumes[{first[name]}] must not have the same Name.",
            )
        first.setdefault(name, position)
        if volume.get("dataVolume") is not None and not documents.text(
            volume, "dataVolume", "name"
        ):
            yield required(f"{field}.name", "DataVolume 'name' must be set")
        sources = [key for key, value in volume.items() if key != "name" and value is not None]
        if len(sources) != 1:
            yield invalid(field, f"{field} must have exactly one source type set")
        yield from _source_causes(volume, field, context)
    for source, shown in _SINGLE:
        if sum(volume.get(source) is not None for volume in volumes) > 1:
            yield invalid(f"{path}.volumes", f"{path}.volumes must have max one {shown} set")


def _source_causes(volume: Document, field: str, context: AdmissionContext) -> Iterator[Cause]:
    for source in ("cloudInitNoCloud", "cloudInitConfigDrive"):
        if volume.get(source) is not None:
            yield from _cloud_init_causes(documents.child(volume, source), f"{field}.{source}")
            break
    if volume.get("downwardMetrics") is not None and not context.has_gate("DownwardMetrics"):
        yield invalid(
            field,
            "downwardMetrics disks are not allowed: DownwardMetrics feature gate is not enabled.",
        )
    if volume.get("hostDisk") is not None:
        yield from _host_disk_causes(documents.child(volume, "hostDisk"), field, context)
    for source, key in _NAMED:
        if volume.get(source) is not None and not documents.text(volume, source, key):
            yield invalid(f"{field}.{source}.{key}", f"{field}.{source}.{key} is a required field")


def _cloud_init_causes(data: Document, field: str) -> Iterator[Cause]:
    source = field.rpartition(".")[2]
    counts = []
    for part, remedy in _CLOUD_INIT:
        encoded, plain = documents.text(data, f"{part.data}Base64"), documents.text(data, part.data)
        secret = documents.text(data, part.reference, "name")
        raw = _decoded(encoded)
        if raw is None:
            where = f"{field}.{part.data}Base64"
            problem = f"{where}.{source}.{part.data}Base64 is not a valid base64 value."
            yield invalid(where, problem)
        count = sum(bool(given) for given in (secret, encoded, plain))
        if count > 1:
            yield invalid(field, f"{field} must have only one {part.noun} set.")
        if len(plain.encode() or raw or b"") > CLOUD_INIT_LIMIT:
            yield invalid(
                field,
                f"{field} {part.data.lower()} exceeds {CLOUD_INIT_LIMIT} byte limit. Should use "
                f"{remedy} for larger data.",
            )
        counts.append(count)
    if not any(counts):
        yield invalid(
            field, f"{field} must have at least one userdatasource or one networkdatasource set."
        )


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _host_disk_causes(disk: Document, field: str, context: AdmissionContext) -> Iterator[Cause]:
    path = f"{field}.hostDisk"
    if not context.has_gate("HostDisk"):
        yield invalid(field, "HostDisk feature gate is not enabled")
    if not disk.get("path"):
        yield not_found(f"{path}.path", f"{path}.path is required for hostDisk volume")
    kind = documents.text(disk, "type")
    if kind not in {"Disk", "DiskOrCreate"}:
        yield invalid(
            f"{path}.type",
            f"{path}.type has invalid value '{kind}', allowed are 'Disk' or 'DiskOrCreate'",
        )
    if kind == "Disk" and quantity_or_none(disk.get("capacity")):
        yield invalid(
            f"{path}.capacity",
            f"{path}.capacity is allowed to pass only with {path}.type equal to 'DiskOrCreate'",
        )


def image_path_causes(spec: Document, path: str) -> Iterator[Cause]:
    """A containerDisk's path is that of a file."""
    for position, volume in enumerate(documents.objects(spec, "volumes")):
        where = f"{path}.volumes[{position}].containerDisk"
        yield from path_causes(documents.text(volume, "containerDisk", "path"), where, where)


def path_causes(path: str, where: str, shown: str) -> Iterator[Cause]:
    """A path inside an image is absolute, without ``..``, and not the root itself."""
    if not path:
        return
    if path == "/":
        yield invalid(where, f"{shown} must not point to root")
    elif posixpath.normpath("/" + path.lstrip("/")) != path.rstrip("/"):
        yield invalid(
            where, f"{shown} must be an absolute path to a file without relative components"
        )


def container_path_causes(spec: Document, path: str) -> Iterator[Cause]:
    """A path inside the launcher's container is shared as a filesystem. Bare instances only."""
    devices = documents.child(spec, "domain", "devices")
    disks = {item.get("name") for item in documents.objects(devices, "disks")}
    shared = {item.get("name") for item in documents.objects(devices, "filesystems")}
    for position, volume in enumerate(documents.objects(spec, "volumes")):
        if volume.get("containerPath") is None:
            continue
        name, field = volume.get("name"), f"{path}.domain.volumes[{position}]"
        if name in disks:
            yield invalid(
                field, f"ContainerPath volume '{name}' must be mapped to a filesystem, not a disk"
            )
        if name not in shared:
            yield invalid(
                field,
                f"ContainerPath volume '{name}' must have a matching filesystem defined in "
                "spec.domain.devices.filesystems",
            )
        inside = documents.text(volume, "containerPath", "path")
        prefix = next((one for one in _RESERVED_PATHS if inside.startswith(one)), "")
        if prefix:
            yield invalid(
                f"{field}.containerPath.path",
                f"ContainerPath volume '{name}' uses reserved path prefix '{prefix}'",
            )


def service_account_causes(spec: Document, path: str) -> Iterator[Cause]:
    """One service account for the instance, by name or by volume."""
    named, field = documents.text(spec, "serviceAccountName"), f"{path}.serviceAccountName"
    if not named:
        return
    wrong = "; ".join(names.subdomain_problems(named))
    if wrong:
        yield invalid(field, f"{field} is not a valid service account name: {wrong}")
    for volume in documents.objects(spec, "volumes"):
        other = documents.text(volume, "serviceAccount", "serviceAccountName")
        if volume.get("serviceAccount") is not None and other != named:
            yield invalid(
                field,
                f'spec.serviceAccountName "{named}" and serviceAccount volume "{other}" must '
                "reference the same service account",
            )
            return
