"""Autoscalers."""

from virtctl.models.autoscaling import HorizontalPodAutoscaler
from virtctl.models.base import read

TARGET = {"type": "Utilization", "averageUtilization": 80}


def test_reads_a_metric():
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": TARGET}}
    target = {"kind": "Pool", "name": "p", "apiVersion": "a/v1"}
    spec = {"maxReplicas": 3, "scaleTargetRef": target, "metrics": [metric]}
    found = read(HorizontalPodAutoscaler, {"spec": spec}).spec
    assert found.scale_target_ref.name == "p"
    assert found.metrics[0].resource.target.average_utilization == 80
