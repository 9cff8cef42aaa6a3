"""What the ``create`` commands share: random names, and an object that is printed or sent."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.models.documents import Document, name_of

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # no vowels, as Kubernetes' generated names

Apply = Annotated[bool, Option("--apply", help="Create it in the cluster instead of printing it.")]
MadeOutput = Annotated[
    str, Option("--output", "-o", help="json or yaml.", choices=("yaml", "json"))
]  # fmt: skip


def suffix(session: Session, length: int = 5) -> str:
    """Random characters for the end of a name."""
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in session.env.random(length))


def finish(session: Session, document: Document, output: str, *, apply: bool) -> Outcome:
    """Print ``document``, or create it and say so. Raises ``ApiError``."""
    if not apply:
        return printed([document], output)
    create(session, document)
    return Outcome()


def printed(documents: list[Document], output: str) -> Outcome:
    """One document, or several as a List or divided by ``---``."""
    from virtctl.output.documents import as_json, as_list, as_yaml

    if output == "json":
        return Outcome(as_json(documents[0] if len(documents) == 1 else as_list(documents)))
    return Outcome("---\n".join(as_yaml(document) for document in documents))


def create(session: Session, document: Document) -> Document:
    """Create ``document`` in its namespace or the session's; as it is then. Raises ``ApiError``."""
    from virtctl.client import resources
    from virtctl.models.documents import namespace_of

    kind = resources.kind_for_object(session.rest, document)
    name = name_of(document)
    namespace = (namespace_of(document) or session.namespace) if kind.namespaced else ""
    sent = {key: value for key, value in document.items() if key != "status"}
    query = {"fieldManager": "virtctl", "fieldValidation": "Strict"}
    with doing(f"cannot create {kind.name} {name}"):
        created = resources.create(session.rest, kind, namespace, sent, query)
    group = f".{kind.group}" if kind.group else ""
    session.out(f"{kind.singular}{group}/{name} created")
    return created
