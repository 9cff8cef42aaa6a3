"""Owner references and finalizers of raw documents: read, build, compare."""

from __future__ import annotations

from virtctl.models.documents import (
    Document,
    JsonValue,
    flag,
    items,
    name_of,
    objects,
    text,
    uid_of,
)
from virtctl.models.kinds import Kind

VM_FINALIZER = "kubevirt.io/virtualMachineControllerFinalize"
VMI_FINALIZER = "kubevirt.io/foregroundDeleteVirtualMachine"
ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"


def controller_reference(kind: Kind, owner: Document) -> Document:
    """The owner reference that makes ``owner`` the controller of a new object."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def references(document: Document) -> list[Document]:
    """``metadata.ownerReferences``."""
    return list(objects(document, "metadata", "ownerReferences"))


def controller_of(document: Document) -> Document | None:
    """The owner reference marked as controller."""
    for reference in references(document):
        if flag(reference, "controller"):
            return reference
    return None


def is_controlled_by(document: Document, owner: Document) -> bool:
    """Whether ``owner`` is the controller of ``document``, by uid."""
    reference = controller_of(document)
    return reference is not None and text(reference, "uid") == uid_of(owner)


def finalizers(document: Document) -> list[str]:
    """``metadata.finalizers``."""
    return [value for value in items(document, "metadata", "finalizers") if isinstance(value, str)]


def is_deleting(document: Document) -> bool:
    """Whether the object is on its way out: it has a ``deletionTimestamp``."""
    return bool(text(document, "metadata", "deletionTimestamp"))


def with_finalizer(document: Document, finalizer: str) -> Document:
    """A merge patch that adds ``finalizer``."""
    return _finalizer_patch([*finalizers(document), finalizer])


def without_finalizer(document: Document, finalizer: str) -> Document:
    """A merge patch that removes ``finalizer``."""
    return _finalizer_patch([kept for kept in finalizers(document) if kept != finalizer])


def _finalizer_patch(wanted: list[str]) -> Document:
    values: list[JsonValue] = list(wanted)
    return {"metadata": {"finalizers": values or None}}
