"""``net attach``: give a machine a NIC on a network."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.netplugging import foretell, found_machine, ipam_of, submit, template_spec
from virtctl.cli.options import Argument, DryRun, Option, VmName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing, dry
from virtctl.client.resources import find
from virtctl.errors import VirtctlError
from virtctl.manifests.nics import with_nic
from virtctl.models.kinds import ATTACHMENT_DEFINITION
from virtctl.output.networks.causes import of_definitions
from virtctl.output.networks.findings import BAD


def run(
    session: Session,
    vm: VmName,
    network: Annotated[
        str, Argument("[NAMESPACE/]NETWORK", help="A network of `net list`.", complete="network")
    ],
    *,
    binding: Annotated[
        str,
        Option(
            "--binding", help="bridge, sriov or masquerade.",
            choices=("bridge", "sriov", "masquerade"),
        ),
    ] = "bridge",
    mac: Annotated[str, Option("--mac", help="MAC address; one of the pool by default.")] = "",
    name: Annotated[str, Option("--name", help="The NIC's name; the network's by default.")] = "",
    dry_run: DryRun = "",
) -> Outcome:  # fmt: skip
    """Give a machine a NIC on a network, and say beforehand what that needs.

    A running machine takes it live, after a migration, or at its next start: that is told before
    anything is changed. What the guest gets there is told, too.
    """
    place, _, own = network.rpartition("/")
    place = place or session.namespace
    dry_running = dry(session, dry_run)
    with doing(f"cannot attach VM {vm} to {network}"):
        document, found = found_machine(session, vm)
        definition = find(session.rest, ATTACHMENT_DEFINITION, place, own)
        for one in of_definitions({f"{place}/{own}": definition}):
            if one.state == BAD:
                raise VirtctlError(one.said, one.remedy)
        nic = name or own
        body = with_nic(template_spec(document), nic, network, binding, mac)
        foretell(session, found, binding)
        ipam = ipam_of(definition)
        if ipam and binding == "bridge":
            session.line(f"warning: the definition has `ipam` ({ipam}), which a bridged guest gets "
                         "nothing of: leave it out")  # fmt: skip
        submit(session, document, body, dry_run=dry_running)
    return Outcome(f"VM {vm}: NIC {nic} on {network}")
