"""Rules of machines whose memory and processors can grow while they run."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire.quantities import Quantity, parse_quantity, quantity_or_none

_BLOCK = parse_quantity("2Mi")
_LARGE_BLOCK = parse_quantity("1Gi")
_LEAST = parse_quantity("1Gi")
_NEVER = (
    (("cpu", "realtime"), "Memory hotplug is not compatible with realtime VMs"),
    (
        ("cpu", "numa", "guestMappingPassthrough"),
        "Memory hotplug is not compatible with guest mapping passthrough",
    ),
    (("launchSecurity",), "Memory hotplug is not compatible with encrypted VMs"),
)


def growth_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What keeps the machine of a template at ``path`` from growing as it says it shall.

    Too many sockets are named a second time, after the rules of every instance.
    """
    if not context.is_live_update:
        return
    domain = documents.child(spec, "domain")
    sockets = documents.integer(domain, "cpu", "sockets")
    most = documents.integer(domain, "cpu", "maxSockets")
    if sockets and most and sockets > most:
        yield invalid(
            f"{path}.domain.cpu.sockets",
            "Number of sockets in CPU topology is greater than the maximum sockets allowed",
        )
    largest = quantity_or_none(documents.find(domain, "memory", "maxGuest"))
    problem = "" if largest is None else _memory_problem(spec, domain, largest)
    if problem:
        yield invalid(f"{path}.domain.memory.guest", problem)


def _memory_problem(spec: Document, domain: Document, largest: Quantity) -> str:
    """The first thing that keeps memory from growing to ``largest``; empty if nothing does."""
    for where, problem in _NEVER:
        if documents.find(domain, *where) is not None:
            return problem
    guest = quantity_or_none(documents.find(domain, "memory", "guest"))
    if guest is None:
        return "Guest memory must be configured when memory hotplug is enabled"
    return _amount_problem(spec, domain, guest, largest)


def _amount_problem(spec: Document, domain: Document, guest: Quantity, largest: Quantity) -> str:
    if guest > largest:
        return "Guest memory is greater than the configured maxGuest memory"
    large = documents.text(domain, "memory", "hugepages", "pageSize") == "1Gi"
    block, shown = (_LARGE_BLOCK, "1Gi") if large else (_BLOCK, "2Mi")
    for amount, what in ((guest, "Guest memory"), (largest, "MaxGuest")):
        if amount.nano % block.nano:
            return f"{what} must be {shown} aligned"
    if documents.text(spec, "architecture") != "amd64":
        return "Memory hotplug is only available for x86_64 VMs"
    if guest < _LEAST:
        return "Memory hotplug is only available for VMs with at least 1Gi of guest memory"
    return ""
