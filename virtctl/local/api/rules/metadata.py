"""Rules of ``metadata`` that hold for every kind, and how often a kind checks them.

An update of a kind is checked as a new object is by some kinds, and by all in common: each check
gives its cause again, which clients get to see.
"""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.catalog import is_builtin
from virtctl.local.api.rules import names
from virtctl.local.api.rules.causes import invalid
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind

_ANNOTATIONS_LIMIT = 256 * 1024
# Finalizers without a domain that Kubernetes itself uses.
_STANDARD = frozenset({"orphan", "foregroundDeletion", "kubernetes"})
# Kinds of Kubernetes that leave metadata to the checks that all kinds have in common.
_LAX = frozenset({
    "APIService", "CustomResourceDefinition", "Event", "Lease", "PodDisruptionBudget",
})  # fmt: skip
# Kinds whose updates are checked as new objects are.
_ANEW = frozenset({
    "APIService", "ClusterRole", "ClusterRoleBinding", "ConfigMap", "ControllerRevision",
    "Endpoints", "Ingress", "Job", "Namespace", "Node", "PersistentVolume",
    "PersistentVolumeClaim", "Pod", "Role", "RoleBinding", "Secret", "ServiceAccount",
    "StorageClass",
})  # fmt: skip
_ONCE = frozenset({"Event", "PodDisruptionBudget"})
_FINALIZERS = "metadata.finalizers"


def metadata_causes(kind: Kind, document: Document, *, created: bool) -> Iterator[Cause]:
    """What is wrong with labels, annotations, finalizers and owners, in a new object or another."""
    finalizing = [*_finalizer_causes(document)]
    found = [
        *_label_causes(documents.strings(document, "metadata", "labels")),
        *_annotation_causes(documents.strings(document, "metadata", "annotations")),
        *_owner_causes(document),
    ]
    plain = [*_plain_causes(document)] if is_builtin(kind) and kind.name not in _LAX else []
    if created:
        yield from (*found, *finalizing, *plain)
        return
    anew = is_builtin(kind) and kind.name in _ANEW
    times = 2 if is_builtin(kind) and kind.name in _ONCE else 3 + anew
    yield from found * times
    again = anew + (kind.name == "PersistentVolume")
    again += is_builtin(kind) and kind.name in {"EndpointSlice", "LimitRange"}
    yield from finalizing * (1 + again)
    yield from plain * (1 + anew)


def finalizer_warnings(old: Document, new: Document) -> Iterator[str]:
    """What is said of finalizers that a custom resource gets."""
    known = documents.items(old, "metadata", "finalizers")
    added = {name for name in documents.items(new, "metadata", "finalizers") if name not in known}
    for name in sorted(str(name) for name in added):
        if "/" not in name and name not in _STANDARD:
            path = " including a path (/)" if "." in name else ""
            yield (
                f'{_FINALIZERS}: "{name}": prefer a domain-qualified finalizer name{path} to avoid '
                "accidental conflicts with other finalizer writers"
            )


def _finalizer_causes(document: Document) -> Iterator[Cause]:
    found = documents.items(document, "metadata", "finalizers")
    for finalizer in found:
        for problem in names.qualified_problems(str(finalizer)):
            yield invalid(_FINALIZERS, f'Invalid value: "{finalizer}": {problem}')
    if "orphan" in found and "foregroundDeletion" in found:
        shown = ", ".join(f'"{finalizer}"' for finalizer in found)
        yield invalid(
            _FINALIZERS,
            f"Invalid value: [{shown}]: finalizer orphan and foregroundDeletion cannot be both set",
        )


def _plain_causes(document: Document) -> Iterator[Cause]:
    for position, finalizer in enumerate(documents.items(document, "metadata", "finalizers")):
        if "/" not in str(finalizer) and finalizer not in _STANDARD:
            yield invalid(
                f"{_FINALIZERS}[{position}]",
                f'Invalid value: "{finalizer}": name is neither a standard finalizer name nor is '
                "it fully qualified",
            )


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
    controllers: list[str] = []
    for owner in documents.objects(document, "metadata", "ownerReferences"):
        yield from _reference_causes(owner)
        if owner.get("controller") is True:
            controllers.append(f"{owner.get('kind')}/{owner.get('name')}")
    for other in controllers[1:]:
        yield invalid(
            "metadata.ownerReferences",
            'Invalid value: Only one reference can have Controller set to true. Found "true" in '
            f"references for {controllers[0]} and {other}",
        )


def _reference_causes(owner: Document) -> Iterator[Cause]:
    version, kind = str(owner.get("apiVersion") or ""), owner.get("kind")
    if not version or version.count("/") > 1:
        yield _empty("apiVersion", version, "version must not be empty")
    for name in ("kind", "name", "uid"):
        if not owner.get(name):
            yield _empty(name, "", "must not be empty")
    if (version, kind) == ("v1", "Event"):
        problem = "/v1, Kind=Event is disallowed from being an owner"
        yield invalid("metadata.ownerReferences", f"Invalid value: {problem}")


def _empty(name: str, value: str, problem: str) -> Cause:
    return invalid(f"metadata.ownerReferences.{name}", f'Invalid value: "{value}": {problem}')
