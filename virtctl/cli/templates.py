"""What the ``template`` commands share: where a template comes from, and how one is printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from virtctl.cli.files import only
from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.errors import UsageError
from virtctl.models.documents import Document, JsonValue

TemplateName = Annotated[
    str, Option("--name", help="Name of a template of the cluster.", group=("from",))
]
TemplateOutput = Annotated[
    str, Option("--output", "-o", help="yaml or json.", choices=("yaml", "json"))
]


def one_name(word: str, name: str) -> str:
    """The template's name, given by word or flag. Raises ``UsageError`` for both."""
    if word and name:
        raise UsageError("a template was named twice: by a word and by flag `--name`")
    return word or name


def source(
    session: Session, name: str, file: str, get: Callable[[str], Document]
) -> tuple[str, Document]:
    """What it is called in messages, and the template of a file or by ``get`` of the cluster.

    Raises ``UsageError`` unless there is exactly one of name and file.
    """
    if bool(name) == bool(file):
        raise UsageError(
            "name and file exclude each other" if name else "missing name or flag `--file`",
            "name a template of the cluster or a file",
        )
    if file:
        manifest = only(session, file)
        return manifest.place(), manifest.document
    with doing(f"cannot get template {name}"):
        return f"template {name}", get(name)


def printed(value: JsonValue, output: str) -> Outcome:
    """In the format asked for."""
    from virtctl.output.documents import as_json, as_yaml

    return Outcome(as_json(value, 1) if output == "json" else as_yaml(value))
