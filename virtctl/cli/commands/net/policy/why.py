"""``net policy why``: what nodes made of a policy."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli import netpolicies
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import ExitCode
from virtctl.models.documents import JsonValue
from virtctl.output.documents import as_json, as_yaml
from virtctl.output.networks import states

_SHORT = {"Failing", "Aborted", states.RETRYING}


def run(
    session: Session,
    name: Annotated[str, Argument("POLICY", help="A policy that is there.")],
    *,
    output: Annotated[
        str, Option("--output", "-o", help="json or yaml.", choices=("", "json", "yaml"))
    ] = "",
) -> Outcome:
    """Say what each node made of a policy, and the line that tells why one failed.

    The exit code is 1 when it failed somewhere.
    """
    enactments = netpolicies.enactments_of(session, name)
    failed = netpolicies.failures(enactments, name)
    code = ExitCode.ERROR if failed else ExitCode.OK
    rows = [(states.node_of(one, name), *states.stage(one)) for one in enactments]
    if output:
        data: list[JsonValue] = [
            {"node": node, "stage": stage, "reason": states.first_line(said), "message": said}
            for node, stage, said in rows
        ]
        return Outcome(as_json(data) if output == "json" else as_yaml(data), code=code)
    if not rows:
        session.line(f"no node has begun with policy {name}: does its nodeSelector fit one?")
    lines = []
    for node, stage, said in rows:
        shown = states.first_line(said) if stage in _SHORT else said
        lines.append(f"{node}: {stage or 'waits'}{f': {shown}' if shown else ''}")
    return Outcome("\n".join(lines), code=code)
