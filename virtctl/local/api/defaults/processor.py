"""Defaults of processor and memory of an instance."""

from __future__ import annotations

from virtctl.local.api.context import AdmissionContext
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire.quantities import Notation, Quantity, parse_quantity, quantity_or_none

MAX_VCPUS = 512
_HOTPLUG_RATIO = 4
_CLUSTER_CPU_REQUEST = "100m"
_GIB = parse_quantity("1Gi")
_ALIGNMENT = parse_quantity("2Mi")


def default_resources(spec: Document, context: AdmissionContext) -> None:
    """Requests follow limits; a cluster-wide processor request applies when it is not the usual."""
    resources = documents.ensure(spec, "domain", "resources")
    limit = documents.find(resources, "limits", "cpu")
    if limit is not None and documents.find(resources, "requests", "cpu") is None:
        documents.put(resources, limit, "requests", "cpu")
    cluster = documents.text(context.configuration, "cpuRequest", default=_CLUSTER_CPU_REQUEST)
    dedicated = documents.flag(spec, "domain", "cpu", "dedicatedCpuPlacement")
    if (
        cluster != _CLUSTER_CPU_REQUEST
        and not dedicated
        and documents.find(resources, "requests", "cpu") is None
    ):
        documents.put(resources, cluster, "requests", "cpu")


def default_memory(spec: Document) -> None:
    """Guest memory from requests, limits or the size of one huge page."""
    domain = documents.ensure(spec, "domain")
    if documents.find(domain, "memory", "guest") is not None:
        return
    for path in (
        ("resources", "requests", "memory"),
        ("resources", "limits", "memory"),
        ("memory", "hugepages", "pageSize"),
    ):
        value = documents.find(domain, *path)
        if quantity_or_none(value):
            documents.put(domain, value, "memory", "guest")
            return


def default_topology(spec: Document) -> None:
    """One core and one thread per socket; as many sockets as processors are asked for."""
    cpu = documents.ensure(spec, "domain", "cpu")
    if any(cpu.get(name) for name in ("sockets", "cores", "threads")):
        return
    resources = documents.child(spec, "domain", "resources")
    wanted = quantity_or_none(documents.find(resources, "limits", "cpu")) or quantity_or_none(
        documents.find(resources, "requests", "cpu")
    )
    cpu["sockets"] = max(wanted.value, 1) if wanted else 1
    cpu["cores"] = 1
    cpu["threads"] = 1


def default_model(spec: Document, context: AdmissionContext) -> None:
    """The cluster's processor model, or the host's own."""
    cpu = documents.ensure(spec, "domain", "cpu")
    if not cpu.get("model"):
        arm = spec.get("architecture") == "arm64"
        chosen = documents.text(context.configuration, "cpuModel")
        cpu["model"] = "host-passthrough" if arm else chosen or "host-model"


def default_hotplug_limits(spec: Document, context: AdmissionContext) -> None:
    """How many sockets and how much memory can be added while the instance runs."""
    live = documents.child(context.configuration, "liveUpdateConfiguration")
    ratio = documents.integer(live, "maxHotplugRatio") or _HOTPLUG_RATIO
    cpu = documents.ensure(spec, "domain", "cpu")
    sockets = documents.integer(cpu, "sockets")
    if not cpu.get("maxSockets"):
        limit = documents.integer(live, "maxCpuSockets")
        most = max(limit, sockets) if limit else _sockets_at_most(cpu, sockets * ratio)
        if most:
            cpu["maxSockets"] = most
    memory = documents.ensure(spec, "domain", "memory")
    guest = quantity_or_none(memory.get("guest"))
    if guest and memory.get("maxGuest") is None:
        usual = Quantity.of(guest.value * ratio, Notation.BINARY)
        largest = quantity_or_none(documents.find(live, "maxGuest")) or usual
        if _can_grow(spec, guest, largest):
            memory["maxGuest"] = str(largest)


def _sockets_at_most(cpu: Document, most: int) -> int:
    """``most`` sockets, or as many as stay below the limit of machine types.

    Without cores or threads there is nothing to compute with, and ``most`` it is.
    """
    per_socket = documents.integer(cpu, "cores") * documents.integer(cpu, "threads")
    if most * per_socket <= MAX_VCPUS:
        return most
    return max(MAX_VCPUS // per_socket, documents.integer(cpu, "sockets"))


def _can_grow(spec: Document, guest: Quantity, largest: Quantity) -> bool:
    """Whether memory can be plugged: domain.md section 13, step 15."""
    domain = documents.child(spec, "domain")
    page = documents.find(domain, "memory", "hugepages", "pageSize")
    alignment = _GIB if page == "1Gi" else _ALIGNMENT
    return (
        spec.get("architecture") == "amd64"
        and _GIB <= guest <= largest
        and guest.nano % alignment.nano == 0
        and largest.nano % alignment.nano == 0
        and documents.find(domain, "cpu", "realtime") is None
        and documents.find(domain, "cpu", "numa", "guestMappingPassthrough") is None
        and domain.get("launchSecurity") is None
    )
