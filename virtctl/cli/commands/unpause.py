"""``unpause``: let a frozen machine go on."""

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
    """Let frozen machines go on."""
    return change(session, Wanted(words, selector, every), "unpause", dry_run=dry_run)
