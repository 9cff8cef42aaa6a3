"""ControllerRevisions: what a machine's instancetype and preference were when they were taken.

A machine keeps what it was given, however the instancetype changes later.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

from virtctl.errors import InvalidField
from virtctl.local.api.instancetypes import matching
from virtctl.local.api.instancetypes.matching import Lookup, Part
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import CONTROLLER_REVISION, VIRTUAL_MACHINE

_LABEL = "instancetype.kubevirt.io/object-"
_KEPT = ("name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp")


def revision_name(vm: Document, found: Document) -> str:
    """Name of the revision that holds ``found`` for ``vm``."""
    version = documents.text(found, "apiVersion").rpartition("/")[2]
    generation = documents.integer(found, "metadata", "generation")
    parts = (documents.name_of(vm), documents.name_of(found), version, documents.uid_of(found))
    return "-".join((*parts, str(generation)))


def build_revision(vm: Document, found: Document) -> Document:
    """The revision that holds ``found``, an instancetype or preference, for ``vm``."""
    group, _, version = documents.text(found, "apiVersion").rpartition("/")
    metadata = documents.child(found, "metadata")
    stored = deepcopy(found)
    stored["metadata"] = {key: metadata[key] for key in _KEPT if key in metadata}
    return {
        "apiVersion": CONTROLLER_REVISION.api_version,
        "kind": CONTROLLER_REVISION.name,
        "metadata": {
            "name": revision_name(vm, found),
            "namespace": documents.namespace_of(vm),
            "labels": {
                f"{_LABEL}generation": str(documents.integer(found, "metadata", "generation")),
                f"{_LABEL}kind": documents.text(found, "kind"),
                f"{_LABEL}name": documents.name_of(found),
                f"{_LABEL}uid": documents.uid_of(found),
                f"{_LABEL}version": version if group else "",
            },
            "ownerReferences": [_owner(vm)],
        },
        "data": stored,
        "revision": 0,
    }


def _owner(vm: Document) -> Document:
    return {
        "apiVersion": VIRTUAL_MACHINE.api_version,
        "kind": VIRTUAL_MACHINE.name,
        "name": documents.name_of(vm),
        "uid": documents.uid_of(vm),
        "controller": True,
        "blockOwnerDeletion": True,
    }


class Altered(InvalidField):
    """There is a revision of the name already, and it holds something else."""


@dataclass(frozen=True)
class Capture:
    """What a machine uses of one part: its spec, the reference for its status, and the revision
    that is still to be made.
    """

    spec: Document
    reference: Document
    missing: Document | None = None


def capture(vm: Document, part: Part, lookup: Lookup) -> Capture | None:
    """What ``vm`` uses; None when it names nothing.

    Raises ``InvalidField`` when what it names is not there, or when a revision of the name holds
    something else.
    """
    matcher = matching.matcher_of(vm, part)
    if not documents.text(matcher, "name"):
        return None
    known = _known_revision(vm, part)
    if known:
        return Capture(_spec_of(vm, part, known, lookup), _reference(matcher, part, known))
    found = matching.find(vm, part, lookup)
    if found is None:
        raise _missing(matcher, part)
    built = build_revision(vm, found)
    name = documents.name_of(built)
    stored = lookup(CONTROLLER_REVISION, documents.namespace_of(vm), name)
    if stored is not None and documents.find(stored, "data", "spec") != found.get("spec"):
        raise Altered(
            f"spec.{part.field}",
            name,
            f"found existing ControllerRevision with unexpected data: {name}",
        )
    spec = documents.child(found, "spec")
    return Capture(spec, _reference(matcher, part, name), None if stored else built)


def _known_revision(vm: Document, part: Part) -> str:
    """The revision that is set by hand, else the one that was captured for the same matcher."""
    matcher = matching.matcher_of(vm, part)
    by_hand = documents.text(matcher, "revisionName")
    if by_hand:
        return by_hand
    reference = documents.child(vm, "status", part.reference)
    same = documents.text(reference, "name") == documents.text(matcher, "name") and (
        matching.kind_of(reference, part) == matching.kind_of(matcher, part)
    )
    return documents.text(reference, "controllerRevisionRef", "name") if same else ""


def _kind_name(matcher: Document, part: Part) -> str:
    """The kind as the machine spells it; without one, what is meant."""
    kind = matching.kind_of(matcher, part)
    return documents.text(matcher, "kind") or ("" if kind is None else kind.name)


def _reference(matcher: Document, part: Part, revision: str) -> Document:
    found: Document = {
        "name": documents.text(matcher, "name"),
        "kind": _kind_name(matcher, part),
        "controllerRevisionRef": {"name": revision},
    }
    for key in ("inferFromVolume", "inferFromVolumeFailurePolicy"):
        if matcher.get(key):
            found[key] = matcher[key]
    return found


def _spec_of(vm: Document, part: Part, revision: str, lookup: Lookup) -> Document:
    stored = lookup(CONTROLLER_REVISION, documents.namespace_of(vm), revision)
    if stored is None:
        raise InvalidField(
            f"spec.{part.field}.revisionName",
            revision,
            f'controllerrevisions.apps "{revision}" not found',
        )
    return documents.child(stored, "data", "spec")


def _missing(matcher: Document, part: Part) -> InvalidField:
    kind, name = matching.kind_of(matcher, part), documents.text(matcher, "name")
    if kind is None:
        given = documents.text(matcher, "kind")
        return InvalidField(
            f"spec.{part.field}.kind", given, f"got unexpected kind in {part.matcher}: {given}"
        )
    return InvalidField(f"spec.{part.field}", name, f'{kind.resource} "{name}" not found')


def peek(vm: Document, part: Part, lookup: Lookup) -> Document | None:
    """The spec of what ``vm`` names, as far as it can be found; None when it can't."""
    try:
        found = capture(vm, part, lookup)
    except InvalidField:
        return None
    return None if found is None else found.spec
