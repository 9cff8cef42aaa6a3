from virtctl.local.api.defaults.autoscalers import as_first_version, default_autoscaler


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


def test_the_first_version_changes_its_metric_and_no_other() -> None:
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization"}}}
    other = {"type": "Pods", "pods": {}}
    document = {"spec": {"metrics": [other, cpu], "targetCPUUtilizationPercentage": 70}}
    default_autoscaler(document)
    first, second = document["spec"]["metrics"]
    assert first["resource"]["target"]["averageUtilization"] == 70
    assert second == other


def test_as_the_first_version_has_it() -> None:
    document = {"kind": "HorizontalPodAutoscaler", "spec": {"maxReplicas": 3, "behavior": {}}}
    default_autoscaler(document)
    assert as_first_version(document) == {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "spec": {"maxReplicas": 3, "minReplicas": 1, "targetCPUUtilizationPercentage": 80},
        "status": {},
    }
    document["spec"]["metrics"] = [{"type": "Pods"}]
    assert "targetCPUUtilizationPercentage" not in as_first_version(document)["spec"]
