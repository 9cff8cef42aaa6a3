"""Rules of a VirtualMachine: run strategy, data volume templates, and its instance's spec."""

from __future__ import annotations

from collections.abc import Iterator

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
from virtctl.local.api.rules.causes import invalid, not_supported
from virtctl.local.api.rules.growth import growth_causes
from virtctl.local.api.rules.instance import spec_causes, template_metadata_causes
from virtctl.local.api.rules.volumetemplates import namespace_causes, volume_template_causes
from virtctl.models import documents
from virtctl.models.documents import Document

RUN_STRATEGIES = ("Halted", "Manual", "Always", "RerunOnFailure", "Once", "WaitAsReceiver")
_TEMPLATE = "spec.template"
_RUNNING_DEPRECATED = "spec.running is deprecated, please use spec.runStrategy instead."


def machine_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a machine. KubeVirt looks further only where it found nothing so far."""
    if documents.text(document, "metadata", "deletionTimestamp"):
        return
    if documents.find(document, "spec", "running") is not None:
        context.warnings.append(_RUNNING_DEPRECATED)
    for look in (_spec_causes, namespace_causes, _busy_causes):
        found = list(look(document, context))
        yield from found
        if found:
            return


def _spec_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with the machine's spec, with everything applied to its template."""
    try:
        template = _applied(document, context)
    except Conflicting as error:
        yield from error.causes
        return
    spec = documents.copied(documents.child(template, "spec"))
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
    yield from template_metadata_causes(template, f"{_TEMPLATE}.metadata", context)
    yield from spec_causes(spec, f"{_TEMPLATE}.spec", context)
    yield from volume_template_causes(document)
    yield from run_strategy_causes(document, context)
    yield from growth_causes(spec, f"{_TEMPLATE}.spec", context)


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
    applied = documents.copied(template)
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
    problem = f"Invalid RunStrategy ({strategy})"
    gate = "DecentralizedLiveMigration"
    if strategy not in RUN_STRATEGIES:
        yield invalid("spec.runStrategy", problem)
    if strategy == "WaitAsReceiver" and not context.has_gate(gate):
        yield invalid(
            "spec.runStrategy",
            f"{problem}, {gate} feature gate is not enabled in kubevirt resource",
        )


def _busy_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """While a snapshot is under way, running state and volumes stay; during a restore the first."""
    old = context.old
    if old is None or context.system:
        return
    snapshot = documents.text(old, "status", "snapshotInProgress")
    restore = documents.text(old, "status", "restoreInProgress")
    path = ("spec", "template", "spec", "volumes")
    volumes_change = documents.items(document, *path) != documents.items(old, *path)
    if snapshot and volumes_change:
        yield not_supported(
            "spec", f'Cannot update vm disks or volumes until snapshot "{snapshot}" completes'
        )
    elif snapshot and not _runs_alike(document, old):
        yield not_supported(
            "spec", f'Cannot update vm running state until snapshot "{snapshot}" completes'
        )
    elif restore and _strategy(document) != _strategy(old):
        yield not_supported(
            "spec", f'Cannot update VM runStrategy until restore "{restore}" completes'
        )


def _runs_alike(document: Document, old: Document) -> bool:
    """Whether both say the same by the same field."""
    specs = documents.child(document, "spec"), documents.child(old, "spec")
    for name in ("running", "runStrategy"):
        new, before = (spec.get(name) for spec in specs)
        if new is not None and before is not None:
            return new == before
    return False


def _strategy(machine: Document) -> str:
    """The run strategy, by either of its fields."""
    running = documents.find(machine, "spec", "running")
    if isinstance(running, bool):
        return "Always" if running else "Halted"
    return documents.text(machine, "spec", "runStrategy")
