"""The VirtualMachineInstance and ControllerRevision that a start makes (api.md §3.4). Pure."""

from __future__ import annotations

import uuid
from copy import deepcopy

from virtctl.local.api.instancetypes.matching import PARTS
from virtctl.local.controllers.machine.seen import generation, template_spec, wants_paused_start
from virtctl.local.runtime.owners import VM_FINALIZER, VMI_FINALIZER, controller_reference
from virtctl.models.documents import (
    Document,
    child,
    flag,
    name_of,
    namespace_of,
    put,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import CONTROLLER_REVISION, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

GENERATION_ANNOTATION = "kubevirt.io/vm-generation"

# KubeVirt's own name space for UUIDs made from machine names, so that a machine keeps the
# identity that it has in another cluster (domain.md §2).
_FIRMWARE_NAMESPACE = uuid.UUID("6a1a24a1-4061-4607-8bf4-a3963d0c5895")


def build(vm: Document, tracking: str = "") -> Document:
    """The VMI of a machine that starts now; ``tracking`` is its state of changed blocks."""
    spec = deepcopy(template_spec(vm))
    if not text(spec, "domain", "firmware", "uuid"):
        put(spec, str(uuid.uuid5(_FIRMWARE_NAMESPACE, name_of(vm))), "domain", "firmware", "uuid")
    _attach_input(child(spec, "domain", "devices"))
    if wants_paused_start(vm):
        spec["startStrategy"] = "Paused"
    annotations = dict(strings(vm, "spec", "template", "metadata", "annotations"))
    annotations[GENERATION_ANNOTATION] = str(generation(vm))
    status: Document = {"virtualMachineRevisionName": revision_name(vm)}
    if tracking:
        status["changedBlockTracking"] = {"state": tracking}
    return {
        "apiVersion": VIRTUAL_MACHINE_INSTANCE.api_version,
        "kind": VIRTUAL_MACHINE_INSTANCE.name,
        "metadata": {
            "name": name_of(vm),
            "namespace": namespace_of(vm),
            "labels": dict(strings(vm, "spec", "template", "metadata", "labels")),
            "annotations": dict(annotations),
            "ownerReferences": [controller_reference(VIRTUAL_MACHINE, vm)],
            "finalizers": [VM_FINALIZER, VMI_FINALIZER],
        },
        "spec": spec,
        "status": status,
    }


def _attach_input(devices: Document) -> None:
    """An input device for a machine that wants one and has none; its kind is the webhook's."""
    if flag(devices, "autoattachInputDevice") and not devices.get("inputs"):
        devices["inputs"] = [{"name": "default-0"}]


def revision_name(vm: Document) -> str:
    """Name of the ControllerRevision that holds what the machine was started from."""
    return f"revision-start-vm-{uid_of(vm)}-{generation(vm)}"


def build_revision(vm: Document) -> Document:
    """The ControllerRevision of the machine's spec as it is now, with the revisions of what its
    status refers to.
    """
    spec = deepcopy(child(vm, "spec"))
    for part in PARTS:
        revision = text(vm, "status", part.reference, "controllerRevisionRef", "name")
        if revision and isinstance(spec.get(part.field), dict):
            put(spec, revision, part.field, "revisionName")
    return {
        "apiVersion": CONTROLLER_REVISION.api_version,
        "kind": CONTROLLER_REVISION.name,
        "metadata": {
            "name": revision_name(vm),
            "namespace": namespace_of(vm),
            "ownerReferences": [controller_reference(VIRTUAL_MACHINE, vm)],
        },
        "data": {"spec": spec},
        "revision": generation(vm),
    }


def revision_template(revision: Document) -> Document:
    """``spec.template.spec`` as it was when ``revision`` was made."""
    return child(revision, "data", "spec", "template", "spec")


def observed_generation(vmi: Document) -> int:
    """The machine's generation that the VMI is of; 0 when it does not say."""
    written = strings(vmi, "metadata", "annotations").get(GENERATION_ANNOTATION, "")
    return int(written) if written.isdecimal() else 0
