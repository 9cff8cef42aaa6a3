"""Admission of CustomResourceDefinitions: defaults, and what apiextensions refuses."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.customs.causes import invalid, required, unsupported
from virtctl.local.api.customs.naming import name_causes
from virtctl.local.api.customs.portions import column_causes, scale_causes, selectable_causes
from virtctl.local.api.customs.schemas import schema_causes
from virtctl.local.api.customs.versioning import conversion_causes, stored_causes, version_causes
from virtctl.models import documents
from virtctl.models.documents import Document

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
"""Finalizer: objects of the kind go before its definition."""
_SCOPES = ("Cluster", "Namespaced")


def default_definition(document: Document, old: Document | None, now: str) -> None:
    """Fill in names, conversion and status, in place; what is accepted is served at once."""
    spec = documents.ensure(document, "spec")
    names = documents.ensure(spec, "names")
    kind = documents.text(names, "kind")
    names["singular"] = names.get("singular") or kind.lower()
    if kind:
        names["listKind"] = names.get("listKind") or f"{kind}List"
    spec.setdefault("conversion", {"strategy": "None"})
    if old is None:
        finalizers = documents.items(document, "metadata", "finalizers")
        documents.put(document, [*finalizers, CLEANUP], "metadata", "finalizers")
    document["status"] = _status(document, old, now)


def _status(document: Document, old: Document | None, now: str) -> Document:
    status = dict(documents.child(old or {}, "status"))
    if not status.get("conditions"):
        status["conditions"] = [
            _condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
            _condition("Established", "InitialNamesAccepted", _ESTABLISHED, now),
        ]
    status["acceptedNames"] = dict(documents.child(document, "spec", "names"))
    stored = [*documents.items(status, "storedVersions")]
    versions = documents.objects(document, "spec", "versions")
    kept = next((each for each in versions if each.get("storage") is True), None)
    if kept is not None and documents.text(kept, "name") not in stored:
        stored.append(documents.text(kept, "name"))
    status["storedVersions"] = stored
    return status


_ESTABLISHED = "the initial names have been accepted"


def _condition(type_: str, reason: str, message: str, now: str) -> Document:
    return {
        "type": type_,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": now,
    }


def definition_causes(document: Document, old: Document | None) -> Iterator[Cause]:
    """What is wrong with a definition of the right types."""
    spec = documents.child(document, "spec")
    yield from name_causes(document, old)
    scope = documents.text(spec, "scope")
    if not scope:
        yield required("spec.scope")
    elif scope not in _SCOPES:
        yield unsupported("spec.scope", scope, _SCOPES)
    if spec.get("preserveUnknownFields") is True:
        problem = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
            "spec.versions[*].schema instead"
        )
        yield invalid("spec.preserveUnknownFields", spec["preserveUnknownFields"], problem)
    yield from version_causes(spec)
    yield from schema_causes(spec)
    yield from column_causes(spec)
    yield from selectable_causes(spec)
    yield from scale_causes(spec)
    yield from conversion_causes(spec)
    yield from stored_causes(document)
    yield from _change_causes(spec, old)


def _change_causes(spec: Document, old: Document | None) -> Iterator[Cause]:
    """An established kind keeps its scope and its names."""
    if old is None:
        return
    for path in (("scope",), ("names", "kind"), ("group",), ("names", "plural")):
        before, after = documents.find(old, "spec", *path), documents.find(spec, *path)
        if before != after:
            yield invalid(f"spec.{'.'.join(path)}", after, "field is immutable")
