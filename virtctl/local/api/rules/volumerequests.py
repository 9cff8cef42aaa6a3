"""Rules of the requests in a machine's status for volumes to come and go while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid, not_supported
from virtctl.local.api.rules.instance import spec_causes
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import VIRTUAL_MACHINE_INSTANCE

_FIELD = "Status.volumeRequests"
_SPEC = "spec.template.spec"
_DISKS = ("domain", "devices", "disks")
_SOURCES = ("persistentVolumeClaim", "dataVolume")
_ADD, _REMOVE = "addVolumeOptions", "removeVolumeOptions"
_NEEDED = "VolumeRequests require {}either addVolumeOptions or removeVolumeOptions to be set{}"


def request_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with what a machine's status asks for; the first thing that is.

    What was asked for is put into the template and the running instance, which must be sound then.
    """
    requests = list(documents.objects(document, "status", "volumeRequests"))
    if not requests:
        return
    spec = deepcopy(documents.child(document, "spec", "template", "spec"))
    instance = _running(document, context)
    running = deepcopy(documents.child(instance or {}, "spec"))
    for wrong in _one_by_one(requests, spec, running):
        yield wrong
        return
    for each in (spec,) if instance is None else (spec, running):
        found = list(spec_causes(each, _SPEC, context))
        yield from found
        if found:
            return
    if instance is not None and _is_migrating(instance):
        problem = "Cannot handle volume requests while VMI migration is in progress"
        yield not_supported("spec", problem)


def _one_by_one(requests: list[Document], spec: Document, running: Document) -> Iterator[Cause]:
    """What is wrong with the requests themselves; those that are not are carried out."""
    kept = deepcopy(spec), deepcopy(running)
    seen: set[tuple[str, str]] = set()
    for request in requests:
        asked = [key for key in (_ADD, _REMOVE) if request.get(key) is not None]
        if len(asked) != 1:
            shown = ("", ", not both") if asked else ("one of ", "")
            yield invalid(_FIELD, _NEEDED.format(*shown))
            continue
        options = documents.child(request, asked[0])
        called = "AddVolume" if asked[0] == _ADD else "RemoveVolume"
        key = called, documents.text(options, "name")
        if key in seen:
            yield invalid(_FIELD, f"{called} request for [{key[1]}] already exists")
        seen.add(key)
        if called == "AddVolume":
            yield from plugged_disk_causes(options, "AddVolume request", _FIELD)
            yield from _clash_causes(options, *kept)
        for each in (spec, running):
            _carry_out(each, options, adds=called == "AddVolume")


def plugged_disk_causes(options: Document, what: str, field: str) -> Iterator[Cause]:
    """Why the disk that ``options`` describe cannot come to a running guest; one cause at most."""
    name, disk = documents.text(options, "name"), documents.child(options, "disk")
    target = next((one for one in ("disk", "lun") if disk.get(one) is not None), "")
    bus = documents.text(disk, target, "bus") if target else ""
    order = disk.get("bootOrder")
    if target == "disk" and bus not in {"scsi", "virtio"}:
        wanted = "requires bus to be 'scsi' or 'virtio'"
        yield invalid(field, f"{what} for disk [{name}] {wanted}. [{bus}] is not permitted.")
    elif target == "lun" and bus != "scsi":
        wanted = "requires bus to be 'scsi'"
        yield invalid(field, f"{what} for LUN [{name}] {wanted}. [{bus}] is not permitted.")
    elif not target:
        wanted = "requires diskDevice of type 'disk' or 'lun' to be used."
        yield invalid(field, f"{what} for [{name}] {wanted}")
    elif documents.flag(disk, "dedicatedIOThread") and bus != "virtio":
        yield invalid(field, f"{what} for [{name}] requires virtio bus for IOThreads.")
    elif isinstance(order, int) and order < 1:
        place = "spec.domain.devices.disks[1]"
        problem = f"{place} must have a boot order > 0, if supplied"
        yield invalid(f"{place}.bootOrder", problem)


def _clash_causes(options: Document, spec: Document, running: Document) -> Iterator[Cause]:
    """A volume of the name may be there if it is the same."""
    wanted = _volume(options)
    for holder, where in ((spec, "the vmi template."), (running, "currently running vmi")):
        for volume in documents.objects(holder, "volumes"):
            if volume.get("name") == wanted["name"] and volume != wanted:
                yield invalid(
                    _FIELD,
                    f"AddVolume request for [{wanted['name']}] conflicts with an existing volume "
                    f"of the same name on {where}",
                )


def _volume(options: Document) -> Document:
    volume: Document = {"name": documents.text(options, "name")}
    for source in _SOURCES:
        found = documents.find(options, "volumeSource", source)
        if found is not None:
            volume[source] = deepcopy(found)
            return volume
    return volume


def _carry_out(spec: Document, options: Document, *, adds: bool) -> None:
    name = documents.text(options, "name")
    volumes = list(documents.objects(spec, "volumes"))
    disks = list(documents.objects(spec, *_DISKS))
    is_there = any(volume.get("name") == name for volume in volumes)
    if adds and not is_there:
        disks.append({**documents.child(options, "disk"), "name": name})
        volume = _volume(options)
        for source in _SOURCES:
            if source in volume:
                documents.put(volume, True, source, "hotpluggable")  # noqa: FBT003 - a value
        volumes.append(volume)
    elif not adds:
        volumes = [volume for volume in volumes if volume.get("name") != name]
        disks = [disk for disk in disks if disk.get("name") != name]
    documents.put(spec, [*volumes], "volumes")
    documents.put(spec, [*disks], *_DISKS)


def _running(document: Document, context: AdmissionContext) -> Document | None:
    """The instance of a machine that is ready; not one that is on its way out."""
    if not documents.flag(document, "status", "ready"):
        return None
    place = documents.namespace_of(document), documents.name_of(document)
    found = context.get(VIRTUAL_MACHINE_INSTANCE, *place)
    if found is None or documents.text(found, "metadata", "deletionTimestamp"):
        return None
    return found


def _is_migrating(instance: Document) -> bool:
    state = documents.child(instance, "status", "migrationState")
    return bool(state.get("startTimestamp")) and not state.get("endTimestamp")
