"""``net detach``: take a NIC from a machine."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.netplugging import foretell, found_machine, submit, template_spec
from virtctl.cli.options import Argument, DryRun, VmName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing, dry
from virtctl.manifests.nics import binding_of, nic_called, without_nic


def run(
    session: Session,
    vm: VmName,
    name: Annotated[str, Argument("NIC|NETWORK", help="The NIC, or its network.")],
    *,
    dry_run: DryRun = "",
) -> Outcome:
    """Take a NIC from a machine, and say beforehand what that needs.

    A running guest lets go of it first (`state: absent`); then it goes from the template.
    """
    dry_running = dry(session, dry_run)
    with doing(f"cannot detach VM {vm} from {name}"):
        document, found = found_machine(session, vm)
        spec = template_spec(document)
        nic = nic_called(spec, name, session.namespace)
        made = foretell(session, found, binding_of(spec, nic))
        body = without_nic(spec, nic, plugged=made.word in {"live", "migration"})
        submit(session, document, body, dry_run=dry_running)
    return Outcome(f"VM {vm}: NIC {nic} goes")
