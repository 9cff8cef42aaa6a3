"""``validate``: check manifests without a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from virtctl.cli.files import FileNames, Recursive, manifests
from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import ExitCode
from virtctl.manifests.loading import Manifest
from virtctl.models.documents import Document, name_of, namespace_of, text
from virtctl.output.documents import as_json, as_yaml

if TYPE_CHECKING:
    from virtctl.cli.checking import Finding


def run(
    session: Session,
    *,
    filename: FileNames = [],  # noqa: B006 - never changed
    recursive: Recursive = False,
    strict: Annotated[bool, Option("--strict", help="Count warnings as errors.")] = False,
    output: Annotated[
        str, Option("--output", "-o", help="json or yaml.", choices=("", "json", "yaml"))
    ] = "",
) -> Outcome:
    """Check manifests without a cluster: fields, types, KubeVirt's rules, and likely mistakes.

    One line a finding, with file and line. The exit code is 1 when there is an error.
    """
    from virtctl.cli.checking import Finding, check

    found = manifests(session, filename, recursive=recursive)
    findings = [(one, finding) for one in found for finding in check(one.document)]
    findings += [
        (one, Finding("metadata.name", f"the same object is at {first}"))
        for one, first in _twice(found)
    ]
    findings.sort(key=lambda pair: (found.index(pair[0]), _where(*pair)))
    errors = sum(finding.is_error for _, finding in findings)
    session.line(_summary(len(found), errors, len(findings) - errors))
    failed = errors or (strict and findings)
    code = ExitCode.ERROR if failed else ExitCode.OK
    if output:
        data = [_document(one, finding) for one, finding in findings]
        return Outcome(as_json([*data]) if output == "json" else as_yaml([*data]), code=code)
    return Outcome("\n".join(_line(one, finding) for one, finding in findings), code=code)


def _twice(found: list[Manifest]) -> list[tuple[Manifest, str]]:
    """Objects that are there before, and where."""
    places: dict[tuple[str, str, str], str] = {}
    again = []
    for one in found:
        document = one.document
        if not name_of(document):
            continue
        key = (text(document, "kind"), namespace_of(document), name_of(document))
        if key in places:
            again.append((one, places[key]))
        else:
            places[key] = one.place("metadata.name")
    return again


def _line(manifest: Manifest, finding: Finding) -> str:
    what = "error" if finding.is_error else "warning"
    field = f"{finding.field}: " if finding.field and finding.field not in finding.message else ""
    return f"{manifest.place(finding.field)}: {what}: {manifest.title}: {field}{finding.message}"


def _where(manifest: Manifest, finding: Finding) -> int:
    """The line, 0 when it is not known."""
    line = manifest.place(finding.field).rpartition(":")[2]
    return int(line) if line.isdigit() else 0


def _document(manifest: Manifest, finding: Finding) -> Document:
    return {
        "file": manifest.source,
        "line": _where(manifest, finding),
        "object": manifest.title,
        "severity": "error" if finding.is_error else "warning",
        "field": finding.field,
        "message": finding.message,
    }


def _summary(objects: int, errors: int, warnings: int) -> str:
    parts = [(objects, "object"), (errors, "error"), (warnings, "warning")]
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts)
