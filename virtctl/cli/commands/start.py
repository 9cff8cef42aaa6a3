"""``start``: start virtual machines."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import AllNames, DryRun, Option, Selector, Timeout, VmNames, Wait
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import chosen, doing, dry, each
from virtctl.cli.waiting import Awaited, already, awaited
from virtctl.client import subresources
from virtctl.client.subresources import Owner


def run(
    session: Session,
    names: VmNames = [],  # noqa: B006 - never changed
    *,
    paused: Annotated[bool, Option("--paused", help="Start it paused.")] = False,
    selector: Selector = "",
    every: AllNames = False,
    wait: Wait = "",
    timeout: Timeout = "5m",
    dry_run: DryRun = "",
) -> Outcome:
    """Start virtual machines, and with --wait see them come up."""
    dry_running = dry(session, dry_run)
    state = awaited(wait, timeout, default=Awaited.READY)
    body = subresources.dry_run({"paused": True} if paused else {}, wanted=dry_running)

    def act(name: str) -> str:
        with doing(f"cannot start VM {name}"), already(session, name, state):
            subresources.put(session.rest, Owner.VM, session.namespace, name, "start", body)
        if state and not dry_running:
            return state.until(session, name)
        return f"VM {name} was scheduled to start"

    return each(session, chosen(session, names, selector, every=every), act)
