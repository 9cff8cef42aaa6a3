"""``restart``: restart virtual machines."""

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
from virtctl.cli.waiting import Awaited, awaited
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
    """Restart virtual machines, and with --wait see them come up again."""
    graceful(grace_period, force=force)
    dry_running = dry(session, dry_run)
    state = awaited(wait, timeout, default=Awaited.READY)
    wanted: Document = {} if grace_period is None else {"gracePeriodSeconds": grace_period}
    body = subresources.dry_run(wanted, wanted=dry_running)

    def act(name: str) -> str:
        old = state.instance_uid(session, name) if state else ""
        with doing(f"cannot restart VM {name}"):
            subresources.put(session.rest, Owner.VM, session.namespace, name, "restart", body)
        if state and not dry_running:
            return state.until(session, name, not_uid=old)
        return f"VM {name} was scheduled to restart"

    return each(session, chosen(session, names, selector, every=every), act)
