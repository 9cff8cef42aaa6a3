"""What an instancetype sets in an instance's spec, and where the machine is in its way."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from ctypes import c_float
from itertools import islice

from virtctl.local.api.rules.instancetypes import TOPOLOGIES
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue
from virtctl.wire.quantities import Quantity, parse_quantity

_BASE = "spec.template.spec"
_CPU = f"{_BASE}.domain.cpu"
_RATIO = 2


def conflicts(instancetype: Document, holder: Document) -> list[str]:
    """Fields that ``holder``, a template or an instance, sets though the instancetype does."""
    spec = documents.child(holder, "spec")
    return [
        *_placement_conflicts(instancetype, spec),
        *_cpu_conflicts(documents.child(instancetype, "cpu"), spec),
        *_memory_conflicts(documents.child(instancetype, "memory"), spec),
        *_domain_conflicts(instancetype, documents.child(spec, "domain")),
        *_annotation_conflicts(instancetype, holder),
    ]


def _is_given(value: JsonValue) -> bool:
    """Whether a field says something: an empty object does, false and zero don't."""
    return value is not None and value not in (False, 0, "", [])


def _placement_conflicts(instancetype: Document, spec: Document) -> Iterator[str]:
    if instancetype.get("nodeSelector") is not None and spec.get("nodeSelector") is not None:
        yield f"{_BASE}.nodeSelector"
    if instancetype.get("schedulerName") and spec.get("schedulerName"):
        yield f"{_BASE}.schedulerName"


def _bounds(spec: Document, resource: str) -> Iterator[str]:
    """Request and limit of ``resource``, as far as they are there."""
    for part in ("requests", "limits"):
        if resource in documents.child(spec, "domain", "resources", part):
            yield f"{_BASE}.domain.resources.{part}.{resource}"


def _cpu_conflicts(given: Document, spec: Document) -> Iterator[str]:
    yield from _bounds(spec, "cpu")
    cpu = documents.child(spec, "domain", "cpu")
    for name in ("sockets", "cores", "threads"):
        if documents.integer(cpu, name):
            yield f"{_CPU}.{name}"
    # The instancetype's spelling is what is said.
    names = {"model": "model", "dedicatedCPUPlacement": "dedicatedCpuPlacement"}
    names |= {name: name for name in ("isolateEmulatorThread", "numa", "realtime")}
    for theirs, ours in names.items():
        if given.get(theirs) is not None and _is_given(cpu.get(ours)):
            yield f"{_CPU}.{theirs}"


def _memory_conflicts(given: Document, spec: Document) -> Iterator[str]:
    yield from islice(_all_memory_conflicts(given, spec), 1)


def _all_memory_conflicts(given: Document, spec: Document) -> Iterator[str]:
    memory = documents.child(spec, "domain", "memory")
    if memory.get("guest") is not None:
        yield f"{_BASE}.domain.memory.guest"
    for name in ("hugepages", "maxGuest"):
        if given.get(name) is not None and memory.get(name) is not None:
            yield f"{_BASE}.domain.memory.{name}"
    yield from _bounds(spec, "memory")


def _domain_conflicts(instancetype: Document, domain: Document) -> Iterator[str]:
    count = ("ioThreads", "supplementalPoolThreadCount")
    if None not in {documents.find(instancetype, *count), documents.find(domain, *count)}:
        yield f"{_BASE}.domain.{'.'.join(count)}"
    for name in ("ioThreadsPolicy", "launchSecurity"):
        if instancetype.get(name) is not None and domain.get(name) is not None:
            yield f"{_BASE}.domain.{name}"
    for name in ("gpus", "hostDevices"):
        if instancetype.get(name) and documents.items(domain, "devices", name):
            yield f"{_BASE}.domain.devices.{name}"


def _annotation_conflicts(instancetype: Document, holder: Document) -> Iterator[str]:
    own = documents.strings(holder, "metadata", "annotations")
    for key, value in documents.strings(instancetype, "annotations").items():
        if own.get(key, value) != value:
            yield f"annotations.{key}"


