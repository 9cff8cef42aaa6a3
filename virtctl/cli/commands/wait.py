"""``wait``: wait until machines reach a state."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import AllNames, Option, Selector, Timeout, VmNames
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import chosen, each
from virtctl.cli.waiting import Awaited, awaited
from virtctl.errors import UsageError


def run(
    session: Session,
    names: VmNames = [],  # noqa: B006 - never changed
    *,
    awaited_state: Annotated[
        str,
        Option(
            "--for",
            help="State: ready, running, ip, agent, ssh, cloud-init, stopped or deleted.",
            metavar="STATE",
            complete="wait",
        ),
    ] = "ready",
    selector: Selector = "",
    every: AllNames = False,
    timeout: Timeout = "5m",
) -> Outcome:
    """Wait until machines reach a state; on a timeout say how far they came (exit code 124)."""
    patience = awaited(awaited_state, timeout, default=Awaited.READY, flag="--for")
    if patience is None:
        raise UsageError("missing state for flag `--for`")

    def act(name: str) -> str:
        return patience.until(session, name)

    return each(session, chosen(session, names, selector, every=every), act)
