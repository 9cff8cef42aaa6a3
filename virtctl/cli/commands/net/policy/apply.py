"""``net policy apply``: apply node policies, and wait for the nodes."""

from __future__ import annotations

from virtctl.cli import netpolicies
from virtctl.cli.files import FileNames
from virtctl.cli.options import DryRun, Timeout
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing, dry
from virtctl.models.documents import name_of


def run(
    session: Session,
    *,
    filename: FileNames = [],  # noqa: B006 - never changed
    timeout: Timeout = "2m",
    dry_run: DryRun = "",
) -> Outcome:
    """Apply node policies and wait until each node has carried them out, or say why one has not.

    Nodes put back what was there when a policy fails. What was wished before is kept for `net
    policy rollback`.
    """
    dry_running = dry(session, dry_run)
    done = []
    for wanted in netpolicies.policies(session, filename):
        name = name_of(wanted)
        with doing(f"cannot apply policy {name}"):
            sent = netpolicies.send(session, wanted, dry_run=dry_running)
        if not dry_running:
            netpolicies.refuse(name, netpolicies.settled(session, sent, timeout))
        done.append(f"policy {name} applied")
    return Outcome("\n".join(done))
