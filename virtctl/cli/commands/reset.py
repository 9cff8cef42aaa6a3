"""``reset``: press the reset button of a running machine."""

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
    """Press the reset button; the guest gets no warning."""

    def act(name: str) -> str:
        with doing(f"cannot reset VMI {name}"):
            subresources.put(session.rest, Owner.VMI, session.namespace, name, "reset")
        return f"VMI {name} was scheduled to reset"

    found = chosen(session, names, selector, every=every, what="VMI")
    return each(session, found, act)
