"""``fslist``: the guest's file systems."""

from __future__ import annotations

from virtctl.cli.guestinfo import InfoOutput, show
from virtctl.cli.options import VmiName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session


def run(session: Session, name: VmiName, *, output: InfoOutput = "json") -> Outcome:
    """Print the guest's file systems."""
    return show(session, name, "filesystemlist", output, {})