def apply(instancetype: Document, preference: Document, holder: Document) -> None:
    """Set what the instancetype gives, in place; ``preference`` says how processors are laid out.

    Both are specs, maybe empty. ``conflicts`` must have found none.
    """
    spec = documents.ensure(holder, "spec")
    domain = documents.ensure(spec, "domain")
    _apply_cpu(documents.child(instancetype, "cpu"), preference, domain)
    _apply_memory(documents.child(instancetype, "memory"), domain)
    for name in ("ioThreadsPolicy", "ioThreads", "launchSecurity"):
        if _is_given(instancetype.get(name)):
            domain[name] = deepcopy(instancetype[name])
    for name in ("gpus", "hostDevices"):
        if instancetype.get(name):
            documents.put(domain, deepcopy(instancetype[name]), "devices", name)
    if instancetype.get("schedulerName"):
        spec["schedulerName"] = instancetype["schedulerName"]
    selector = documents.child(instancetype, "nodeSelector")
    if selector:
        documents.ensure(spec, "nodeSelector").update(selector)
    annotations = documents.child(instancetype, "annotations")
    if annotations:
        documents.ensure(holder, "metadata", "annotations").update(annotations)


def _apply_cpu(given: Document, preference: Document, domain: Document) -> None:
    cpu = documents.ensure(domain, "cpu")
    names = {"model": "model", "dedicatedCPUPlacement": "dedicatedCpuPlacement"}
    names |= {name: name for name in ("isolateEmulatorThread", "numa", "realtime", "maxSockets")}
    for theirs, ours in names.items():
        if _is_given(given.get(theirs)):
            cpu[ours] = deepcopy(given[theirs])
    cpu.update(topology(documents.integer(given, "guest"), preference))


def topology(count: int, preference: Document) -> Document:
    """Sockets, cores and threads of ``count`` processors, as ``preference`` would have them."""
    sockets = cores = threads = 1
    match TOPOLOGIES.get(documents.text(preference, "cpu", "preferredCPUTopology"), "sockets"):
        case "cores":
            cores = count
        case "threads":
            threads = count
        case "spread":
            sockets, cores, threads = _spread(count, preference)
        case _:
            sockets = count
    return {"sockets": sockets, "cores": cores, "threads": threads}


def _spread(count: int, preference: Document) -> tuple[int, int, int]:
    options = documents.child(preference, "cpu", "spreadOptions")
    ratio = (
        documents.integer(options, "ratio")
        or documents.integer(preference, "preferSpreadSocketToCoreRatio")
        or _RATIO
    )
    match documents.text(options, "across"):
        case "CoresThreads":
            return 1, count // ratio, ratio
        case "SocketsCoresThreads":
            return count // ratio // 2, ratio, 2
        case _:
            return count // ratio, ratio, 1


def spread_problem(count: int, preference: Document) -> str:
    """Why ``count`` processors can't be spread as preferred; empty when they can."""
    preferred = documents.text(preference, "cpu", "preferredCPUTopology")
    if TOPOLOGIES.get(preferred) != "spread":
        return ""
    sockets, cores, threads = _spread(count, preference)
    if sockets * cores * threads == count:
        return ""
    return (
        f"{count} vCPUs provided by the instance type are not divisible by the "
        f"{max(cores, 1) * max(threads, 1)} that the preference spreads over a socket"
    )


def _single(number: float) -> float:
    """``number`` in the single precision that KubeVirt counts overcommitted memory in."""
    return c_float(number).value


def _apply_memory(given: Document, domain: Document) -> None:
    if not given:
        return
    memory = documents.ensure(domain, "memory")
    memory["guest"] = given.get("guest")
    for name in ("hugepages", "maxGuest"):
        if _is_given(given.get(name)):
            memory[name] = deepcopy(given[name])
    percent = documents.integer(given, "overcommitPercent")
    if percent:
        guest = parse_quantity(str(given.get("guest")))
        share = _single(1 - _single(_single(percent) / 100))
        asked = Quantity.of(int(_single(_single(guest.value) * share)), guest.notation)
        documents.put(domain, str(asked), "resources", "requests", "memory")
