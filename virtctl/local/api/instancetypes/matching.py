"""Matchers: which instancetype and which preference a machine names, and where they are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from virtctl.models import documents, kinds
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind

Lookup: TypeAlias = "Callable[[Kind, str, str], Document | None]"
"""Gives a stored object by kind, namespace and name; None when there is none."""


@dataclass(frozen=True)
class Part:
    """One of the two parts of a machine that names another object."""

    field: str
    """Field of ``spec``."""
    reference: str
    """Field of ``status`` that says what is in use."""
    kinds: tuple[Kind, Kind]
    """Of cluster scope and of a namespace."""
    annotations: tuple[str, str]
    """Of an instance, with the name of what was applied; in the order of ``kinds``."""
    matcher: str
    """What messages call the field."""

    @property
    def label(self) -> str:
        """Label of volumes with the name that is inferred."""
        return f"instancetype.kubevirt.io/default-{self.field}"


INSTANCETYPE = Part(
    "instancetype",
    "instancetypeRef",
    (kinds.CLUSTER_INSTANCETYPE, kinds.INSTANCETYPE),
    ("kubevirt.io/cluster-instancetype-name", "kubevirt.io/instancetype-name"),
    "InstancetypeMatcher",
)
PREFERENCE = Part(
    "preference",
    "preferenceRef",
    (kinds.CLUSTER_PREFERENCE, kinds.PREFERENCE),
    ("kubevirt.io/cluster-preference-name", "kubevirt.io/preference-name"),
    "PreferenceMatcher",
)
PARTS = (INSTANCETYPE, PREFERENCE)


def matcher_of(vm: Document, part: Part) -> Document:
    """What ``vm`` says about ``part``; empty when it names nothing."""
    return documents.child(vm, "spec", part.field)


def kind_of(matcher: Document, part: Part) -> Kind | None:
    """The kind that a matcher means: singular or plural in any case, of cluster scope by default.

    None when there is no such kind.
    """
    word = documents.text(matcher, "kind").lower()
    if not word:
        return part.kinds[0]
    return next((kind for kind in part.kinds if word in {kind.singular, kind.plural}), None)


def find(vm: Document, part: Part, lookup: Lookup) -> Document | None:
    """The object that ``vm`` names, as it is now; None when it is not there."""
    matcher = matcher_of(vm, part)
    kind, name = kind_of(matcher, part), documents.text(matcher, "name")
    if kind is None or not name:
        return None
    namespace = documents.namespace_of(vm) if kind.namespaced else ""
    return lookup(kind, namespace, name)


def annotation(vm: Document, part: Part) -> tuple[str, str] | None:
    """The annotation of ``vm``'s instance that names what was applied."""
    matcher = matcher_of(vm, part)
    kind, name = kind_of(matcher, part), documents.text(matcher, "name")
    if kind is None or not name:
        return None
    return part.annotations[part.kinds.index(kind)], name
