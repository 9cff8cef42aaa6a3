"""``net policy diff``: what a node policy would change."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli import netpolicies
from virtctl.cli.files import FileNames
from virtctl.cli.options import Argument
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import ExitCode, UsageError
from virtctl.models.documents import name_of
from virtctl.output.networks.states import desired_of, differences


def run(
    session: Session,
    name: Annotated[str, Argument("POLICY", help="A policy that is there.")] = "",
    *,
    filename: FileNames = [],  # noqa: B006 - never changed
) -> Outcome:
    """Show how the nodes differ from what a policy wishes: value now -> value wished.

    Of files it says what they would change, of a policy that is there what has changed since. The
    exit code is 1 when there are differences, as diff's.
    """
    if bool(name) == bool(filename):
        raise UsageError("name a policy, or give --filename")
    wanted = (
        [netpolicies.policy(session, name)] if name else netpolicies.policies(session, filename)
    )
    lines = []
    for policy in wanted:
        nodes = netpolicies.current_states(session, policy)
        if not nodes:
            session.line(f"policy {name_of(policy)} is for no node whose state is known")
        for node, state in sorted(nodes.items()):
            lines += [f"{node}: {line}" for line in differences(desired_of(policy), state)]
    return Outcome("\n".join(lines), code=ExitCode.ERROR if lines else ExitCode.OK)
