"""The claim of a DataVolume: its spec completed by the storage profile, its wishes as annotations.

Pure. ``spec.pvc`` is taken as it is; ``spec.storage`` wishes for a disk, and the claim is as much
larger as the file system takes for itself (CDI, doc/datavolumes.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from virtctl.local.runtime import fillings
from virtctl.local.runtime.owners import controller_reference
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    items,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
)
from virtctl.models.kinds import DATA_VOLUME, PVC
from virtctl.wire.quantities import Notation, Quantity, QuantityError, parse_quantity

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_VIRT_CLASS = "storageclass.kubevirt.io/is-default-virt-class"
_LABELS: Mapping[str, str] = {
    "app": "containerized-data-importer",
    "app.kubernetes.io/component": "storage",
    "app.kubernetes.io/managed-by": "cdi-controller",
}
_LEAST = 1 << 20


class NotValid(Exception):
    """The claim that a DataVolume asks for cannot be made; it may once something else changes."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a claim's spec is completed from.

    ``source_size`` is the size in bytes of the disk that is copied, 0 when unknown or not copied.
    """

    classes: tuple[Document, ...] = ()
    profiles: Mapping[str, Document] = field(default_factory=dict)
    config: Document | None = None
    source_size: int = 0


def build(volume: Document, source: Document, around: Surroundings) -> Document:
    """The claim of ``volume``, to be filled from ``source``. Raises ``NotValid``."""
    spec, size = _spec(volume, around)
    made: Document = {
        "apiVersion": PVC.api_version,
        "kind": PVC.name,
        "metadata": {
            "name": name_of(volume),
            "namespace": namespace_of(volume),
            "labels": {**strings(volume, "metadata", "labels"), **_LABELS},
            "annotations": {**_annotations(volume, source, size, around)},
            "ownerReferences": [controller_reference(DATA_VOLUME, volume)],
        },
        "spec": spec,
    }
    return made


def _annotations(
    volume: Document, source: Document, size: int, around: Surroundings
) -> dict[str, str]:
    marks = dict(strings(volume, "metadata", "annotations"))
    marks.pop("kubectl.kubernetes.io/last-applied-configuration", None)
    marks |= fillings.wish(source, namespace_of(volume))
    marks[fillings.CONTENT] = text(volume, "spec", "contentType") or "kubevirt"
    marks[fillings.RESTARTS] = "0"
    marks["cdi.kubevirt.io/storage.usePopulator"] = "false"
    asked = find(volume, "spec", "preallocation")
    if asked is None:
        asked = find(around.config or {}, "status", "preallocation")
    if asked is True:
        marks[fillings.PREALLOCATE] = "true"
    if size:
        marks[fillings.DISK_SIZE] = str(size)
    return marks


def _spec(volume: Document, around: Surroundings) -> tuple[Document, int]:
    """The claim's spec, and the size of its disk where that is not all of it."""
    if find(volume, "spec", "pvc") is not None:
        spec = dict(child(volume, "spec", "pvc"))
        if not items(spec, "accessModes"):
            raise NotValid("PVC spec has no accessModes; use `spec.storage` to have them chosen")
        _size_of(spec)
        return spec, 0
    spec = dict(child(volume, "spec", "storage"))
    chosen = storage_class(spec, around.classes)
    name = name_of(chosen)
    spec["storageClassName"] = name
    _complete_modes(spec, around.profiles.get(name, {}), name)
    wanted = _size_of(spec, around.source_size)
    if spec.get("volumeMode") == "Block":
        _set_size(spec, wanted)
        return spec, 0
    share = fillings.overhead(around.config, name)
    _set_size(spec, fillings.inflated(wanted, share))
    return spec, wanted


def storage_class(spec: Document, classes: Iterable[Document]) -> Document:
    """The class that a claim names, else the default one. Raises ``NotValid``."""
    wanted = text(spec, "storageClassName")
    known = list(classes)
    for found in known:
        if name_of(found) == wanted:
            return found
    if wanted:
        raise NotValid(f'StorageClass.storage.k8s.io "{wanted}" not found')
    for annotation in (_VIRT_CLASS, _DEFAULT_CLASS):
        for found in known:
            if strings(found, "metadata", "annotations").get(annotation) == "true":
                return found
    raise NotValid("PVC spec is missing accessMode and no storageClass to choose profile")


def _complete_modes(spec: Document, profile: Document, name: str) -> None:
    """Access and volume modes that were not given, from the first set of the profile that fits."""
    modes, volume_mode = items(spec, "accessModes"), text(spec, "volumeMode")
    if modes and volume_mode:
        return
    for offered in objects(profile, "status", "claimPropertySets"):
        offered_modes = items(offered, "accessModes")
        offered_mode = text(offered, "volumeMode") or "Filesystem"
        if volume_mode and offered_mode != volume_mode:
            continue
        if modes and not set(map(str, modes)) <= set(map(str, offered_modes)):
            continue
        if not modes:
            spec["accessModes"] = list(offered_modes)
        spec["volumeMode"] = offered_mode
        return
    if not modes:
        raise NotValid(
            f"PVC spec is missing accessMode and cannot get access mode from StorageProfile {name}"
        )
    spec["volumeMode"] = volume_mode or "Filesystem"


def _size_of(spec: Document, fallback: int = 0) -> int:
    """The size that is asked for, in bytes; ``fallback`` when none is. Raises ``NotValid``."""
    asked = find(spec, "resources", "requests", "storage")
    if asked is None:
        if fallback:
            return fallback
        raise NotValid("PVC Spec is not valid - missing storage size")
    if not isinstance(asked, str | int | float) or isinstance(asked, bool):
        raise NotValid("PVC Spec is not valid - storage size must be a quantity")
    try:
        size = parse_quantity(asked).value
    except QuantityError as error:
        raise NotValid(f"PVC Spec is not valid - storage size: {error}") from error
    if size < _LEAST:
        raise NotValid("PVC Spec is not valid - storage size should be at least 1MiB")
    return max(size, fallback)


def _set_size(spec: Document, size: int) -> None:
    asked = find(spec, "resources", "requests", "storage")
    if isinstance(asked, str) and parse_quantity(asked).value == size:
        return
    requests: dict[str, JsonValue] = {"storage": str(Quantity.of(size, Notation.BINARY))}
    spec["resources"] = {"requests": requests}
