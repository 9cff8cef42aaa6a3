"""``get-ip``: a machine's addresses, from all that know some."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import Option, Timeout, VmName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.cli.waiting import Awaited, Patience, look
from virtctl.cli.waiting import awaited as read_wait
from virtctl.client import resources
from virtctl.errors import NotFound, VirtctlError, WaitTimeout
from virtctl.models.documents import Document, name_of
from virtctl.models.kinds import POD
from virtctl.output.addresses import Address, merge
from virtctl.output.documents import as_json, as_yaml
from virtctl.output.tables import grid


def run(
    session: Session,
    name: VmName,
    *,
    wait: Annotated[bool, Option("--wait", help="Wait until there is an address.")] = False,
    timeout: Timeout = "5m",
    interface: Annotated[str, Option("--interface", help="Only this interface.")] = "",
    family: Annotated[
        str, Option("--family", help="Only IPv4 or IPv6: 4 or 6.", choices=("", "4", "6"))
    ] = "",
    first: Annotated[
        bool, Option("--first", "-1", help="Print the one address to reach it at, alone.")
    ] = False,
    output: Annotated[
        str, Option("--output", "-o", help="json or yaml.", choices=("", "json", "yaml"))
    ] = "",
) -> Outcome:
    """Print where a machine is reached, and what addresses it sees inside.

    The two differ behind masquerade: the pod's address leads to the guest, whose own is the same in
    every machine.
    """
    patience = read_wait("ip" if wait else "", timeout, default=Awaited.IP)
    if patience:
        _wait(session, patience, name)
    with doing(f"cannot get addresses of VM {name}"):
        seen = look(session, name)
        if seen.vmi is None and seen.vm is None:
            raise NotFound("there is no such machine")
        if seen.vmi is None:
            raise VirtctlError("it does not run", f"virtctl start {name}")
        found = merge(seen.vmi, _pod(session, seen.vmi))
    shown = [a for a in found if (not interface or a.interface == interface) and a.matches(family)]
    if not shown:
        raise VirtctlError(f"VM {name} has no address yet: {seen.stage()}", "wait with --wait")
    if output:
        data = [address.document() for address in shown]
        return Outcome(as_json(list(data)) if output == "json" else as_yaml(list(data)))
    if first:
        return Outcome(next((a.address for a in shown if a.reachable), shown[0].address))
    return Outcome("\n".join(_table(shown)))


def _wait(session: Session, patience: Patience, name: str) -> None:
    """Wait; when it was in vain, tell how far the guest came with its lease."""
    try:
        patience.until(session, name)
    except WaitTimeout:
        from virtctl.cli.netpaths import leases  # all of networks, for this alone

        for line in leases(session, name):
            session.line(f"DHCP on {line}")
        raise


def _pod(session: Session, vmi: Document) -> Document:
    """The launcher pod, whose status says what the pod network gave; empty when unseen."""
    selector = {"labelSelector": f"vm.kubevirt.io/name={name_of(vmi)}"}
    try:
        pods = resources.list_all(session.rest, POD, session.namespace, selector)
    except VirtctlError:
        return {}
    return pods[-1] if pods else {}


def _table(addresses: list[Address]) -> list[str]:
    head = ["ADDRESS", "USE", "INTERFACE", "MAC", "SOURCE"]
    rows = [
        [
            a.address,
            "reach at" if a.reachable else "inside guest",
            a.interface or "-",
            a.mac or "-",
            ",".join(a.sources),
        ]
        for a in addresses
    ]
    return grid([head, *rows])
