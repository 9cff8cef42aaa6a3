"""``evacuate-cancel``: keep a machine on a node that is being emptied."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import Argument, DryRun
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.targets import owner
from virtctl.cli.verbs import doing, dry
from virtctl.client import resources, subresources
from virtctl.client.subresources import Owner
from virtctl.errors import VirtctlError
from virtctl.models.documents import Document, text
from virtctl.models.kinds import VIRTUAL_MACHINE_INSTANCE


def run(
    session: Session,
    kind: Annotated[str, Argument("vm|vmi", help="Type of the target.", choices=("vm", "vmi"))],
    name: Annotated[str, Argument("NAME", help="Name of the target.", complete="vm")],
    *,
    dry_run: DryRun = "",
) -> Outcome:
    """Cancel the evacuation of a machine from its node."""
    where = owner(kind)
    shown = "VM" if where is Owner.VM else "VMI"
    dry_running = dry(session, dry_run)
    namespace = session.namespace
    with doing(f"cannot cancel the evacuation of {shown} {namespace}/{name}"):
        vmi = resources.get(session.rest, VIRTUAL_MACHINE_INSTANCE, namespace, name)
        node = text(vmi, "status", "nodeName")
        if not node:
            raise VirtctlError(f"VMI {name} doesn't report Node name")
        body: Document = {"evacuationNodeName": node}
        body = subresources.dry_run(body, wanted=dry_running)
        subresources.put(session.rest, where, namespace, name, "evacuate/cancel", body)
    return Outcome(f"{shown} {namespace}/{name} was canceled evacuation")
