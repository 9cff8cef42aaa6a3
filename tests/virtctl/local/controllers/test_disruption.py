from tests.fakes.clock import FakeClock
from tests.fakes.service import make_service
from virtctl.local.controllers.disruption import DisruptionController
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import carry_out
from virtctl.models.kinds import DISRUPTION_BUDGET, POD

ALL = Key("default", "*")
READY = [{"type": "Ready", "status": "True"}]


def pod(service, name, conditions=()):
    document = {
        "metadata": {"name": name, "labels": {"app": "a"}},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    made = service.create(POD, "default", document)
    made["status"] = {"phase": "Running", "conditions": [*conditions]}
    service.update(POD, "default", name, made, subresource="status")


def turn(service):
    controller = DisruptionController()
    found = controller.decide(controller.observe(service, ALL), FakeClock().now())
    for change in found:
        carry_out(service, change, controller.component, FakeClock().now())
    return found


def test_a_budget_says_how_many_may_go():
    service = make_service()
    assert turn(service) == []
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "a"}}}
    service.create(DISRUPTION_BUDGET, "default", {"metadata": {"name": "b"}, "spec": {**spec}})
    pod(service, "one", READY)
    pod(service, "two", READY)
    pod(service, "new")
    turn(service)
    status = service.get(DISRUPTION_BUDGET, "default", "b")["status"]
    (said,) = status.pop("conditions")
    assert (said["type"], said["status"], said["reason"]) == (
        "DisruptionAllowed",
        "True",
        "SufficientPods",
    )
    assert status == {
        "currentHealthy": 2,
        "desiredHealthy": 1,
        "disruptionsAllowed": 1,
        "expectedPods": 3,
        "observedGeneration": 1,
    }
    assert turn(service) == []


def test_nothing_may_go_when_few_are_healthy():
    service = make_service()
    spec = {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "a"}}}
    service.create(DISRUPTION_BUDGET, "default", {"metadata": {"name": "b"}, "spec": spec})
    pod(service, "one", READY)
    turn(service)
    status = service.get(DISRUPTION_BUDGET, "default", "b")["status"]
    assert (status["desiredHealthy"], status["disruptionsAllowed"]) == (1, 0)
    assert status["conditions"][0]["reason"] == "InsufficientPods"


def test_pods_and_budgets_wake_their_namespace():
    for watched in DisruptionController().watched:
        assert [*watched.keys({"metadata": {"name": "x", "namespace": "default"}})] == [ALL]
