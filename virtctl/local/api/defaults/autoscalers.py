"""Defaults of a HorizontalPodAutoscaler, and what autoscaling/v1 has for one metric."""

from __future__ import annotations

from virtctl.models import documents
from virtctl.models.documents import Document

_V1_TARGET = "targetCPUUtilizationPercentage"
_PER_CENT = 80  # what autoscaling/v2 fills in


def default_autoscaler(document: Document) -> None:
    """Fill in an autoscaler, in place: one replica at least, by the load of the processor."""
    spec = documents.ensure(document, "spec")
    spec.setdefault("minReplicas", 1)
    asked = spec.pop(_V1_TARGET, None)
    if not spec.get("metrics"):
        target: Document = {"type": "Utilization", "averageUtilization": asked or _PER_CENT}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
