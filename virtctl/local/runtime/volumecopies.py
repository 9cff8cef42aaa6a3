"""VolumeSnapshots: what of machines they are, and the words on which controllers and node agree.

Pure. The node copies what a VolumeSnapshot names, and says on it how the guest was kept quiet.
"""

from __future__ import annotations

from copy import deepcopy

from virtctl.local.runtime import backendstorage, fillings
from virtctl.local.runtime.owners import controller_reference
from virtctl.models.documents import (
    Document,
    child,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import SNAPSHOT_CONTENT, VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CLASS

CLASS = "local"
"""The one VolumeSnapshotClass."""
PART_OF = "local.virtctl.io/vm-snapshot"
"""Name of the VirtualMachineSnapshot that a VolumeSnapshot belongs to."""
QUIESCED = "local.virtctl.io/quiesced"
"""On a VolumeSnapshot of a disk that a guest had: KubeVirt's indication of how that was kept quiet;
absent when nobody had it."""


def claims(machine: Document) -> dict[str, str]:
    """The claims of a machine's disks, by the names of the volumes."""
    found = {}
    for volume in objects(machine, "spec", "template", "spec", "volumes"):
        claim = text(volume, "persistentVolumeClaim", "claimName") or text(
            volume, "dataVolume", "name"
        )
        if claim:
            found[text(volume, "name")] = claim
    return found


def state_volume(machine: Document) -> str:
    """What KubeVirt calls the volume of a machine's firmware and TPM; empty when it has none."""
    spec = child(machine, "spec", "template", "spec")
    needed = backendstorage.is_needed({"spec": spec})
    return f"{backendstorage.LABEL}-{name_of(machine)}" if needed else ""


def is_tree(claim: Document) -> bool:
    """Whether a claim holds files, and no disk."""
    is_state = backendstorage.LABEL in strings(claim, "metadata", "labels")
    content = strings(claim, "metadata", "annotations").get(fillings.CONTENT)
    return is_state or content == "archive"


def part_name(snapshot: Document, volume: str) -> str:
    """Name of the VolumeSnapshot of one volume."""
    return f"vmsnapshot-{uid_of(snapshot)}-volume-{volume}"


def build_backup(volume: str, claim: Document, snapshot: Document) -> Document:
    """What a content tells of one volume: its claim as it was, and the VolumeSnapshot."""
    metadata: Document = {"name": name_of(claim), "namespace": namespace_of(claim)}
    for field in ("labels", "annotations"):
        found = strings(claim, "metadata", field)
        if found:
            metadata[field] = dict(found)
    return {
        "volumeName": volume,
        "persistentVolumeClaim": {
            "metadata": metadata,
            "spec": deepcopy(child(claim, "spec")),
        },
        "volumeSnapshotName": part_name(snapshot, volume),
    }


def build_part(backup: Document, content: Document, snapshot: Document) -> Document:
    """The VolumeSnapshot of a volume, which goes with its content."""
    return {
        "apiVersion": VOLUME_SNAPSHOT.api_version,
        "kind": VOLUME_SNAPSHOT.name,
        "metadata": {
            "name": text(backup, "volumeSnapshotName"),
            "namespace": namespace_of(content),
            "labels": {
                "snapshot.kubevirt.io/source-vm-name": text(snapshot, "spec", "source", "name"),
                "snapshot.kubevirt.io/source-vm-namespace": namespace_of(snapshot),
            },
            "annotations": {PART_OF: name_of(snapshot)},
            "ownerReferences": [controller_reference(SNAPSHOT_CONTENT, content)],
        },
        "spec": {
            "source": {
                "persistentVolumeClaimName": text(
                    backup, "persistentVolumeClaim", "metadata", "name"
                )
            },
            "volumeSnapshotClassName": CLASS,
        },
    }


def snapshot_class(driver: str) -> Document:
    """The class ``local``, the default."""
    return {
        "apiVersion": VOLUME_SNAPSHOT_CLASS.api_version,
        "kind": VOLUME_SNAPSHOT_CLASS.name,
        "metadata": {
            "name": CLASS,
            "annotations": {"snapshot.storage.kubernetes.io/is-default-class": "true"},
        },
        "driver": driver,
        "deletionPolicy": "Delete",
    }
