"""Reading what verbs ask of instances: phase, conditions, run strategy."""

from __future__ import annotations

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.api.verbs import refusals
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

FINAL_PHASES = frozenset({"Succeeded", "Failed"})


def machine(service: ApiService, namespace: str, name: str) -> Document:
    """The VirtualMachine. Raises ``NotFound`` in virt-api's words."""
    try:
        return service.get(VIRTUAL_MACHINE, namespace, name)
    except NotFound:
        raise refusals.missing(VIRTUAL_MACHINE, name) from None


def instance(service: ApiService, namespace: str, name: str) -> Document:
    """The VirtualMachineInstance. Raises ``NotFound`` in virt-api's words."""
    found = find_instance(service, namespace, name)
    if found is None:
        raise refusals.missing(VIRTUAL_MACHINE_INSTANCE, name)
    return found


def instance_of_machine(service: ApiService, namespace: str, name: str) -> Document:
    """The instance of a VirtualMachine. Raises ``NotFound``; ``Conflict`` when there is none."""
    machine(service, namespace, name)
    found = find_instance(service, namespace, name)
    if found is None:
        raise refusals.conflict(VIRTUAL_MACHINE, name, "VMI is not started")
    return found


def find_instance(service: ApiService, namespace: str, name: str) -> Document | None:
    """The VirtualMachineInstance, if there is one."""
    try:
        return service.get(VIRTUAL_MACHINE_INSTANCE, namespace, name)
    except NotFound:
        return None


def phase(vmi: Document) -> str:
    """``status.phase``."""
    return documents.text(vmi, "status", "phase")


def is_final(vmi: Document) -> bool:
    """Whether the instance has ended for good."""
    return phase(vmi) in FINAL_PHASES


def has_condition(document: Document, type_: str) -> bool:
    """Whether the condition is there and True."""
    return any(
        condition.get("type") == type_ and condition.get("status") == "True"
        for condition in documents.objects(document, "status", "conditions")
    )


def strategy(vm: Document) -> str:
    """``spec.runStrategy``, or what the deprecated ``spec.running`` stands for."""
    given = documents.text(vm, "spec", "runStrategy")
    if given:
        return given
    return "Always" if documents.flag(vm, "spec", "running") else "Halted"
