"""Rules of instancetypes and preferences."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid
from virtctl.models import documents
from virtctl.models.documents import Document

TOPOLOGIES = {
    "": "sockets", "sockets": "sockets", "cores": "cores", "threads": "threads",
    "spread": "spread", "any": "sockets", "preferSockets": "sockets", "preferCores": "cores",
    "preferThreads": "threads", "preferSpread": "spread", "preferAny": "sockets",
}  # fmt: skip
"""What a preferred topology counts, by its present and its former names."""

_ACROSS = frozenset({None, "SocketsCores", "SocketsCoresThreads", "CoresThreads"})
_DEFAULT_RATIO = 2
_SECURITY_DEPRECATED = (
    "launchSecurity is deprecated and will be removed in a future release. Use preference instead."
)


def instancetype_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with an instancetype."""
    spec = documents.child(document, "spec")
    field = "spec.memory.overcommitPercent"
    percent = documents.integer(spec, "memory", "overcommitPercent")
    if not 0 <= percent <= 100:
        yield invalid(field, f"{field} '{percent}': must be in range between 0 and 100.")
    if percent and documents.find(spec, "memory", "hugepages") is not None:
        problem = f"{field} and spec.memory.hugepages should not be requested together."
        yield invalid(field, problem)
    if spec.get("launchSecurity") is not None:
        context.warnings.append(_SECURITY_DEPRECATED)


def preference_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a preference."""
    spec = documents.child(document, "spec")
    cpu = documents.child(spec, "cpu")
    topology = documents.text(cpu, "preferredCPUTopology")
    if topology not in TOPOLOGIES or cpu.get("preferredCPUTopology") == "":
        problem = f"unknown preferredCPUTopology {topology}"
        yield invalid("spec.cpu.preferredCPUTopology", problem)
        return
    if topology.startswith("prefer"):
        context.warnings.append(
            f"PreferredCPUTopology {topology} is deprecated for removal in a future release, "
            f"please use {topology.removeprefix('prefer').lower()} instead"
        )
    if TOPOLOGIES[topology] == "spread":
        yield from _spread_causes(spec)


def _spread_causes(spec: Document) -> Iterator[Cause]:
    options = documents.child(spec, "cpu", "spreadOptions")
    across = options.get("across")
    ratio = documents.integer(options, "ratio") or documents.integer(
        spec, "preferSpreadSocketToCoreRatio"
    )
    if across not in _ACROSS:
        yield invalid("spec.cpu.spreadOptions.across", f"across {across} is not supported")
    elif across == "CoresThreads" and ratio not in {0, _DEFAULT_RATIO}:
        problem = (
            "only a ratio of 2 (1 core 2 threads) is allowed when spreading vCPUs over cores and "
            "threads"
        )
        yield invalid("spec.cpu.spreadOptions.ratio", problem)
