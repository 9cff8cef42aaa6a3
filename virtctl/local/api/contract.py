"""The values that ``ApiService`` takes and gives; ``service`` exports them all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from virtctl.models.documents import Document, JsonValue


@dataclass(frozen=True)
class Actor:
    """Who calls. ``system`` marks our own controllers and node agents.

    ``extra`` is what else is known of him, such as the pod whose token he has.
    """

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    system: bool = False
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def document(self) -> Document:
        """As reviews and the audit log show him (``authentication.k8s.io/v1`` UserInfo)."""
        found: Document = {"username": self.name, "groups": [*self.groups]}
        if self.uid:
            found["uid"] = self.uid
        if self.extra:
            found["extra"] = {key: [*values] for key, values in self.extra}
        return found


CONTROLLER = Actor(
    "system:serviceaccount:kubevirt:kubevirt-controller", ("system:masters",), system=True
)


@dataclass(frozen=True)
class WriteOptions:
    """Query parameters of writes. ``field_validation`` is Strict, Warn or Ignore.

    ``applied`` marks, inside the service, that managed fields are settled by server-side apply,
    and ``patched`` that the document came of a patch.
    ``duplicates`` are paths of fields that the body had twice.
    """

    actor: Actor = CONTROLLER
    dry_run: bool = False
    field_manager: str = ""
    field_validation: str = "Ignore"
    force: bool = False
    applied: bool = False
    patched: bool = False
    duplicates: tuple[str, ...] = ()
    warnings: list[str] = field(
        default_factory=list
    )  # filled by the service, sent as Warning headers


@dataclass(frozen=True)
class DeleteOptions:
    """``metav1.DeleteOptions``. ``propagation`` is Background, Foreground, Orphan or empty."""

    actor: Actor = CONTROLLER
    dry_run: bool = False
    propagation: str = ""
    grace_period_seconds: int | None = None
    precondition_uid: str = ""
    precondition_resource_version: str = ""


@dataclass(frozen=True)
class Listing:
    """A list answer; ``continue_token`` is empty when it is complete."""

    items: list[Document]
    resource_version: int
    continue_token: str = ""
    remaining: int = 0


@dataclass(frozen=True)
class WatchEvent:
    """``type`` is ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."""

    type: str
    object: Document


class Watch(Protocol):
    """An open watch; iterate it, and close it."""

    def __aiter__(self) -> AsyncIterator[WatchEvent]: ...

    def close(self) -> None: ...


class Patch(Protocol):
    """A parsed patch body: see ``virtctl.wire.patches``."""

    @property
    def content_type(self) -> str: ...

    @property
    def body(self) -> JsonValue: ...


@dataclass(frozen=True)
class Removal:
    """What a delete did: the object as it is or was last, and whether it is gone."""

    object: Document
    gone: bool


@dataclass(frozen=True)
class ListOptions:
    """Query parameters of lists. ``resource_version`` and ``match`` as in the API conventions."""

    labels: str = ""
    fields: str = ""
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    match: str = ""
