"""What a controller decides, as values; ``reconcile`` carries them out in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from virtctl.models.documents import Document, JsonValue, name_of, namespace_of, uid_of
from virtctl.models.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class Create:
    """Make a new object. One that exists already is left as it is."""

    kind: Kind
    document: Document


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A JSON merge patch (RFC 7386). An object that is gone meanwhile is no error.

    ``subresource`` is ``status`` or empty. With ``admitted`` the result gets the defaults and
    checks of a user's write; controllers' own patches are taken as they are.
    """

    kind: Kind
    namespace: str
    name: str
    body: Document
    subresource: str = ""
    admitted: bool = False


@dataclass(frozen=True, kw_only=True)
class Delete:
    """Delete an object, only if it still has ``uid`` when that is given."""

    kind: Kind
    namespace: str
    name: str
    uid: str = ""
    propagation: str = "Background"
    grace_period_seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Announce:
    """An event about an object; ``warning`` makes its type Warning."""

    about: Document
    reason: str
    message: str
    warning: bool = False


@dataclass(frozen=True)
class Requeue:
    """Look at the same object again after so many seconds."""

    seconds: float


Change: TypeAlias = Create | Patch | Delete | Announce | Requeue


def patch_of(
    kind: Kind, old: Document, new: Document, *, status: bool = False
) -> tuple[Patch, ...]:
    """The patch that turns ``old`` into ``new``; none when they are equal.

    With ``status`` only ``status`` is looked at, and patched through the subresource.
    """
    if status:
        old, new = {"status": old.get("status")}, {"status": new.get("status")}
    body = difference(old, new)
    if not body:
        return ()
    source = new if "metadata" in new else old
    return (
        Patch(
            kind=kind,
            namespace=namespace_of(source),
            name=name_of(source),
            body=body,
            subresource="status" if status else "",
        ),
    )


def patch(kind: Kind, document: Document, body: Document, *, subresource: str = "") -> Patch:
    """The patch ``body`` of one object."""
    return Patch(
        kind=kind,
        namespace=namespace_of(document),
        name=name_of(document),
        body=body,
        subresource=subresource,
    )


def status_patch(kind: Kind, document: Document, status: Document) -> tuple[Patch, ...]:
    """The patch that makes ``status`` the status of ``document``; none when it already is.

    Kinds without a status subresource are patched whole.
    """
    body = difference({"status": document.get("status") or {}}, {"status": status})
    if not body:
        return ()
    subresource = "status" if "status" in kind.subresources else ""
    return (patch(kind, document, body, subresource=subresource),)


def delete(kind: Kind, document: Document, *, grace: int | None = None) -> Delete:
    """Delete exactly this object."""
    return Delete(
        kind=kind,
        namespace=namespace_of(document),
        name=name_of(document),
        uid=uid_of(document),
        grace_period_seconds=grace,
    )


def difference(old: Document, new: Document) -> Document:
    """The merge patch from ``old`` to ``new``; lists are replaced whole."""
    body: Document = {}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            inner = difference(before, value)
            if inner:
                body[key] = inner
        elif key not in old or before != value:
            body[key] = value
    for key in old:
        if key not in new:
            body[key] = None
    return body


def describe(change: Change) -> dict[str, JsonValue]:
    """A change as plain JSON, for logs and test cases."""
    match change:
        case Create():
            return {"create": change.kind.name, "document": change.document}
        case Patch():
            what = change.kind.name + ("/" + change.subresource if change.subresource else "")
            return {"patch": what, "name": change.name, "body": change.body}
        case Delete():
            said: dict[str, JsonValue] = {"delete": change.kind.name, "name": change.name}
            if change.grace_period_seconds is not None:
                said["grace"] = change.grace_period_seconds
            return said
        case Announce():
            about = f"{change.about.get('kind')}/{name_of(change.about)}"
            kind = "Warning" if change.warning else "Normal"
            return {"event": f"{kind} {change.reason}", "about": about, "message": change.message}
        case Requeue():
            return {"requeue": change.seconds}
        case _:
            assert_never(change)
