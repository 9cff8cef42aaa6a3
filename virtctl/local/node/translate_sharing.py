"""Directories of a VirtualMachineInstance that the guest mounts, and the volumes behind them."""

from __future__ import annotations

from pathlib import Path

from launcher.spec import FilesDisk, SharedDirectory
from virtctl.errors import InvalidField
from virtctl.local.node import translate_disks
from virtctl.local.node.materials import TranslateFacts
from virtctl.local.runtime.podmanifest import claim_of
from virtctl.models import documents as doc
from virtctl.models.documents import Document


def shared_directories(vmi: Document, facts: TranslateFacts) -> tuple[SharedDirectory, ...]:
    """Volumes that the guest mounts by virtiofs.

    A volume that is missing, or that is no directory, gives a directory with nothing behind it,
    which the launcher refuses. Raises ``InvalidField`` for a claim that is not bound.
    """
    volumes = {
        doc.text(each, "name"): (index, each)
        for index, each in enumerate(doc.objects(vmi, "spec", "volumes"))
    }
    found = []
    for each in doc.objects(vmi, "spec", "domain", "devices", "filesystems"):
        if doc.find(each, "virtiofs") is None:
            continue
        name = doc.text(each, "name")
        known = name in volumes
        found.append(_shared(name, *volumes[name], facts) if known else SharedDirectory(name=name))
    return tuple(found)


def _shared(name: str, index: int, volume: Document, facts: TranslateFacts) -> SharedDirectory:
    own = doc.find(volume, "containerPath")
    if isinstance(own, dict):
        path, read_only = doc.text(own, "path"), doc.flag(own, "readOnly")
        return SharedDirectory(name=name, path=path, of_pod=True, read_only=read_only)
    claim = claim_of(volume)
    if claim:
        place = facts.claims.get(claim)
        if place is None:
            path = f"spec.volumes[{index}]"
            raise InvalidField(path, claim, "the claim is not bound to a volume")
        if place.block:
            return SharedDirectory(name=name)
        directory = str(Path(place.path).parent)
        return SharedDirectory(name=name, path=directory, read_only=place.read_only)
    source = translate_disks.source(volume, index, facts)
    if not isinstance(source, FilesDisk):
        return SharedDirectory(name=name)
    return SharedDirectory(name=name, files=source.files, read_only=True)
