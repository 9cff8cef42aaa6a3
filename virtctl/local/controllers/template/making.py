"""A template out of a machine: what is the machine's own goes, its disks are to be copied. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    ensure,
    find,
    items,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
)
from virtctl.models.kinds import TEMPLATE

NAME = "NAME"
_REFERENCE = f"${{{NAME}}}"
_OWN_NOTES = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubevirt.io/latest-observed-api-version",
    "kubevirt.io/storage-observed-api-version",
)
_OWN_LABELS = ("kubevirt.io/vm-pool-revision-name",)


def build_template(
    vm: Document, name: str, labels: Mapping[str, str], claims: Mapping[str, Document]
) -> Document:
    """The template called ``name`` of ``vm``; ``claims`` are the claims of its disks by name."""
    machine: Document = {
        "apiVersion": vm.get("apiVersion"),
        "kind": vm.get("kind"),
        "metadata": _metadata(vm),
        "spec": _spec(vm, claims),
    }
    parameter: Document = {
        "name": NAME,
        "description": "Name of the machine.",
        "generate": "expression",
        "from": f"{name_of(vm)}-[a-z0-9]{{6}}",
    }
    return {
        "apiVersion": TEMPLATE.api_version,
        "kind": TEMPLATE.name,
        "metadata": {
            "name": name,
            "namespace": namespace_of(vm),
            "labels": {**labels},
            "annotations": {"description": f"Made of the machine {name_of(vm)}"},
        },
        "spec": {"virtualMachine": machine, "parameters": [parameter]},
    }


def _metadata(vm: Document) -> Document:
    made: Document = {"name": _REFERENCE}
    for part, own in (("labels", _OWN_LABELS), ("annotations", _OWN_NOTES)):
        kept: Document = {
            key: value
            for key, value in strings(vm, "metadata", part).items()
            if not key.startswith(own)
        }
        if kept:
            made[part] = kept
    return made


def _spec(vm: Document, claims: Mapping[str, Document]) -> Document:
    spec = deepcopy(child(vm, "spec"))
    for matcher in ("instancetype", "preference"):
        child(spec, matcher).pop("revisionName", None)
    template = ensure(spec, "template", "spec")
    for field in ("uuid", "serial"):
        child(template, "domain", "firmware").pop(field, None)
    for nic in objects(template, "domain", "devices", "interfaces"):
        nic.pop("macAddress", None)
    disks: list[JsonValue] = []
    for volume in objects(template, "volumes"):
        claim = text(volume, "dataVolume", "name") or text(
            volume, "persistentVolumeClaim", "claimName"
        )
        if claim:
            called = f"{_REFERENCE}-{text(volume, 'name')}"
            volume.pop("persistentVolumeClaim", None)
            volume["dataVolume"] = {"name": called}
            disks.append(_copied(called, namespace_of(vm), claim, claims.get(claim)))
    spec.pop("dataVolumeTemplates", None)
    if disks:
        spec["dataVolumeTemplates"] = disks
    return spec


def _copied(called: str, namespace: str, claim: str, known: Document | None) -> Document:
    """A DataVolume with what is in ``claim``, of the same size and kind."""
    storage: Document = {}
    if known is not None:
        size = find(known, "spec", "resources", "requests", "storage")
        if size is not None:
            storage["resources"] = {"requests": {"storage": size}}
        if items(known, "spec", "accessModes"):
            storage["accessModes"] = items(known, "spec", "accessModes")
        for field in ("storageClassName", "volumeMode"):
            if text(known, "spec", field):
                storage[field] = text(known, "spec", field)
    source: Document = {"pvc": {"namespace": namespace, "name": claim}}
    return {"metadata": {"name": called}, "spec": {"source": source, "storage": storage}}


def disks_of(vm: Document) -> tuple[str, ...]:
    """The claims that a machine's disks are in."""
    return tuple(
        claim
        for volume in objects(vm, "spec", "template", "spec", "volumes")
        if (
            claim := text(volume, "dataVolume", "name")
            or text(volume, "persistentVolumeClaim", "claimName")
        )
    )
