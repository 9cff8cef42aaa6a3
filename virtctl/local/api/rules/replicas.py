"""Rules of replica sets and pools: selectors, templates and strategies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from virtctl.errors import Cause, InvalidField
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid, required
from virtctl.local.api.rules.growth import growth_causes
from virtctl.local.api.rules.instance import spec_causes, template_metadata_causes
from virtctl.local.api.rules.machine import run_strategy_causes
from virtctl.local.api.rules.volumetemplates import volume_template_causes
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire.labelselectors import read_selector

_MACHINE = "spec.virtualMachineTemplate.spec"
_NUMBER = re.compile(r"[+-]?[0-9]+")
_HOMES = re.compile(r"(?<![\w.])spec(?=\.)")


def replica_set_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a replica set."""
    template = documents.child(document, "spec", "template")
    if documents.find(document, "spec", "template") is None:
        yield required("spec.template", "missing virtual machine template.")
        return
    yield from spec_causes(documents.child(template, "spec"), "spec.template.spec", context)
    yield from _selector_causes(document, template)


def pool_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a pool."""
    template = documents.child(document, "spec", "virtualMachineTemplate")
    if not documents.find(template, "spec"):
        yield required("spec.template", "missing virtual machine template.")
        return
    yield from _machine_causes(document, template, context)
    yield from _selector_causes(document, template)
    yield from _unavailable_causes(document)
    yield from _strategy_causes(document)
    if context.old is not None and documents.find(document, "spec", "selector") != documents.find(
        context.old, "spec", "selector"
    ):
        yield invalid("spec.selector", "selector is immutable after creation.")


def _machine_causes(
    document: Document, template: Document, context: AdmissionContext
) -> Iterator[Cause]:
    """The rules of a machine of this template, which know paths from the machine's own top."""
    machine: Document = {
        "metadata": {"namespace": documents.namespace_of(document)},
        "spec": documents.child(template, "spec"),
    }
    instance = documents.child(machine, "spec", "template")
    found = [
        *template_metadata_causes(instance, "spec.template.metadata", context),
        *spec_causes(documents.child(instance, "spec"), "spec.template.spec", context),
        *volume_template_causes(machine),
        *run_strategy_causes(machine, context),
        *growth_causes(documents.child(instance, "spec"), "spec.template.spec", context),
    ]
    for cause in found:
        yield cause._replace(
            field=_HOMES.sub(_MACHINE, cause.field),
            message=_HOMES.sub(_MACHINE, cause.message),
        )


def _selector_causes(document: Document, template: Document) -> Iterator[Cause]:
    labels = documents.strings(template, "metadata", "labels")
    try:
        selector = read_selector(documents.child(document, "spec", "selector"))
    except InvalidField as error:
        problem = f'"{error.value}" is not a valid label selector operator'
        yield invalid("spec.selector", problem)
        return
    if not selector.matches(labels):
        yield invalid("spec.selector", "selector does not match labels.")


def _unavailable_causes(document: Document) -> Iterator[Cause]:
    value = documents.find(document, "spec", "maxUnavailable")
    field = "spec.maxUnavailable"
    if isinstance(value, str):
        number = value.removesuffix("%")
        if not value.endswith("%"):
            yield invalid(field, "maxUnavailable percentage must end with %")
        elif not _NUMBER.fullmatch(number):
            why = f'strconv.Atoi: parsing "{number}": invalid syntax'
            yield invalid(field, f'maxUnavailable percentage value "{number}" is invalid: {why}')
        elif not 0 < int(number) <= 100:
            problem = f"maxUnavailable percentage value {int(number)} must be between 1 and 100"
            yield invalid(field, problem)
    elif isinstance(value, int) and value <= 0:
        yield invalid(field, "maxUnavailable must be greater than 0")


def _strategy_causes(document: Document) -> Iterator[Cause]:
    for name in ("updateStrategy", "scaleInStrategy"):
        given = documents.child(document, "spec", name)
        chosen = [key for key in ("unmanaged", "opportunistic", "proactive") if key in given]
        if len(chosen) > 1:
            found = f"but found {', '.join(chosen)} strategies"
            yield invalid(f"spec.{name}", f"only one strategy can be configured at a time: {found}")
