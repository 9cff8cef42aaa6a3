"""``stop``: stop virtual machines."""

from __future__ import annotations

from virtctl.cli.options import (
    AllNames,
    DryRun,
    Force,
    GracePeriod,
    Selector,
    Timeout,
    VmNames,
    Wait,
)
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import chosen, doing, dry, each, graceful
from virtctl.cli.waiting import Awaited, already, awaited
from virtctl.client import subresources
from virtctl.client.subresources import Owner
from virtctl.models.documents import Document


def run(
    session: Session,
    names: VmNames = [],  # noqa: B006 - never changed
    *,
    force: Force = False,
    grace_period: GracePeriod = None,
    selector: Selector = "",
    every: AllNames = False,
    wait: Wait = "",
    timeout: Timeout = "5m",
    dry_run: DryRun = "",
) -> Outcome:
    """Stop virtual machines, and with --wait see them stopped."""
    graceful(grace_period, force=force)
    dry_running = dry(session, dry_run)
    state = awaited(wait, timeout, default=Awaited.STOPPED)
    wanted: Document = {} if grace_period is None else {"gracePeriod": grace_period}
    body = subresources.dry_run(wanted, wanted=dry_running)

    def act(name: str) -> str:
        with doing(f"cannot stop VM {name}"), already(session, name, state):
            subresources.put(session.rest, Owner.VM, session.namespace, name, "stop", body)
        if state and not dry_running:
            return state.until(session, name)
        return f"VM {name} was scheduled to stop"

    return each(session, chosen(session, names, selector, every=every), act)
