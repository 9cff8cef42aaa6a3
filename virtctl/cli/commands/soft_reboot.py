"""``soft-reboot``: ask the guest to reboot itself."""

from __future__ import annotations

from virtctl.cli.options import AllNames, Selector, VmiNames
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import chosen, doing, each
from virtctl.client import subresources
from virtctl.client.subresources import Owner


def run(
    session: Session,
    names: VmiNames = [],  # noqa: B006 - never changed
    *,
    selector: Selector = "",
    every: AllNames = False,
) -> Outcome:
    """Ask the guest to reboot itself, by its agent or the power button."""

    def act(name: str) -> str:
        with doing(f"cannot soft-reboot VMI {name}"):
            subresources.put(session.rest, Owner.VMI, session.namespace, name, "softreboot")
        return f"VMI {name} was scheduled to soft-reboot"

    found = chosen(session, names, selector, every=every, what="VMI")
    return each(session, found, act)
