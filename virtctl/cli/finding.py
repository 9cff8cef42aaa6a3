"""Which machine a target means when it can be read in more than one way.

Dots belong to names, but older releases wrote ``NAME.NAMESPACE``; and a bare name may be that of
an instance without a VirtualMachine. Only such targets cost requests.
"""

from __future__ import annotations

from virtctl.cli.session import Session
from virtctl.cli.targets import Named
from virtctl.client.resources import find, list_all
from virtctl.client.subresources import Owner
from virtctl.errors import UsageError, VirtctlError
from virtctl.models.documents import name_of, namespace_of
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE, Kind


def settle(session: Session, machine: Named) -> Named:
    """``machine`` with its namespace, in the reading that is true of the cluster.

    Raises ``UsageError`` with the candidates when more than one is.
    """
    whole = machine._replace(namespace=machine.namespace or session.namespace)
    if machine.namespace or "." not in machine.name:
        return whole
    first, _, second = machine.name.rpartition(".")
    older = machine._replace(name=first, namespace=second)
    readings = [one for one in (whole, older) if _exists(session, one)]
    if len(readings) > 1 and not machine.typed:
        shown = ", ".join(f"`{one}`" for one in readings)
        raise UsageError(f"target `{machine.name}` is ambiguous: {shown}", "write one of these")
    found = readings[0] if readings else whole
    return found if machine.typed else _typed(session, found)


def instance_of(session: Session, machine: Named) -> Named | None:
    """The instance that a bare name means when no VirtualMachine has it."""
    if machine.typed or not _find(session, VIRTUAL_MACHINE_INSTANCE, machine):
        return None
    return machine._replace(owner=Owner.VMI, typed=True)


def elsewhere(session: Session, name: str) -> list[str]:
    """Machines called ``name`` in any namespace, as targets; none when that may not be known."""
    query = {"fieldSelector": f"metadata.name={name}"}
    found: dict[tuple[str, str], str] = {}
    for kind, word in ((VIRTUAL_MACHINE_INSTANCE, "vmi"), (VIRTUAL_MACHINE, "vm")):
        try:
            listed = list_all(session.rest, kind, "", query)
        except VirtctlError:
            continue
        found |= {(namespace_of(one), name_of(one)): word for one in listed}
    return [f"{word}/{own}/{place}" for (place, own), word in sorted(found.items())]


def _typed(session: Session, machine: Named) -> Named:
    if _find(session, VIRTUAL_MACHINE, machine):
        return machine
    return instance_of(session, machine) or machine


def _exists(session: Session, machine: Named) -> bool:
    kinds = [VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE]
    if machine.typed:
        kinds = kinds[:1] if machine.owner is Owner.VM else kinds[1:]
    return any(_find(session, kind, machine) for kind in kinds)


def _find(session: Session, kind: Kind, machine: Named) -> bool:
    try:
        return find(session.rest, kind, machine.namespace, machine.name) is not None
    except VirtctlError:
        return False  # what may not be seen is no candidate
