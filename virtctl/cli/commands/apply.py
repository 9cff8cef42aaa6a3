"""``apply``: create or change objects from files, by server-side apply."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from virtctl.cli.files import FileNames, Recursive, manifests, place
from virtctl.cli.options import Option, Timeout, Wait
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.waiting import Awaited, awaited
from virtctl.client import resources
from virtctl.errors import Conflict, ExitCode, UsageError, VirtctlError
from virtctl.manifests.loading import Manifest
from virtctl.models.documents import Document, name_of, namespace_of, text
from virtctl.models.kinds import VIRTUAL_MACHINE, Kind
from virtctl.output.documents import as_json, as_list, as_yaml

MANAGER = "virtctl"


class Applied(NamedTuple):
    """One object after it was applied, and what happened to it."""

    kind: Kind
    document: Document
    done: str


def run(
    session: Session,
    *,
    filename: FileNames = [],  # noqa: B006 - never changed
    recursive: Recursive = False,
    force_conflicts: Annotated[
        bool, Option("--force-conflicts", help="Take over fields that somebody else manages.")
    ] = False,
    validate: Annotated[
        str,
        Option(
            "--validate",
            help="What to do about unknown fields: strict, warn or ignore.",
            bare="strict",
            choices=("strict", "warn", "ignore", "true", "false"),
        ),
    ] = "strict",
    dry_run: Annotated[
        str,
        Option(
            "--dry-run",
            help="Ask the server without changing anything, or do not even ask.",
            bare="server",
            choices=("server", "client", "none", "true", "false"),
        ),
    ] = "none",
    wait: Wait = "",
    timeout: Timeout = "5m",
    output: Annotated[
        str,
        Option("--output", "-o", help="json, yaml or name.", choices=("", "json", "yaml", "name")),
    ] = "",
) -> Outcome:
    """Create or change objects from files, and say what happened to each.

    One file may hold several documents. An object that fails is told of with its file and line, and
    the others are applied nevertheless.
    """
    query = {"fieldManager": MANAGER, "fieldValidation": _validation(validate)}
    if force_conflicts:
        query["force"] = "true"
    if dry_run in {"server", "true"}:
        query["dryRun"] = "All"
    patience = awaited(wait, timeout, default=Awaited.READY)
    applied: list[Applied] = []
    failed: list[tuple[Manifest, VirtctlError]] = []
    found = manifests(session, filename, recursive=recursive)
    for manifest in found:
        try:
            one = _apply(session, manifest, query, ask=dry_run != "client")
        except VirtctlError as error:
            failed.append((manifest, error))
            continue
        applied.append(one)
        if not output:
            session.out(_line(one, dry_run))
    for manifest, problem in failed:
        session.line(f"error: {place(manifest, problem)}: {manifest.title}: {problem}")
        _hint(session, problem)
    if patience and not failed and dry_run in {"none", "false"}:
        for one in applied:
            if one.kind == VIRTUAL_MACHINE:
                session.out(patience.until(session, name_of(one.document)))
    return Outcome(_shown(applied, output), code=ExitCode.ERROR if failed else ExitCode.OK)


def _validation(word: str) -> str:
    return {"true": "Strict", "false": "Ignore"}.get(word, word.capitalize())


def _apply(session: Session, manifest: Manifest, query: dict[str, str], *, ask: bool) -> Applied:
    document = manifest.document
    rest = session.rest
    kind = resources.kind_for_object(rest, document)
    name = name_of(document)
    if not name:
        raise VirtctlError("`metadata.name` is missing")
    namespace = _namespace(session, kind, document)
    before = resources.find(rest, kind, namespace, name)
    if not ask:
        return Applied(kind, document, "created" if before is None else "configured")
    after = resources.patch(rest, kind, namespace, name, document, resources.APPLY_PATCH, query)
    if before is None:
        return Applied(kind, after, "created")
    version = text(before, "metadata", "resourceVersion")
    same = version == text(after, "metadata", "resourceVersion")
    return Applied(kind, after, "unchanged" if same else "configured")


def _namespace(session: Session, kind: Kind, document: Document) -> str:
    if not kind.namespaced:
        return ""
    own = namespace_of(document)
    given = session.given_namespace
    if own and given and own != given:
        raise UsageError(f"its namespace `{own}` is not the `{given}` of --namespace")
    return own or session.namespace


def _line(one: Applied, dry_run: str) -> str:
    note = {"server": " (server dry run)", "true": " (server dry run)", "client": " (dry run)"}
    return f"{_resource(one)} {one.done}{note.get(dry_run, '')}"


def _resource(one: Applied) -> str:
    group = f".{one.kind.group}" if one.kind.group else ""
    return f"{one.kind.singular}{group}/{name_of(one.document)}"


def _shown(applied: list[Applied], output: str) -> str:
    if output == "name":
        return "\n".join(_resource(one) for one in applied)
    if output not in {"json", "yaml"} or not applied:
        return ""
    documents = [one.document for one in applied]
    value = documents[0] if len(documents) == 1 else as_list(documents)
    return as_json(value) if output == "json" else as_yaml(value)


def _hint(session: Session, error: VirtctlError) -> None:
    hint = error.hint
    reasons = error.details.causes if isinstance(error, Conflict) else ()
    if any(cause.reason == "FieldManagerConflict" for cause in reasons):
        hint = "--force-conflicts takes these fields over"
    if hint:
        session.line(f"hint: {hint}")
