"""What ``ApiService`` needs from its neighbours: schemas and admission, as protocols.

``virtctl.local.api.schema`` and ``virtctl.local.api.admission`` fulfil them; tests pass fakes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from virtctl.errors import Cause
from virtctl.local.api.contract import Actor
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind


class Schemas(Protocol):
    """Structural schemas of the served kinds."""

    def unknown_fields(self, kind: Kind, document: Document) -> list[str]:
        """Paths of fields that the schema does not know, such as ``spec.x``."""

    def prune(self, kind: Kind, document: Document) -> Document:
        """``document`` without unknown fields."""

    def type_errors(self, kind: Kind, document: Document) -> list[Cause]:
        """Values of a type that the schema does not allow."""

    def list_keys(self, kind: Kind, path: tuple[str, ...]) -> tuple[str, ...] | None:
        """Keys of the list at ``path``; () for a set, None when it is atomic or unknown."""

    def is_atomic(self, kind: Kind, path: tuple[str, ...]) -> bool:
        """Whether the object at ``path`` is owned as a whole."""


class NoSchemas:
    """Knows nothing: every field is allowed and every list atomic."""

    def unknown_fields(self, kind: Kind, document: Document) -> list[str]:  # noqa: ARG002
        return []

    def prune(self, kind: Kind, document: Document) -> Document:  # noqa: ARG002
        return document

    def type_errors(self, kind: Kind, document: Document) -> list[Cause]:  # noqa: ARG002
        return []

    def list_keys(self, kind: Kind, path: tuple[str, ...]) -> tuple[str, ...] | None:  # noqa: ARG002
        return None

    def is_atomic(self, kind: Kind, path: tuple[str, ...]) -> bool:  # noqa: ARG002
        return False


@dataclass(frozen=True)
class Admitted:
    """A write on its way in. ``old`` is None on create, ``new`` None on delete."""

    kind: Kind
    actor: Actor
    subresource: str
    old: Document | None
    new: Document | None
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list)


Admit = Callable[[Admitted], Document]
"""Defaults and checks a write; returns the document to store. Raises ``ApiError`` to refuse."""


def admit_all(request: Admitted) -> Document:
    """Admission that changes and refuses nothing."""
    document = request.new if request.new is not None else request.old
    return document if document is not None else {}
