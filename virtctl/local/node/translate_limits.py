"""What a machine's processes may use, by the resources of its pod."""

from __future__ import annotations

from launcher.spec import Limits
from virtctl.local.runtime import podmanifest
from virtctl.models.documents import Document, find
from virtctl.wire.quantities import parse_quantity


def limits(vmi: Document, configuration: Document) -> Limits:
    """The pod's request of CPU, and its limits of CPU and memory, the overhead included."""
    resources = podmanifest.resources(vmi, podmanifest.settings_of(configuration))
    cpu, most = (_amount(resources, kind, "cpu") for kind in ("requests", "limits"))
    return Limits(cpu_request=cpu // 10**6, cpu_limit=most // 10**6, memory=_whole(resources))


def _amount(resources: Document, kind: str, name: str) -> int:
    """Billionths of the unit; 0 when nothing is said."""
    value = find(resources, kind, name)
    return parse_quantity(value).nano if isinstance(value, str | int) else 0


def _whole(resources: Document) -> int:
    return -(-_amount(resources, "limits", "memory") // 10**9)
