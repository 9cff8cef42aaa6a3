"""``userlist``: the users logged in to the guest."""

from __future__ import annotations

from virtctl.cli.guestinfo import InfoOutput, show
from virtctl.cli.options import VmiName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session


def run(session: Session, name: VmiName, *, output: InfoOutput = "json") -> Outcome:
    """Print the users logged in to the guest."""
    return show(session, name, "userlist", output, {})
