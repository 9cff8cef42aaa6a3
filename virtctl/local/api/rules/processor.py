"""Rules of processor and memory."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid, not_supported, required
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue
from virtctl.wire.quantities import (
    Quantity,
    QuantityError,
    parse_quantity,
    quantity_or_none,
)

_POLICIES = frozenset({"", "force", "require", "optional", "disable", "forbid"})
_SMALLEST_MEMORY = parse_quantity("1M")
_IO_POLICIES = frozenset({"shared", "auto", "supplementalPool"})
_ZERO = Quantity(0)


class _Domain:
    """A domain and the paths of its parts."""

    def __init__(self, spec: Document, path: str) -> None:
        self.root = path
        self.architecture = documents.text(spec, "architecture")
        self.domain = documents.child(spec, "domain")
        self.path = f"{path}.domain"
        self.cpu = documents.child(self.domain, "cpu")
        self.memory = documents.child(self.domain, "memory")

    def amount(self, group: str, resource: str) -> tuple[Quantity | None, JsonValue, str]:
        """A request or limit: its amount, as written, and its path."""
        value = documents.find(self.domain, "resources", group, resource)
        return quantity_or_none(value), value, f"{self.path}.resources.{group}.{resource}"

    @property
    def is_dedicated(self) -> bool:
        """Whether processors are the instance's own."""
        return documents.flag(self.cpu, "dedicatedCpuPlacement")

    @property
    def has_numa(self) -> bool:
        """Whether the guest sees the host's NUMA cells."""
        return documents.find(self.cpu, "numa", "guestMappingPassthrough") is not None


def memory_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with memory and the requests of it."""
    domain = _Domain(spec, path)
    request, value, field = domain.amount("requests", "memory")
    if request is not None and request < _ZERO:
        yield invalid(field, f"{field} '{value}': must be greater than or equal to 0.")
    elif request and request < _SMALLEST_MEMORY:
        yield invalid(field, f"{field} '{value}': must be greater than or equal to 1M.")
    yield from _limit_causes(domain, "memory")
    yield from _hugepage_causes(domain)
    yield from _guest_causes(domain, context)


def processor_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What is wrong with processors and the requests of them."""
    domain = _Domain(spec, path)
    request, value, field = domain.amount("requests", "cpu")
    if request is not None and request < _ZERO:
        yield invalid(field, f"{field} '{value}': must be greater than or equal to 0.")
    yield from _limit_causes(domain, "cpu")
    yield from _dedicated_causes(domain)
    yield from _numa_causes(domain)
    if documents.flag(domain.cpu, "isolateEmulatorThread") and not domain.is_dedicated:
        yield invalid(
            f"{domain.path}.cpu.isolateEmulatorThread",
            "IsolateEmulatorThread should be only set in combination with DedicatedCPUPlacement",
        )
    for position, feature in enumerate(documents.objects(domain.cpu, "features")):
        policy = documents.text(feature, "policy")
        if policy not in _POLICIES:
            yield not_supported(
                f"{domain.path}.cpu.features[{position}].policy",
                f"CPU feature {feature.get('name')} uses policy {policy} that is not supported.",
            )
    yield from _topology_causes(domain)


def _limit_causes(domain: _Domain, resource: str) -> Iterator[Cause]:
    """A limit is not below zero, and not below the request either."""
    request, value, field = domain.amount("requests", resource)
    limit, limit_value, limit_field = domain.amount("limits", resource)
    if limit is not None and limit < _ZERO:
        yield invalid(
            limit_field, f"{limit_field} '{limit_value}': must be greater than or equal to 0."
        )
    if request and limit and limit > _ZERO and request > limit:
        yield invalid(field, f"{field} '{value}' is greater than {limit_field} '{limit_value}'")


def _guest_causes(domain: _Domain, context: AdmissionContext) -> Iterator[Cause]:
    guest = quantity_or_none(domain.memory.get("guest"))
    limit, value, limit_field = domain.amount("limits", "memory")
    field = f"{domain.path}.memory.guest"
    if guest and limit and guest > limit and not context.is_live_update:
        yield invalid(
            field,
            f"{field} '{domain.memory.get('guest')}' must be equal to or less than the "
            f"memory limit {limit_field} '{value}'",
        )


def overhead_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """Overhead can be reserved behind a gate only."""
    reserved = documents.find(spec, "domain", "memory", "reservedOverhead")
    if reserved is not None and not context.has_gate("ReservedOverheadMemlock"):
        yield invalid(
            f"{path}.domain.memory.reservedOverhead",
            "Reserved overhead memlock feature gate is not enabled in kubevirt-config",
        )


def _hugepage_causes(domain: _Domain) -> Iterator[Cause]:
    size_value = documents.text(domain.memory, "hugepages", "pageSize")
    field = f"{domain.path}.memory.hugepages.pageSize"
    if domain.memory.get("hugepages") is None:
        return
    try:
        page = parse_quantity(size_value)
    except QuantityError as error:
        yield invalid(field, f"{field} '{size_value}': {error}")
        return
    request, value, where = domain.amount("requests", "memory")
    guest, limit = domain.memory.get("guest"), domain.amount("limits", "memory")[0]
    wanted = request or quantity_or_none(guest) or limit
    if not wanted or not page:
        return
    # The field is that of the request even where the guest's memory is what is compared.
    if wanted < page:
        yield invalid(
            where,
            f"{where} '{value or 0}' must be equal to or larger than page size {field} "
            f"'{size_value}'",
        )
    elif wanted.nano % page.nano:
        yield invalid(
            where,
            f"{where} '{value or 0}' is not a multiple of the page size {field} '{size_value}'",
        )


