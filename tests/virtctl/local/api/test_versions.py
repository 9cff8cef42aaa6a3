from virtctl.local.api.versions import in_version


def test_most_kinds_differ_in_the_name_of_the_version_only() -> None:
    document = {"apiVersion": "a/v2", "kind": "A", "spec": {"metrics": []}}
    assert in_version(document, "a/v1") == {**document, "apiVersion": "a/v1"}


def test_autoscalers_do_not() -> None:
    document = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "spec": {}}
    document["spec"]["metrics"] = [{"type": "Pods"}]
    assert "metrics" in in_version(document, "autoscaling/v2")["spec"]
    assert "metrics" not in in_version(document, "autoscaling/v1")["spec"]
