from tests.virtctl.wire.test_protobuf import data, entry, envelope, number
from virtctl.wire import podfields, protobuf
from virtctl.wire.protofields import MESSAGES


def test_they_are_among_all_messages() -> None:
    assert podfields.MESSAGES.items() <= MESSAGES.items()


def test_a_deployment() -> None:
    """As ``kubectl create deployment`` sends it."""
    limits = data(1, entry("cpu", data(1, "1")))
    reference = data(1, data(1, "settings")) + data(2, "colour")
    variable = data(1, "COLOUR") + data(3, data(3, reference))
    container = data(1, "web") + data(2, "image") + data(7, variable) + data(8, limits)
    volume = data(1, "data") + data(2, data(10, data(1, "claim")))
    template = data(1, data(11, entry("app", "web"))) + data(
        2, data(1, volume) + data(2, container)
    )
    selector = data(1, entry("app", "web"))
    spec = number(1, 0) + data(2, selector) + data(3, template) + data(4, b"")
    raw = data(1, data(1, "web")) + data(2, spec) + data(3, b"")
    assert protobuf.decode(envelope("apps/v1", "Deployment", raw)) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [{
                        "name": "web",
                        "image": "image",
                        "resources": {"limits": {"cpu": "1"}},
                        "env": [{
                            "name": "COLOUR",
                            "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}},
                        }],
                    }],
                    "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "claim"}}],
                },
            },
        },
    }  # fmt: skip


def test_an_autoscaler() -> None:
    """As ``kubectl autoscale --cpu-percent=80`` sends it."""
    target = data(1, "VirtualMachinePool") + data(2, "pool") + data(3, "pool.kubevirt.io/v1beta1")
    metric = data(1, "cpu") + data(2, data(1, "Utilization") + number(4, 80))
    spec = (
        data(1, target)
        + number(2, 1)
        + number(3, 3)
        + data(4, data(1, "Resource") + data(4, metric))
    )
    raw = data(1, data(1, "pool")) + data(2, spec)
    found = protobuf.decode(envelope("autoscaling/v2", "HorizontalPodAutoscaler", raw))
    assert found["spec"] == {
        "scaleTargetRef": {
            "kind": "VirtualMachinePool", "name": "pool", "apiVersion": "pool.kubevirt.io/v1beta1",
        },
        "minReplicas": 1,
        "maxReplicas": 3,
        "metrics": [{
            "type": "Resource",
            "resource": {
                "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80},
            },
        }],
    }  # fmt: skip


def test_an_autoscaler_of_the_first_version() -> None:
    spec = data(1, data(1, "Deployment") + data(2, "web")) + number(3, 3) + number(4, 50)
    raw = data(1, data(1, "web")) + data(2, spec)
    found = protobuf.decode(envelope("autoscaling/v1", "HorizontalPodAutoscaler", raw))
    assert found["spec"] == {
        "scaleTargetRef": {"kind": "Deployment", "name": "web"},
        "maxReplicas": 3,
        "targetCPUUtilizationPercentage": 50,
    }