def _dedicated_causes(domain: _Domain) -> Iterator[Cause]:
    if not domain.is_dedicated:
        return
    yield from _own_memory_causes(domain)
    request, _, request_field = domain.amount("requests", "cpu")
    limit, _, limit_field = domain.amount("limits", "cpu")
    for amount, shown, where in (
        (request, "requests", request_field),
        (limit, "limits", limit_field),
    ):
        if amount is not None and amount.milli % 1000:
            yield invalid(where, f"provided resources CPU {shown} must be an interger")
    yield from _equal_memory_causes(domain)
    yield from _count_causes(domain)
    yield from _thread_causes(domain)


def _count_causes(domain: _Domain) -> Iterator[Cause]:
    """The number of processors of one's own is said once, or the same each time."""
    field = f"{domain.path}.cpu.dedicatedCpuPlacement"
    request, _, request_field = domain.amount("requests", "cpu")
    limit, _, limit_field = domain.amount("limits", "cpu")
    count = _vcpus(domain.cpu)
    given = [amount.value for amount in (request, limit) if amount]
    if not count and not given:
        yield invalid(
            field,
            f"either {request_field} or {limit_field} or {domain.path}.cpu.cores must be provided "
            "when DedicatedCPUPlacement is true ",
        )
    if request and limit and request.value != limit.value:
        yield invalid(
            field,
            f"{request_field} or {limit_field} must be equal when DedicatedCPUPlacement is true ",
        )
    if count and given and count not in given:
        yield invalid(
            field,
            f"{request_field} or {limit_field} must not be provided at the same time with "
            f"{domain.path}.cpu.cores when DedicatedCPUPlacement is true ",
        )


def _thread_causes(domain: _Domain) -> Iterator[Cause]:
    threads = documents.integer(domain.cpu, "threads")
    where = f"{domain.path}.cpu.threads (got {threads})"
    if threads > 1 and domain.architecture == "arm64":
        yield invalid(
            f"{domain.root}.architecture",
            f"threads must not be greater than 1 at {where} when {domain.root}.architecture is "
            "arm64",
        )
    if threads > 2:
        yield invalid(
            f"{domain.path}.cpu.dedicatedCpuPlacement",
            f"Not more than two threads must be provided at {where} when DedicatedCPUPlacement is "
            "true",
        )


def _equal_memory_causes(domain: _Domain) -> Iterator[Cause]:
    request, _, field = domain.amount("requests", "memory")
    limit, _, limit_field = domain.amount("limits", "memory")
    if request and limit and request.value != limit.value:
        yield invalid(field, f"{field} must be equal to {limit_field}")


def _own_memory_causes(domain: _Domain) -> Iterator[Cause]:
    """A guest that owns its processors owns its memory, too."""
    request, _, request_field = domain.amount("requests", "memory")
    limit, _, limit_field = domain.amount("limits", "memory")
    guest = quantity_or_none(domain.memory.get("guest"))
    if not (request or limit or guest or domain.memory.get("hugepages") is not None):
        memory = f"{domain.path}.memory"
        yield invalid(
            limit_field,
            f"{request_field}, {limit_field}, {memory}.hugepages or {memory}.guest should be "
            "provided",
        )


def _vcpus(cpu: Document) -> int:
    """As many as the numbers that are given say; none when none is."""
    given = [documents.integer(cpu, name) for name in ("sockets", "cores", "threads")]
    return prod(number for number in given if number) if any(given) else 0


def _numa_causes(domain: _Domain) -> Iterator[Cause]:
    """A guest that sees the host's cells owns its processors and has huge pages."""
    if not domain.has_numa:
        return
    dedicated = f"{domain.path}.cpu.dedicatedCpuPlacement"
    numa = f"{domain.path}.cpu.numa.guestMappingPassthrough"
    if not domain.is_dedicated:
        yield invalid(
            numa, f"{dedicated} must be set to true when NUMA topology strategy is set in {numa}"
        )
    if domain.memory.get("hugepages") is None:
        yield invalid(
            numa,
            f"{domain.path}.memory.hugepages must be requested when NUMA topology strategy is set "
            f"in {numa}",
        )


def realtime_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What a guest with deadlines needs."""
    domain = _Domain(spec, path)
    if domain.cpu.get("realtime") is None:
        return
    realtime = f"{domain.path}.cpu.realtime"
    dedicated = f"{domain.path}.cpu.dedicatedCpuPlacement"
    numa = f"{domain.path}.cpu.numa.guestMappingPassthrough"
    if not domain.is_dedicated:
        yield required(dedicated, f"{dedicated} must be set to true when {realtime} is used")
    if not domain.has_numa:
        yield required(numa, f"{numa} must be defined when {realtime} is used")


def io_thread_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What is wrong with the threads of disks."""
    domain = _Domain(spec, path)
    policy = domain.domain.get("ioThreadsPolicy")
    if policy is None:
        return
    if policy not in _IO_POLICIES:
        yield invalid(f"{domain.path}.ioThreadsPolicy", f"Invalid IOThreadsPolicy ({policy})")
    pool = documents.integer(domain.domain, "ioThreads", "supplementalPoolThreadCount")
    if policy == "supplementalPool" and pool < 1:
        yield invalid(
            f"{domain.path}.ioThreads.count",
            "the number of iothreads needs to be set and positive for the dedicated policy",
        )


def _topology_causes(domain: _Domain) -> Iterator[Cause]:
    sockets = documents.integer(domain.cpu, "sockets")
    most = documents.integer(domain.cpu, "maxSockets")
    if most and sockets > most:
        yield invalid(
            f"{domain.path}.cpu.sockets",
            "Number of sockets in CPU topology is greater than the maximum sockets allowed",
        )
