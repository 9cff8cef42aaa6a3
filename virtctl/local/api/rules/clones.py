"""Rules of clones of machines. The same at create and at update."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid
from virtctl.local.api.rules.network import is_mac
from virtctl.models import documents
from virtctl.models.documents import Document

_MACHINE = "VirtualMachine"
_SOURCES = frozenset({_MACHINE, "VirtualMachineSnapshot"})
_FILTERS = (("annotationFilters", "annotations"), ("labelFilters", "labels"))


def clone_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a clone."""
    del context
    spec = documents.child(document, "spec")
    yield from _filter_causes(spec)
    source, target = documents.child(spec, "source"), documents.child(spec, "target")
    if source.get("kind") not in _SOURCES:
        yield invalid("spec.Source.Kind", "Source kind is not supported")
    if target and target.get("kind") != _MACHINE:
        yield invalid("spec.Target.Kind", "Target kind is not supported")
    yield from _source_causes(source)
    both_machines = source.get("kind") == _MACHINE == target.get("kind")
    if both_machines and target.get("name") and source.get("name") == target.get("name"):
        problem = "Target name cannot be equal to source name when both are VirtualMachines"
        yield invalid("spec.target.name", problem)
    for name, mac in documents.strings(spec, "newMacAddresses").items():
        if mac and not is_mac(mac):
            problem = f"interface {name} has malformed MAC address ({mac})."
            yield invalid(f"spec.newMacAddresses.{name}", problem)
    for position, patch in enumerate(documents.items(spec, "patches")):
        if not _is_json(str(patch)):
            yield invalid(f"spec.patches[{position}]", f"patch is not valid JSON ({patch})")


def _source_causes(source: Document) -> Iterator[Cause]:
    if not source.get("apiGroup"):
        yield invalid("spec.Source.APIGroup", "Source's APIGroup cannot be empty")
    if not source.get("kind"):
        yield invalid("spec.Source", "Source's Kind cannot be empty")
    if not source.get("name"):
        yield invalid("spec.Source.Name", "Source's name cannot be empty")


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True


def _filter_causes(spec: Document) -> Iterator[Cause]:
    """A filter may use ``*`` at its end and ``!`` in front, and nothing else of that."""
    for prefix, holder in (("spec", spec), ("spec.template", documents.child(spec, "template"))):
        for name, shown in _FILTERS:
            for entry in documents.items(holder, name):
                for problem in _filter_problems(str(entry), f"{prefix}.{shown}"):
                    yield invalid(f"{prefix}.{shown}", problem)


def _filter_problems(text: str, field: str) -> Iterator[str]:
    if text == "!":
        yield "a negation character is not a valid filter"
    elif len(text) > 1:
        if "!" in text[1:]:
            yield (
                f"{field} filter {text} is invalid: cannot contain a negation character (!); "
                "FilterRules: NegationChar can be only used at the beginning of the filter"
            )
        if "*" in text[:-1]:
            yield (
                f"{field} filter {text} is invalid: cannot contain a wildcard character (*); "
                "FilterRules: WildcardChar can be only at the end of the filter"
            )
