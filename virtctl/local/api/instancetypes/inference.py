"""Inference: instancetype and preference from the labels of a machine's volume (api.md §1.4)."""

from __future__ import annotations

from virtctl.local.api.instancetypes import matching
from virtctl.local.api.instancetypes.matching import Lookup, Part
from virtctl.models import documents, kinds
from virtctl.models.documents import Document


class CannotInfer(Exception):
    """There is nothing to infer from; ``is_ignorable`` where the failure policy may let it be."""

    def __init__(self, message: str, *, is_ignorable: bool = False) -> None:
        super().__init__(message)
        self.is_ignorable = is_ignorable


def infer(vm: Document, part: Part, lookup: Lookup) -> None:
    """Replace a matcher that infers by one that names, in place. Raises ``CannotInfer``."""
    matcher = matching.matcher_of(vm, part)
    volume = documents.text(matcher, "inferFromVolume")
    if not volume:
        return
    ignore = documents.text(matcher, "inferFromVolumeFailurePolicy") == "Ignore"
    try:
        found = _default(part, _labels_of_volume(vm, volume, part, lookup))
    except CannotInfer as failure:
        if not (ignore and failure.is_ignorable):
            raise
        documents.child(vm, "spec").pop(part.field)
        return
    documents.put(vm, found, "spec", part.field)
    if ignore and part is matching.INSTANCETYPE:
        # Tools set memory for the case that nothing can be inferred; here it would conflict.
        memory = documents.find(vm, "spec", "template", "spec", "domain", "memory")
        if isinstance(memory, dict):
            documents.child(vm, "spec", "template", "spec", "domain").pop("memory")


def _default(part: Part, labels: dict[str, str]) -> Document:
    name = labels.get(part.label, "")
    if not name:
        raise CannotInfer(
            f"unable to find required {part.label} label on the volume", is_ignorable=True
        )
    found: Document = {"name": name}
    kind = labels.get(f"{part.label}-kind", "")
    if kind:
        found["kind"] = kind
    return found


def _labels_of_volume(vm: Document, name: str, part: Part, lookup: Lookup) -> dict[str, str]:
    volumes = documents.objects(vm, "spec", "template", "spec", "volumes")
    volume = next((each for each in volumes if each.get("name") == name), None)
    if volume is None:
        raise CannotInfer(f"unable to find volume {name} to infer defaults")
    claim = documents.text(volume, "persistentVolumeClaim", "claimName")
    if claim:
        return _labels(lookup, kinds.PVC, documents.namespace_of(vm), claim)
    imported = documents.text(volume, "dataVolume", "name")
    if imported:
        return _labels_of_data_volume(vm, imported, part, lookup)
    raise CannotInfer(
        f"unable to infer defaults from volume {name} as type is not supported", is_ignorable=True
    )


def _labels(lookup: Lookup, kind: kinds.Kind, namespace: str, name: str) -> dict[str, str]:
    found = lookup(kind, namespace, name)
    if found is None:
        raise CannotInfer(f'{kind.resource} "{name}" not found')
    return documents.strings(found, "metadata", "labels")


def _labels_of_data_volume(vm: Document, name: str, part: Part, lookup: Lookup) -> dict[str, str]:
    namespace = documents.namespace_of(vm)
    for template in documents.objects(vm, "spec", "dataVolumeTemplates"):
        if documents.name_of(template) == name:
            return _labels_of_source(documents.child(template, "spec"), namespace, part, lookup)
    found = lookup(kinds.DATA_VOLUME, namespace, name)
    if found is None:
        # A finished DataVolume may be collected; its claim has the same name.
        return _labels(lookup, kinds.PVC, namespace, name)
    labels = documents.strings(found, "metadata", "labels")
    if labels.get(part.label):
        return labels
    return _labels_of_source(documents.child(found, "spec"), namespace, part, lookup)


def _labels_of_source(spec: Document, namespace: str, part: Part, lookup: Lookup) -> dict[str, str]:
    labels = _labels_of_copied(documents.child(spec, "source"), namespace, lookup)
    if labels is not None:
        return labels
    reference = documents.child(spec, "sourceRef")
    if not reference:
        raise CannotInfer(
            "unable to infer defaults from DataVolumeSpec as DataVolumeSource is not supported",
            is_ignorable=True,
        )
    if documents.text(reference, "kind") != "DataSource":
        raise CannotInfer(
            "unable to infer defaults from DataVolumeSourceRef as Kind "
            f"{documents.text(reference, 'kind')} is not supported",
            is_ignorable=True,
        )
    return _labels_of_data_source(reference, namespace, part, lookup)


def _labels_of_copied(source: Document, namespace: str, lookup: Lookup) -> dict[str, str] | None:
    """The labels of the claim or snapshot that is copied; None when it is something else."""
    for field, kind in (("pvc", kinds.PVC), ("snapshot", kinds.VOLUME_SNAPSHOT)):
        copied = documents.child(source, field)
        if copied:
            where = documents.text(copied, "namespace") or namespace
            return _labels(lookup, kind, where, documents.text(copied, "name"))
    return None


def _labels_of_data_source(
    reference: Document, namespace: str, part: Part, lookup: Lookup
) -> dict[str, str]:
    """Its own labels where they name the part; else those of what it points at."""
    where = documents.text(reference, "namespace") or namespace
    name = documents.text(reference, "name")
    found = lookup(kinds.DATA_SOURCE, where, name)
    if found is None:
        raise CannotInfer(f'{kinds.DATA_SOURCE.resource} "{name}" not found')
    labels = documents.strings(found, "metadata", "labels")
    if labels.get(part.label):
        return labels
    copied = _labels_of_copied(documents.child(found, "spec", "source"), where, lookup)
    if copied is None:
        raise CannotInfer(
            "unable to infer defaults from DataSource that doesn't provide DataVolumeSourcePVC",
            is_ignorable=True,
        )
    return copied


def source_architecture(vm: Document, lookup: Lookup) -> str:
    """The architecture that a DataSource of the machine's first disks names; empty if none does."""
    namespace = documents.namespace_of(vm)
    for template in documents.objects(vm, "spec", "dataVolumeTemplates"):
        reference = documents.child(template, "spec", "sourceRef")
        if documents.text(reference, "kind") != "DataSource":
            continue
        where = documents.text(reference, "namespace") or namespace
        found = lookup(kinds.DATA_SOURCE, where, documents.text(reference, "name"))
        labels = documents.strings(found or {}, "metadata", "labels")
        if labels.get("template.kubevirt.io/architecture"):
            return labels["template.kubevirt.io/architecture"]
    return ""
