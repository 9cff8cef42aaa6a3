"""Rules of a VirtualMachine: run strategy, data volume templates, and its instance's spec."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults.instance import default_spec
from virtctl.local.api.instancetypes.expansion import (
    Conflicting,
    apply,
    requirement_causes,
)
from virtctl.local.api.instancetypes.matching import INSTANCETYPE, PREFERENCE
from virtctl.local.api.instancetypes.revisions import peek
from virtctl.local.api.rules import network
from virtctl.local.api.rules.causes import invalid, not_supported, required
from virtctl.local.api.rules.growth import growth_causes
from virtctl.local.api.rules.instance import spec_causes, template_metadata_causes
from virtctl.models import documents
from virtctl.models.documents import Document

RUN_STRATEGIES = ("Halted", "Manual", "Always", "RerunOnFailure", "Once", "WaitAsReceiver")
_TEMPLATE = "spec.template"


def machine_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a machine."""
    yield from run_strategy_causes(document, context)
    yield from volume_template_causes(document)
    template = documents.child(document, "spec", "template")
    yield from template_metadata_causes(template, f"{_TEMPLATE}.metadata", context)
    try:
        template = _applied(document, context)
    except Conflicting as error:
        yield from error.causes
        return
    spec = deepcopy(documents.child(template, "spec"))
    default_spec(spec, context)
    lacking = _lacking(document, spec, context)
    if lacking:
        yield from lacking
        return
    # Here the path is that of an instance, as in KubeVirt, and nothing else is looked at.
    retired = list(network.retired_causes(spec, "spec")) if context.is_create else []
    if retired:
        yield from retired
        return
    yield from spec_causes(spec, f"{_TEMPLATE}.spec", context)
    yield from growth_causes(spec, f"{_TEMPLATE}.spec", context)
    yield from _busy_causes(document, context)


def _applied(document: Document, context: AdmissionContext) -> Document:
    """The template with what its instancetype and preference make of it.

    One that is not there is no matter of admission; the controller complains. Raises
    ``Conflicting``.
    """
    template = documents.child(document, "spec", "template")
    instancetype = peek(document, INSTANCETYPE, context.get)
    preference = peek(document, PREFERENCE, context.get)
    if instancetype is None and preference is None:
        return template
    applied = deepcopy(template)
    apply(instancetype, preference, applied)
    return applied


def _lacking(document: Document, spec: Document, context: AdmissionContext) -> tuple[Cause, ...]:
    """What ``spec``, with everything applied, lacks of what the preference requires."""
    preference = peek(document, PREFERENCE, context.get)
    if preference is None:
        return ()
    return requirement_causes(peek(document, INSTANCETYPE, context.get), preference, spec)


def run_strategy_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """Exactly one of ``running`` and ``runStrategy``, and a strategy that is known."""
    running = documents.find(document, "spec", "running")
    strategy = documents.find(document, "spec", "runStrategy")
    if running is not None and strategy is not None:
        yield invalid(
            "spec.running",
            "Running and RunStrategy are mutually exclusive. Note that Running is deprecated, "
            "please use RunStrategy instead",
        )
    if running is None and strategy is None:
        yield invalid("spec.running", "RunStrategy must be specified")
    if strategy is None:
        return
    if strategy not in RUN_STRATEGIES:
        yield invalid("spec.runStrategy", f"Invalid RunStrategy ({strategy})")
    if strategy == "WaitAsReceiver" and not context.has_gate("DecentralizedLiveMigration"):
        yield invalid(
            "spec.runStrategy",
            "DecentralizedLiveMigration feature gate is not enabled in kubevirt-config",
        )


def volume_template_causes(document: Document) -> Iterator[Cause]:
    """What is wrong with a machine's data volume templates."""
    namespace = documents.namespace_of(document)
    volumes = documents.objects(document, "spec", "template", "spec", "volumes")
    claimed = {
        documents.text(volume, source, key)
        for volume in volumes
        for source, key in (("dataVolume", "name"), ("persistentVolumeClaim", "claimName"))
    }
    entries = documents.objects(document, "spec", "dataVolumeTemplates")
    for position, entry in enumerate(entries):
        path = f"spec.dataVolumeTemplate[{position}]"
        name = documents.name_of(entry)
        if not name:
            yield required(f"{path}.name", "'name' field must not be empty for DataVolumeTemplate")
            continue
        elsewhere = documents.namespace_of(entry)
        if elsewhere and elsewhere != namespace:
            yield invalid(
                f"spec.dataVolumeTemplates[{position}]",
                f"Embedded DataVolume namespace {elsewhere} differs from VM namespace {namespace}",
            )
        yield from _target_causes(documents.child(entry, "spec"), path)
        if name not in claimed:
            yield required(
                path,
                f"DataVolumeTemplate entry {path} must be referenced in the VMI template's "
                "'volumes' list",
            )


def _target_causes(spec: Document, path: str) -> Iterator[Cause]:
    has_claim, has_storage = spec.get("pvc") is not None, spec.get("storage") is not None
    if has_claim and has_storage:
        yield invalid(
            f"{path}.PVC.Storage",
            "Duplicate storage definition, both target storage and target pvc defined",
        )
    elif not has_claim and not has_storage:
        yield invalid(f"{path}.PVC.Storage", "Missing Data volume PVC or Storage")
    sources = documents.child(spec, "source")
    if len(sources) > 1:
        yield invalid(f"{path}.source", "Multiple dataVolume sources")
    elif not sources and spec.get("sourceRef") is None:
        if documents.find(spec, "pvc", "dataSourceRef") or documents.find(
            spec, "storage", "dataSourceRef"
        ):
            return
        yield invalid(f"{path}.source", "Missing dataVolume valid source")


def _busy_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """While a snapshot is under way, running state and volumes stay; during a restore the first."""
    old = context.old
    if old is None or context.system:
        return
    snapshot = documents.text(old, "status", "snapshotInProgress")
    restore = documents.text(old, "status", "restoreInProgress")
    path = ("spec", "template", "spec", "volumes")
    volumes_change = documents.items(document, *path) != documents.items(old, *path)
    strategy_changes = _strategy(document) != _strategy(old)
    if snapshot and volumes_change:
        yield not_supported(
            "spec", f'Cannot update vm disks or volumes until snapshot "{snapshot}" completes'
        )
    elif snapshot and strategy_changes:
        yield not_supported(
            "spec", f'Cannot update vm running state until snapshot "{snapshot}" completes'
        )
    elif restore and strategy_changes:
        yield not_supported(
            "spec", f'Cannot update VM runStrategy until restore "{restore}" completes'
        )


def _strategy(machine: Document) -> str:
    """The run strategy, by either of its fields."""
    running = documents.find(machine, "spec", "running")
    if isinstance(running, bool):
        return "Always" if running else "Halted"
    return documents.text(machine, "spec", "runStrategy")


def status_causes(document: Document) -> Iterator[Cause]:
    """What is wrong with the requests in a machine's status."""
    for request in documents.objects(document, "status", "volumeRequests"):
        asked = [key for key in ("addVolumeOptions", "removeVolumeOptions") if request.get(key)]
        needed = "VolumeRequests require either addVolumeOptions or removeVolumeOptions to be set"
        if len(asked) == 2:
            yield invalid("Status.volumeRequests", f"{needed}, not both")
        elif not asked:
            one = "VolumeRequests require one of addVolumeOptions or removeVolumeOptions to be set"
            yield invalid("Status.volumeRequests", one)
