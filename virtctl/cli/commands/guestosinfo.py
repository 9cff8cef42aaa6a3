"""``guestosinfo``: what the guest agent says of its system."""

from __future__ import annotations

from virtctl.cli.guestinfo import InfoOutput, show
from virtctl.cli.options import VmiName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session


def run(session: Session, name: VmiName, *, output: InfoOutput = "json") -> Outcome:
    """Print what the guest agent says of its system."""
    return show(session, name, "guestosinfo", output, {"os": {}, "fsInfo": {"disks": None}})
