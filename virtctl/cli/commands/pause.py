"""``pause``: freeze a running machine."""

from __future__ import annotations

from virtctl.cli.options import AllNames, DryRun, Selector
from virtctl.cli.outcome import Outcome
from virtctl.cli.pausing import Wanted, Words, change
from virtctl.cli.session import Session


def run(
    session: Session,
    words: Words = [],  # noqa: B006 - never changed
    *,
    selector: Selector = "",
    every: AllNames = False,
    dry_run: DryRun = "",
) -> Outcome:
    """Freeze running machines; their memory stays."""
    return change(session, Wanted(words, selector, every), "pause", dry_run=dry_run)
