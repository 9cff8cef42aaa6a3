"""Whether a machine has what its preference requires."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from virtctl.local.api.rules.instancetypes import TOPOLOGIES
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire.quantities import parse_quantity, quantity_or_none

_TEMPLATE = "spec.template.spec"
_CPU = f"{_TEMPLATE}.domain.cpu"


def shortages(
    instancetype: Document | None, preference: Document, spec: Document
) -> Iterator[tuple[str, str]]:
    """What is missing, as fields and messages. ``spec`` is the instance's as the machine has it."""
    required = documents.child(preference, "requirements")
    yield from _cpu_shortages(instancetype, preference, spec)
    yield from _memory_shortages(instancetype, required, spec)
    wanted, asked = documents.text(required, "architecture"), documents.text(spec, "architecture")
    if wanted and asked and wanted != asked:
        problem = f"preference requires architecture {wanted} but {asked} is being requested"
        yield f"{_TEMPLATE}.architecture", problem


def _cpu_shortages(
    instancetype: Document | None, preference: Document, spec: Document
) -> Iterator[tuple[str, str]]:
    needed = documents.integer(preference, "requirements", "cpu", "guest")
    if not needed:
        return
    wanted = f"preference requires {needed} vCPU"
    if instancetype is not None:
        count = documents.integer(instancetype, "cpu", "guest")
        if count < needed:
            problem = f"insufficient CPU resources of {count} vCPU provided by instance type"
            yield "spec.instancetype", f"{problem}, {wanted}"
        return
    cpu = documents.child(spec, "domain", "cpu")
    if not cpu:
        yield _CPU, f"no CPU resources provided by VirtualMachine, {wanted}"
        return
    fields = _counted(preference)
    count = prod(documents.integer(cpu, field) for field in fields)
    if count < needed:
        problem = f"insufficient CPU resources of {count} vCPU provided by VirtualMachine"
        for field in fields:
            yield f"{_CPU}.{field}", f"{problem}, {wanted} provided as {' and '.join(fields)}"


def _counted(preference: Document) -> tuple[str, ...]:
    """The fields whose product is the number of processors that a preference looks at."""
    preferred = documents.text(preference, "cpu", "preferredCPUTopology")
    if preferred in {"any", "preferAny"}:
        return ("cores", "sockets", "threads")
    topology = TOPOLOGIES.get(preferred, "sockets")
    if topology != "spread":
        return (topology,)
    match documents.text(preference, "cpu", "spreadOptions", "across"):
        case "CoresThreads":
            return ("cores", "threads")
        case "SocketsCoresThreads":
            return ("sockets", "cores", "threads")
        case _:
            return ("sockets", "cores")


def _memory_shortages(
    instancetype: Document | None, required: Document, spec: Document
) -> Iterator[tuple[str, str]]:
    needed = quantity_or_none(documents.find(required, "memory", "guest"))
    if needed is None:
        return
    if instancetype is not None:
        given = documents.find(instancetype, "memory", "guest")
        field, whose = "spec.instancetype", "instance type"
    else:
        given = documents.find(spec, "domain", "memory", "guest")
        field, whose = f"{_TEMPLATE}.domain.memory", "VirtualMachine"
    has = quantity_or_none(given) or parse_quantity("0")
    if has < needed:
        wanted = f"preference requires {needed}"
        yield field, f"insufficient Memory resources of {has} provided by {whose}, {wanted}"
