"""Disks of a snapshot on their way into new claims (api.md §1.5, VirtualMachineRestore). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field

from virtctl.local.runtime import fillings, volumecopies
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    name_of,
    namespace_of,
    objects,
    put,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import DATA_VOLUME, PVC, VOLUME_SNAPSHOT

PATCH = "local.virtctl.io/patch"
"""JSON patch, on a restore, of the machine that it makes: what a clone has otherwise."""
RESTORE_NAME = "restore.kubevirt.io/name"
_RESTORE_UID = "local.virtctl.io/restore-uid"
_POPULATED = "cdi.kubevirt.io/storage.populatedFor"
_PREPOPULATED = "cdi.kubevirt.io/storage.prePopulated"
_TEMPLATE = ("spec", "template", "spec", "volumes")
_KEPT_SPEC = ("accessModes", "resources", "storageClassName", "volumeMode")
_NOT_KEPT = ("cdi.kubevirt.io/", "k8s.io/", "pv.kubernetes.io/", "local.virtctl.io/", "volume.")


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A disk of a snapshot: its volume, the claim that it was on, and the one that it comes to.

    ``template`` names the machine's data volume that it was; it becomes one called as its claim.
    """

    volume: str
    claim: str
    part: str
    original: Document = field(default_factory=dict)
    template: str = ""

    def told(self) -> Document:
        """As ``status.restores`` has it."""
        said: Document = {
            "volumeName": self.volume,
            "persistentVolumeClaim": self.claim,
            "volumeSnapshotName": self.part,
        }
        return said | ({"dataVolumeName": self.claim} if self.template else {})


def disks(restore: Document, content: Document) -> tuple[Disk, ...]:
    """The disks of a snapshot's content, with the names that the restore gives to their claims."""
    overrides = {
        text(one, "volumeName"): one for one in objects(restore, "spec", "volumeRestoreOverrides")
    }
    templates = _templates(child(content, "spec", "source", "virtualMachine"))
    return tuple(
        Disk(
            volume=text(backup, "volumeName"),
            claim=_claim_name(restore, backup, overrides),
            part=text(backup, "volumeSnapshotName"),
            original=_overridden(
                child(backup, "persistentVolumeClaim"),
                overrides.get(text(backup, "volumeName"), {}),
            ),
            template=templates.get(text(backup, "volumeName"), ""),
        )
        for backup in objects(content, "spec", "volumeBackups")
    )


def _templates(machine: Document) -> dict[str, str]:
    """The data volume of each volume that is made from a template of the machine."""
    known = {
        text(one, "metadata", "name") for one in objects(machine, "spec", "dataVolumeTemplates")
    }
    named = {
        text(one, "name"): text(one, "dataVolume", "name") for one in objects(machine, *_TEMPLATE)
    }
    return {volume: name for volume, name in named.items() if name and name in known}


def is_in_place(restore: Document) -> bool:
    """Whether restored claims take the places of those that the disks were on."""
    return text(restore, "spec", "volumeRestorePolicy") == "InPlace"


def _claim_name(restore: Document, backup: Document, overrides: dict[str, Document]) -> str:
    volume = text(backup, "volumeName")
    named = text(overrides.get(volume, {}), "restoreName")
    if named:
        return named
    if is_in_place(restore):
        return text(backup, "persistentVolumeClaim", "metadata", "name")
    if text(restore, "spec", "volumeRestorePolicy") == "PrefixTargetName":
        return f"{text(restore, 'spec', 'target', 'name')}-{volume}"
    return f"restore-{uid_of(restore)}-{volume}"


def _overridden(claim: Document, override: Document) -> Document:
    made = deepcopy(claim)
    for kept in ("labels", "annotations"):
        more = strings(override, kept)
        if more:
            put(made, {**strings(made, "metadata", kept), **more}, "metadata", kept)
    return made


