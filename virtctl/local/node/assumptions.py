"""Stand-ins for what a manifest names but nobody has resolved, so that it can be printed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from copy import deepcopy

from virtctl.local.api import admission
from virtctl.local.api.context import AdmissionContext
from virtctl.local.node.materials import BootImage, ClaimPlace, DiskImage, TranslateFacts
from virtctl.models import documents as doc
from virtctl.models import kinds
from virtctl.models.documents import Document

# One name space for uids of objects that were never created; the names make them differ.
_UIDS = uuid.UUID("5f0c8d0e-6f0b-5d3a-9d6c-3f7b2a1c9e44")


class _Supposed(dict[str, bytes]):
    """An object nobody has read: every key is there and says so."""

    def __init__(self, what: str) -> None:
        super().__init__({"key": f"<{what}>".encode()})
        self._what = what

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> bytes:
        return f"<{key} of {self._what}>".encode()


class _AnyObject(Mapping[str, Mapping[str, bytes]]):
    """Objects of a kind, all supposed to be there."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __getitem__(self, name: str) -> Mapping[str, bytes]:
        return _Supposed(f"{self._kind} {name}")

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def supposed(vmi: Document) -> TranslateFacts:
    """Facts in which every image, claim, secret and config map of a manifest is there."""
    images, claims = {}, {}
    for volume in doc.objects(vmi, "spec", "volumes"):
        name = doc.text(volume, "name")
        image = doc.text(volume, "containerDisk", "image")
        if image:
            images[name] = DiskImage(path=f"<image {image}>", format="qcow2")
        claim = _claim_of(volume)
        if claim:
            claims[claim] = ClaimPlace(path=f"<claim {claim}>/disk.img")
    return TranslateFacts(
        images=images,
        claims=claims,
        boot_image=BootImage(),
        secrets=_AnyObject("secret"),
        config_maps=_AnyObject("config map"),
    )


def _claim_of(volume: Document) -> str:
    return (
        doc.text(volume, "persistentVolumeClaim", "claimName")
        or doc.text(volume, "dataVolume", "name")
        or doc.text(volume, "ephemeral", "persistentVolumeClaim", "claimName")
    )


def instance_of(manifest: Document) -> Document:
    """The VirtualMachineInstance of a VirtualMachine, or of itself; always with a uid."""
    if doc.text(manifest, "kind") == "VirtualMachine":
        template = doc.child(manifest, "spec", "template")
        metadata: Document = {
            "name": doc.name_of(manifest),
            "namespace": doc.namespace_of(manifest) or "default",
            "labels": {**doc.strings(template, "metadata", "labels")},
            "annotations": {**doc.strings(template, "metadata", "annotations")},
        }
        vmi: Document = {
            "apiVersion": doc.text(manifest, "apiVersion"),
            "kind": "VirtualMachineInstance",
            "metadata": metadata,
            "spec": deepcopy(doc.child(template, "spec")),
        }
    else:
        vmi = deepcopy(manifest)
    name = f"{doc.namespace_of(vmi)}/{doc.name_of(vmi)}"
    if not doc.uid_of(vmi):
        doc.put(vmi, str(uuid.uuid5(_UIDS, name)), "metadata", "uid")
    if not doc.text(vmi, "spec", "domain", "firmware", "uuid"):
        doc.put(
            vmi, str(uuid.uuid5(_UIDS, f"{name}/firmware")), "spec", "domain", "firmware", "uuid"
        )
    return vmi


def admitted(vmi: Document) -> Document:
    """The instance as a fresh cluster would admit it. Raises ``ApiError`` when it would not."""
    return admission.admit(kinds.VIRTUAL_MACHINE_INSTANCE, deepcopy(vmi), AdmissionContext())
