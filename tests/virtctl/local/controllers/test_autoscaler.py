import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.service import make_service
from virtctl.local.controllers.autoscaler import AutoscalerController
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import carry_out
from virtctl.models.kinds import AUTOSCALER, EVENT, INSTANCE_REPLICA_SET

ALL = Key("default", "*")


def replica_set(service, replicas):
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"domain": {"devices": {}}}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template, "replicas": replicas}
    service.create(INSTANCE_REPLICA_SET, "default", {"metadata": {"name": "set"}, "spec": spec})


def autoscaler(service, least, most, group="kubevirt.io"):
    target = {"apiVersion": f"{group}/v1", "kind": INSTANCE_REPLICA_SET.name, "name": "set"}
    spec = {"scaleTargetRef": target, "minReplicas": least, "maxReplicas": most}
    service.create(AUTOSCALER, "default", {"metadata": {"name": "auto"}, "spec": spec})


def turn(service):
    controller = AutoscalerController()
    found = controller.decide(controller.observe(service, ALL), FakeClock().now())
    for change in found:
        carry_out(service, change, controller.component, FakeClock().now())
    return found


def reasons(service):
    status = service.get(AUTOSCALER, "default", "auto")["status"]
    return {one["type"]: one["reason"] for one in status["conditions"]}


@pytest.mark.parametrize(
    ("replicas", "bounds", "wanted"),
    [
        (1, (3, 3), 3),
        (7, (2, 5), 5),
        (4, (2, 5), 4),
        (0, (2, 5), 0),
    ],
)
def test_the_number_is_kept_within_the_bounds(replicas, bounds, wanted) -> None:
    service = make_service()
    replica_set(service, replicas)
    autoscaler(service, *bounds)
    for _ in range(3):
        turn(service)
    assert service.get(INSTANCE_REPLICA_SET, "default", "set")["spec"]["replicas"] == wanted
    assert service.get(AUTOSCALER, "default", "auto")["status"]["desiredReplicas"] == wanted
    why = "ScalingDisabled" if not wanted else "FailedGetResourceMetric"
    assert reasons(service) == {"AbleToScale": "SucceededGetScale", "ScalingActive": why}
    assert turn(service) == []
    events = [one["reason"] for one in service.list(EVENT, "default").items]
    assert events == ["SuccessfulRescale"] * (replicas != wanted)


@pytest.mark.parametrize("group", ["kubevirt.io", "apps"])
def test_what_is_not_there_is_not_scaled(group) -> None:
    service = make_service()
    if group == "apps":
        replica_set(service, 1)
    autoscaler(service, 3, 3, group)
    turn(service)
    assert reasons(service) == {"AbleToScale": "FailedGetScale"}
    assert turn(service) == []
