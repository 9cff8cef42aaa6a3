from virtctl.local.api.defaults.autoscalers import default_autoscaler


def target(spec: dict) -> dict:
    (metric,) = spec["metrics"]
    return metric["resource"]["target"]


def test_the_processor_is_looked_at_by_default() -> None:
    document = {"spec": {"maxReplicas": 3}}
    default_autoscaler(document)
    assert document["spec"]["minReplicas"] == 1
    assert target(document["spec"]) == {"type": "Utilization", "averageUtilization": 80}


def test_the_first_version_has_one_metric() -> None:
    document = {"spec": {"maxReplicas": 3, "targetCPUUtilizationPercentage": 50}}
    default_autoscaler(document)
    assert target(document["spec"])["averageUtilization"] == 50
    assert "targetCPUUtilizationPercentage" not in document["spec"]


def test_what_is_said_stays() -> None:
    document = {"spec": {"minReplicas": 2, "metrics": [{"type": "Pods"}]}}
    default_autoscaler(document)
    assert document == {"spec": {"minReplicas": 2, "metrics": [{"type": "Pods"}]}}
