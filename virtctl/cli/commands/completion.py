"""``completion``: completion scripts for shells."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.shells import SHELLS, script


def run(
    session: Session,
    shell: Annotated[
        str, Argument("SHELL", help="bash, zsh, fish or powershell.", choices=SHELLS)
    ] = "",
    *,
    no_descriptions: Annotated[
        bool, Option("--no-descriptions", help="Offer names without descriptions.")
    ] = False,
) -> Outcome:
    """Print a completion script: `source <(virtctl completion bash)`.

    It completes commands, flags, and names of machines, namespaces and contexts.
    """
    if shell not in SHELLS:
        from virtctl.cli.lazy import help_text

        return Outcome(help_text(session.env.program, ("completion",)))
    return Outcome(script(shell, describe=not no_descriptions))
