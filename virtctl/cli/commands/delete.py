"""``delete``: delete objects."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from virtctl.cli.durations import seconds
from virtctl.cli.files import FileNames, Recursive, manifests
from virtctl.cli.kindwords import Wanted, read
from virtctl.cli.options import AllNames, AllNamespaces, Argument, Option, Selector, Timeout
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.client import resources
from virtctl.errors import ExitCode, NotFound, UsageError, VirtctlError, WaitTimeout
from virtctl.models.documents import Document, name_of, namespace_of, text, uid_of
from virtctl.models.kinds import Kind


class Victim(NamedTuple):
    """One object to delete."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return (
            f'{self.kind.singular}{"." + self.kind.group if self.kind.group else ""} "{self.name}"'
        )


def run(
    session: Session,
    words: Annotated[
        list[str], Argument("KIND [NAME]", help="Kind and names, or KIND/NAME.", complete="kind")
    ] = [],  # noqa: B006 - never changed
    *,
    filename: FileNames = [],  # noqa: B006 - never changed
    recursive: Recursive = False,
    selector: Selector = "",
    every: AllNames = False,
    all_namespaces: AllNamespaces = False,
    ignore_not_found: Annotated[
        bool, Option("--ignore-not-found", help="What is not there is no error.")
    ] = False,
    grace_period: Annotated[
        int | None, Option("--grace-period", help="Seconds to end in; 0 ends it at once.")
    ] = None,
    cascade: Annotated[
        str,
        Option(
            "--cascade",
            help="What becomes of what it owns.",
            choices=("background", "foreground", "orphan"),
        ),
    ] = "background",
    wait: Annotated[bool, Option("--wait", help="Return when it is gone.")] = True,
    timeout: Timeout = "5m",
    dry_run: Annotated[
        str,
        Option("--dry-run", help="Ask the server only.", bare="server", choices=("none", "server")),
    ] = "none",
) -> Outcome:
    """Delete objects by name, label or file, and wait until they are gone."""
    limit = seconds(timeout, "--timeout")
    options: Document = {"propagationPolicy": cascade.capitalize()}
    if grace_period is not None:
        options["gracePeriodSeconds"] = grace_period
    if dry_run == "server":
        options["dryRun"] = ["All"]
    if filename:
        victims = _from_files(session, filename, recursive=recursive)
    else:
        wanted = read(session, words, needs_name=not (selector or every))
        victims = _from_words(session, wanted, selector, everywhere=all_namespaces)
    code: int = ExitCode.OK
    deleted: list[tuple[Victim, str]] = []
    for victim in victims:
        try:
            deleted.append((victim, _delete(session, victim, options)))
            session.out(f"{victim} deleted{' (server dry run)' if dry_run == 'server' else ''}")
        except NotFound as error:
            if not ignore_not_found:
                session.line(f"error: {error}")
                code = ExitCode.ERROR
        except VirtctlError as error:
            session.line(f"error: cannot delete {victim}: {error}")
            code = ExitCode.ERROR
    if wait and dry_run != "server":
        for victim, uid in deleted:
            _until_gone(session, victim, uid, limit)
    return Outcome(code=code)


def _from_files(session: Session, names: list[str], *, recursive: bool) -> list[Victim]:
    found = []
    # backwards, so that what others lie in goes last
    for manifest in reversed(manifests(session, names, recursive=recursive)):
        kind = resources.kind_for_object(session.rest, manifest.document)
        namespace = namespace_of(manifest.document) or session.namespace
        found.append(Victim(kind, namespace if kind.namespaced else "", name_of(manifest.document)))
    return found


def _from_words(
    session: Session, wanted: list[Wanted], selector: str, *, everywhere: bool
) -> list[Victim]:
    found: list[Victim] = []
    for kind, names in wanted:
        namespace = session.namespace if kind.namespaced else ""
        if names:
            if selector or everywhere:
                raise UsageError(
                    "names cannot be given together with --selector or --all-namespaces"
                )
            found.extend(Victim(kind, namespace, name) for name in names)
            continue
        query = {"labelSelector": selector} if selector else {}
        listed = resources.list_all(session.rest, kind, "" if everywhere else namespace, query)
        found.extend(Victim(kind, namespace_of(one), name_of(one)) for one in listed)
    return found


def _delete(session: Session, victim: Victim, options: Document) -> str:
    """Delete it; returns its UID as far as the answer tells."""
    kind, namespace, name = victim
    answer = resources.delete(session.rest, kind, namespace, name, options)
    return text(answer, "details", "uid") or uid_of(answer)


def _until_gone(session: Session, victim: Victim, uid: str, limit: float) -> None:
    env = session.env
    deadline = env.monotonic() + limit
    pause = 0.05
    while True:
        found = resources.find(session.rest, victim.kind, victim.namespace, victim.name)
        if found is None or (uid and uid_of(found) != uid):
            return
        if env.monotonic() > deadline:
            held = ", ".join(str(f) for f in _finalizers(found)) or "nothing that it says"
            raise WaitTimeout(f"the end of {victim}", limit, f"it is kept by finalizers {held}")
        env.sleep(pause)
        pause = min(pause * 1.5, 1.0)


def _finalizers(found: Document) -> list[object]:
    metadata = found.get("metadata")
    held = metadata.get("finalizers") if isinstance(metadata, dict) else None
    return list(held) if isinstance(held, list) else []
