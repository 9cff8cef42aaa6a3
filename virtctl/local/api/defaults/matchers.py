"""What a machine's instancetype and preference decide before anything else is filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

from virtctl.errors import Cause, InvalidField
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.instancetypes import expansion, inference, matching, revisions
from virtctl.local.api.instancetypes.matching import PARTS, PREFERENCE, Part
from virtctl.models import documents
from virtctl.models.documents import Document

_Check: TypeAlias = "Callable[[Document, Part], Iterator[Cause]]"
_POLICIES = frozenset({None, "Reject", "Ignore"})


def matcher_causes(document: Document, old: Document | None) -> Iterator[Cause]:
    """What is wrong with the matchers themselves, or with how they change; the first of them."""
    checks: list[_Check] = [_matcher_causes]
    if old is not None:
        checks.insert(0, partial(_change_causes, old=old))
    for check in checks:
        for part in PARTS:
            if documents.find(document, "spec", part.field) is None:
                continue
            found = list(check(matching.matcher_of(document, part), part))
            yield from found
            if found:
                return


def _change_causes(matcher: Document, part: Part, old: Document) -> Iterator[Cause]:
    """Another name needs another revision."""
    before, revision = matching.matcher_of(old, part), documents.text(matcher, "revisionName")
    same = revision and revision == before.get("revisionName")
    if same and documents.text(before, "name") != documents.text(matcher, "name"):
        problem = "the Matcher Name has been updated without updating the RevisionName"
        yield Cause("FieldValueInvalid", problem, f"spec.{part.field}.revisionName")


def _matcher_causes(matcher: Document, part: Part) -> Iterator[Cause]:
    path = f"spec.{part.field}"
    name, volume = documents.text(matcher, "name"), documents.text(matcher, "inferFromVolume")
    if not name and not volume:
        problem = f"Either Name or InferFromVolume should be provided within the {part.matcher}"
        yield Cause("FieldValueNotFound", problem, path)
    if volume:
        for field in ("name", "kind"):
            if matcher.get(field):
                called = field.capitalize()
                problem = f"{called} already set, should be cleared before setting inferFromVolume"
                yield Cause("FieldValueNotSupported", problem, f"{path}.{field}")
    policy = matcher.get("inferFromVolumeFailurePolicy")
    if policy not in _POLICIES:
        problem = f"Invalid value '{policy}' for InferFromVolumeFailurePolicy"
        yield Cause("FieldValueInvalid", problem, f"{path}.inferFromVolumeFailurePolicy")


def default_matchers(document: Document, context: AdmissionContext) -> None:
    """Infer what is to be inferred, and what follows for the template and its volumes, in place.

    Raises ``inference.CannotInfer``.
    """
    for part in PARTS:
        inference.infer(document, part, context.get)
    preference = revisions.peek(document, PREFERENCE, context.get) or {}
    spec = documents.ensure(document, "spec", "template", "spec")
    if not spec.get("architecture"):
        architecture = documents.text(preference, "preferredArchitecture")
        architecture = architecture or inference.source_architecture(document, context.get)
        if architecture:
            spec["architecture"] = architecture
    machine = documents.text(preference, "machine", "preferredMachineType")
    if machine and not documents.text(spec, "domain", "machine", "type"):
        documents.put(spec, machine, "domain", "machine", "type")
    storage = documents.text(preference, "volumes", "preferredStorageClassName")
    for entry in documents.objects(document, "spec", "dataVolumeTemplates") if storage else ():
        for name in ("pvc", "storage"):
            target = documents.child(entry, "spec", name)
            if documents.find(entry, "spec", name) is not None:
                target.setdefault("storageClassName", storage)


def expand_by_policy(document: Document, context: AdmissionContext) -> None:
    """Work instancetype and preference into a new machine, in place, if the installation says so.

    With ``instancetype.referencePolicy`` ``expand`` those that name a revision keep naming it, with
    ``expandAll`` none does. What cannot be worked in is left for the checks to refuse.
    """
    policy = documents.text(context.configuration, "instancetype", "referencePolicy")
    if not context.is_create or policy not in {"expand", "expandAll"}:
        return
    named = (matching.matcher_of(document, part) for part in PARTS)
    if policy == "expand" and any(documents.text(matcher, "revisionName") for matcher in named):
        return
    try:
        expanded = expansion.expand(document, context.get, context.default_binding)
    except (expansion.Conflicting, InvalidField):
        return
    document["spec"] = documents.child(expanded, "spec")
