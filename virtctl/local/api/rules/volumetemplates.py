"""Rules of the DataVolumes that a machine brings along."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid, required
from virtctl.models import documents
from virtctl.models.documents import Document

_SOURCES = ("source", "sourceRef")
_POPULATORS = ("dataSource", "dataSourceRef")


def volume_template_causes(document: Document) -> Iterator[Cause]:
    """What is wrong with a machine's data volume templates; the first of each."""
    volumes = documents.objects(document, "spec", "template", "spec", "volumes")
    claimed = {
        documents.text(volume, source, key)
        for volume in volumes
        for source, key in (("dataVolume", "name"), ("persistentVolumeClaim", "claimName"))
    }
    entries = documents.objects(document, "spec", "dataVolumeTemplates")
    for position, entry in enumerate(entries):
        path = f"spec.dataVolumeTemplate[{position}]"
        found = _problem(entry, path)
        if found is not None:
            yield found
        elif documents.name_of(entry) not in claimed:
            yield required(
                path,
                f"DataVolumeTemplate entry {path} must be referenced in the VMI template's "
                "'volumes' list",
            )


def _problem(entry: Document, path: str) -> Cause | None:
    if not documents.name_of(entry):
        field = f"{path}.name"
        problem = f"'name' field must not be empty for DataVolumeTemplate entry {field}."
        return required(field, problem)
    spec = documents.child(entry, "spec")
    has_claim, has_storage = spec.get("pvc") is not None, spec.get("storage") is not None
    if has_claim and has_storage:
        return invalid(
            f"{path}.PVC.Storage",
            "Duplicate storage definition, both target storage and target pvc defined",
        )
    if not has_claim and not has_storage:
        return invalid(f"{path}.PVC.Storage", "Missing Data volume PVC or Storage")
    return _source_problem(spec, documents.child(spec, "pvc" if has_claim else "storage"), path)


def _source_problem(spec: Document, target: Document, path: str) -> Cause | None:
    is_populated = any(target.get(name) is not None for name in _POPULATORS)
    is_sourced = any(spec.get(name) is not None for name in _SOURCES)
    if is_populated and is_sourced:
        problem = "External population is incompatible with Source and SourceRef"
        return invalid(f"{path}.source", problem)
    if not is_populated and not is_sourced:
        return invalid(
            f"{path}.source.sourceRef",
            "Data volume should have either Source, SourceRef, or be externally populated",
        )
    if spec.get("source") is None:
        return None
    sources = len(documents.child(spec, "source"))
    if sources == 1:
        return None
    return invalid(
        f"{path}.source",
        "Multiple dataVolume sources" if sources else "Missing dataVolume valid source",
    )


def namespace_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """Templates are of the machine's namespace; those that were stored may stay as they are."""
    entries = documents.items(document, "spec", "dataVolumeTemplates")
    if context.old is not None and entries == documents.items(
        context.old, "spec", "dataVolumeTemplates"
    ):
        return
    namespace = documents.namespace_of(document)
    for position, entry in enumerate(documents.objects(document, "spec", "dataVolumeTemplates")):
        elsewhere = documents.namespace_of(entry)
        if elsewhere and elsewhere != namespace:
            yield invalid(
                f"spec.dataVolumeTemplates[{position}]",
                f"Embedded DataVolume namespace {elsewhere} differs from VM namespace {namespace}",
            )
