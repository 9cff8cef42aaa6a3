"""``net policy rollback``: wish again what was wished before."""

from __future__ import annotations

import json
from typing import Annotated

from virtctl.cli import netpolicies
from virtctl.cli.options import Argument, DryRun, Timeout
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing, dry
from virtctl.client import resources
from virtctl.errors import VirtctlError
from virtctl.models.documents import strings
from virtctl.models.kinds import NODE_NETWORK_POLICY
from virtctl.output.networks import states

_PLACE = f"/metadata/annotations/{states.PREVIOUS.replace('/', '~1')}"


def run(
    session: Session,
    name: Annotated[str, Argument("POLICY", help="A policy that is there.")],
    *,
    timeout: Timeout = "2m",
    dry_run: DryRun = "",
) -> Outcome:
    """Give a policy the desired state that it had before the last `net policy apply`.

    Of a policy that was new, what it made becomes absent, and what it changed as it was, also
    routes and rules; DNS and bridge mappings stay. Twice, it undoes itself.
    """
    dry_running = dry(session, dry_run)
    with doing(f"cannot roll policy {name} back"):
        policy = netpolicies.policy(session, name)
        kept = strings(policy, "metadata", "annotations").get(states.PREVIOUS, "")
        if not kept:
            raise VirtctlError(
                "nothing is known of what was before", "apply it by `virtctl net policy apply`"
            )
        wished = states.desired_of(policy)
        operations = [
            {"op": "replace", "path": "/spec/desiredState", "value": json.loads(kept)},
            {"op": "add", "path": _PLACE, "value": json.dumps(wished)},
        ]
        query = {"dryRun": "All"} if dry_running else {}
        sent = resources.patch(
            session.rest, NODE_NETWORK_POLICY, "", name, [*operations], resources.JSON_PATCH, query
        )
    if not dry_running:
        netpolicies.refuse(name, netpolicies.settled(session, sent, timeout))
    return Outcome(f"policy {name} is what it was before")
