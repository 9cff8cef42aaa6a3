"""The DataVolumes of a machine's ``dataVolumeTemplates`` (api.md §3.4). Pure.

The controller makes the objects; whoever imports fills them, and tells by ``status.phase``.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from virtctl.local.controllers.machine.seen import Seen
from virtctl.local.runtime.changes import Announce, Change, Create
from virtctl.local.runtime.conditions import find_condition
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
from virtctl.models.kinds import DATA_VOLUME, VIRTUAL_MACHINE

_LATE = "kubevirt.io/immediate-data-volume-creation"
"""Annotation of a machine: ``false`` when its volumes are to be made at its first start only."""
_FAILED = {"Failed"}
_ERRORS = {"Error", "ImagePullFailed"}
_STILL = {"", "Succeeded", "Failed", "Unknown", "Paused"}


def names(vm: Document) -> list[str]:
    """Names of the data volumes that a machine brings along."""
    return [name_of(template) for template in objects(vm, "spec", "dataVolumeTemplates")]


def create(seen: Seen, *, starts: bool) -> Iterator[Change]:
    """Make those that are not there; ``starts`` tells that the machine is to start now."""
    late = strings(seen.vm, "metadata", "annotations").get(_LATE) == "false"
    if (late and not starts) or text(seen.vm, "status", "restoreInProgress"):
        return  # a restore may be about to put disks of its own in their places
    for template in objects(seen.vm, "spec", "dataVolumeTemplates"):
        if name_of(template) in seen.data_volumes:
            continue
        yield Create(kind=DATA_VOLUME, document=build(seen.vm, template))
        message = f"Created DataVolume {name_of(template)}"
        yield Announce(about=seen.vm, reason="SuccessfulDataVolumeCreate", message=message)


def build(vm: Document, template: Document) -> Document:
    """The data volume of one template."""
    made = deepcopy(template)
    metadata = dict(child(made, "metadata"))
    labels: Document = dict(strings(metadata, "labels"))
    labels["kubevirt.io/created-by"] = uid_of(vm)
    metadata["labels"] = labels
    metadata["namespace"] = namespace_of(vm)
    metadata["ownerReferences"] = [controller_reference(VIRTUAL_MACHINE, vm)]
    return {
        "apiVersion": DATA_VOLUME.api_version,
        "kind": DATA_VOLUME.name,
        "metadata": metadata,
        "spec": child(made, "spec"),
    }


def unfilled(seen: Seen) -> list[str]:
    """Those that a machine cannot start without yet."""
    return [name for name in names(seen.vm) if phase(seen, name) != "Succeeded"]


def in_progress(seen: Seen) -> list[str]:
    """Those that are being filled."""
    return [name for name in names(seen.vm) if phase(seen, name) not in _STILL]


def failed(seen: Seen) -> list[str]:
    """Those that could not be filled."""
    return [name for name in names(seen.vm) if phase(seen, name) in _FAILED]


def troubled(seen: Seen) -> list[str]:
    """Those that could not be filled, or not so far: the importer tries again."""
    return [name for name in names(seen.vm) if _has_error(seen.data_volumes.get(name, {}))]


def _has_error(volume: Document) -> bool:
    if text(volume, "status", "phase") in _FAILED:
        return True
    running = find_condition(volume, "Running") or {}
    return text(running, "status") == "False" and text(running, "reason") in _ERRORS


def phase(seen: Seen, name: str) -> str:
    """``status.phase`` of a data volume; empty while it is not there."""
    return text(seen.data_volumes.get(name, {}), "status", "phase")
