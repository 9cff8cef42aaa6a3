"""``local doctor``: what on this machine would get in the way, and what to do about it."""

from __future__ import annotations

from virtctl.cli.instance import Directory, StructuredOutput, layout_of
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import ExitCode


def run(session: Session, *, directory: Directory = "", output: StructuredOutput = "") -> Outcome:
    """Look for what would keep the control plane or its guests from working; changes nothing.

    Exit code 1 when something would.
    """
    from virtctl.local.daemon.doctor import examine
    from virtctl.output.documents import as_json, as_yaml

    findings = examine(layout_of(session, directory))
    failed = any(finding.level == "fail" for finding in findings)
    code = ExitCode.ERROR if failed else ExitCode.OK
    if output:
        report = [finding.document() for finding in findings]
        return Outcome(
            as_json({"findings": [*report]})
            if output == "json"
            else as_yaml({"findings": [*report]}),
            code=code,
        )
    lines = []
    for finding in findings:
        lines.append(f"{finding.level:<5} {finding.name}: {finding.said}")
        if finding.remedy:
            lines.append(f"      remedy: {finding.remedy}")
    return Outcome("\n".join(lines), code=code)