def build_claim(disk: Disk, restore: Document) -> Document:
    """The claim that a disk comes to: like the one it was on, to be filled from the copy."""
    metadata: Document = {"name": disk.claim, "namespace": namespace_of(restore)}
    labels = strings(disk.original, "metadata", "labels")
    if labels:
        metadata["labels"] = dict(labels)
    kept = {
        key: value
        for key, value in strings(disk.original, "metadata", "annotations").items()
        if not key.startswith(_NOT_KEPT)
    }
    metadata["annotations"] = {
        **kept,
        RESTORE_NAME: name_of(restore),
        _RESTORE_UID: uid_of(restore),
    }
    if disk.template:
        put(metadata, disk.claim, "annotations", _POPULATED)
    if volumecopies.is_tree(disk.original):
        put(metadata, "archive", "annotations", fillings.CONTENT)
    spec: Document = {
        key: deepcopy(find(disk.original, "spec", key))
        for key in _KEPT_SPEC
        if find(disk.original, "spec", key) is not None
    }
    spec["dataSource"] = {
        "apiGroup": VOLUME_SNAPSHOT.group,
        "kind": VOLUME_SNAPSHOT.name,
        "name": disk.part,
    }
    return {
        "apiVersion": PVC.api_version,
        "kind": PVC.name,
        "metadata": metadata,
        "spec": spec,
    }


def is_of(claim: Document, restore: Document) -> bool:
    """Whether a claim was made for a restore."""
    return text(claim, "metadata", "annotations", _RESTORE_UID) == uid_of(restore)


def with_claims(machine: Document, restored: Iterable[Disk]) -> Document:
    """A machine whose disks are on the new claims.

    Those that were made from its templates still are, from templates with the claims' names.
    """
    made = deepcopy(machine)
    new = {one.volume: one for one in restored}
    volumes: list[JsonValue] = [
        _moved(volume, new[text(volume, "name")]) if text(volume, "name") in new else volume
        for volume in objects(made, *_TEMPLATE)
    ]
    if volumes:
        put(made, volumes, *_TEMPLATE)
    names = {one.template: one.claim for one in new.values()}
    for template in objects(made, "spec", "dataVolumeTemplates"):
        name = text(template, "metadata", "name")
        if name in names:
            put(template, names[name], "metadata", "name")
    return made


def _moved(volume: Document, disk: Disk) -> Document:
    """A volume of the machine in the snapshot, on what its disk comes to."""
    kind = "dataVolume" if disk.template else "persistentVolumeClaim"
    source: Document = {"name" if disk.template else "claimName": disk.claim}
    old = child(volume, "persistentVolumeClaim") or child(volume, "dataVolume")
    if find(old, "hotpluggable") is True:
        source["hotpluggable"] = True
    return {"name": disk.volume, kind: source}


def build_volume(disk: Disk, machine: Document, restore: Document) -> Document:
    """The data volume that has a disk's filled claim, from its template in the snapshot.

    ``machine`` is the machine in the snapshot. It is not filled again, whatever its source.
    """
    template = next(
        one
        for one in objects(machine, "spec", "dataVolumeTemplates")
        if text(one, "metadata", "name") == disk.template
    )
    metadata: Document = {"name": disk.claim, "namespace": namespace_of(restore)}
    labels = strings(template, "metadata", "labels")
    if labels:
        metadata["labels"] = dict(labels)
    metadata["annotations"] = {
        **strings(template, "metadata", "annotations"),
        RESTORE_NAME: name_of(restore),
        _PREPOPULATED: "true",
    }
    return {
        "apiVersion": DATA_VOLUME.api_version,
        "kind": DATA_VOLUME.name,
        "metadata": metadata,
        "spec": deepcopy(child(template, "spec")),
    }


def left_behind(target: Document, source: Document, restored: Iterable[Disk]) -> tuple[str, ...]:
    """Data volumes that a machine made for itself and does not name any more when it is restored.

    ``source`` is the machine in the snapshot.
    """
    disks = tuple(restored)
    if not disks:
        return ()
    new = {one.volume for one in disks}
    kept = {one.claim for one in disks if one.template} | {
        text(volume, "dataVolume", "name")
        for volume in objects(source, *_TEMPLATE)
        if text(volume, "name") not in new
    }
    names = (
        text(one, "metadata", "name") for one in objects(target, "spec", "dataVolumeTemplates")
    )
    return tuple(name for name in names if name not in kept)
