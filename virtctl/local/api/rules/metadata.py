"""Rules of ``metadata`` that hold for every kind."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.rules import names
from virtctl.local.api.rules.causes import invalid
from virtctl.models import documents
from virtctl.models.documents import Document

_ANNOTATIONS_LIMIT = 256 * 1024
# Finalizers without a domain that Kubernetes itself uses.
_PLAIN_FINALIZERS = frozenset({"orphan", "foregroundDeletion", "foregroundDeleteVirtualMachine"})


def metadata_causes(document: Document) -> Iterator[Cause]:
    """What is wrong with labels, annotations, finalizers and owners."""
    yield from _label_causes(documents.strings(document, "metadata", "labels"))
    yield from _annotation_causes(documents.strings(document, "metadata", "annotations"))
    for finalizer in documents.items(document, "metadata", "finalizers"):
        if isinstance(finalizer, str) and finalizer not in _PLAIN_FINALIZERS:
            for problem in names.qualified_problems(finalizer):
                yield invalid("metadata.finalizers", f'Invalid value: "{finalizer}": {problem}')
    yield from _owner_causes(document)


def _label_causes(labels: dict[str, str]) -> Iterator[Cause]:
    for key, value in labels.items():
        for problem in names.qualified_problems(key):
            yield invalid("metadata.labels", f'Invalid value: "{key}": {problem}')
        for problem in names.value_problems(value):
            yield invalid("metadata.labels", f'Invalid value: "{value}": {problem}')


def _annotation_causes(annotations: dict[str, str]) -> Iterator[Cause]:
    for key in annotations:
        for problem in names.qualified_problems(key.lower()):
            yield invalid("metadata.annotations", f'Invalid value: "{key}": {problem}')
    total = sum(len(key) + len(value) for key, value in annotations.items())
    if total > _ANNOTATIONS_LIMIT:
        yield Cause(
            "FieldValueTooLong",
            f"Too long: may not be more than {_ANNOTATIONS_LIMIT} bytes",
            "metadata.annotations",
        )


def _owner_causes(document: Document) -> Iterator[Cause]:
    controllers = 0
    for owner in documents.objects(document, "metadata", "ownerReferences"):
        for name in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(name):
                shown = "version" if name == "apiVersion" else name
                field = f"metadata.ownerReferences.{name}"
                yield invalid(field, f'Invalid value: "": {_owner_problem(shown)}')
        controllers += owner.get("controller") is True
    if controllers > 1:
        yield invalid(
            "metadata.ownerReferences",
            "Invalid value: only one reference can have Controller set to true",
        )


def _owner_problem(name: str) -> str:
    return "version must not be empty" if name == "version" else "must not be empty"
