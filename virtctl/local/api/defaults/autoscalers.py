"""Defaults of a HorizontalPodAutoscaler, and what autoscaling/v1 has for one metric."""

from __future__ import annotations

from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

V1 = "autoscaling/v1"
_V1_TARGET = "targetCPUUtilizationPercentage"
_PER_CENT = 80  # what autoscaling/v2 fills in


def default_autoscaler(document: Document) -> None:
    """Fill in an autoscaler, in place: one replica at least, by the load of the processor."""
    spec = documents.ensure(document, "spec")
    spec.setdefault("minReplicas", 1)
    asked = spec.pop(_V1_TARGET, None)
    if asked or not spec.get("metrics"):
        target: Document = {"type": "Utilization", "averageUtilization": asked or _PER_CENT}
        others = [one for one in documents.objects(spec, "metrics") if not _is_load(one)]
        spec["metrics"] = [
            {"type": "Resource", "resource": {"name": "cpu", "target": target}},
            *others,
        ]


def as_first_version(document: Document) -> Document:
    """A copy of a stored autoscaler as autoscaling/v1 has it: the processor's load at most."""
    spec = {**documents.child(document, "spec")}
    load: JsonValue = None
    for metric in documents.objects(spec, "metrics"):
        if _is_load(metric):
            load = documents.find(metric, "resource", "target", "averageUtilization")
    for field in ("metrics", "behavior"):
        spec.pop(field, None)
    if load is not None:
        spec[_V1_TARGET] = load
    status = {**documents.child(document, "status")}
    for field in ("currentMetrics", "conditions"):
        status.pop(field, None)
    return {**document, "apiVersion": V1, "spec": spec, "status": status}


def _is_load(metric: Document) -> bool:
    found = (
        documents.text(metric, "resource", "name"),
        documents.text(metric, "resource", "target", "type"),
    )
    return metric.get("type") == "Resource" and found == ("cpu", "Utilization")
