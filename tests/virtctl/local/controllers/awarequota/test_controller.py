from tests.fakes.awareness import QuotaWorld
from virtctl.models.kinds import AAQ, AWARE_QUOTA, PVC, RESOURCE_QUOTA


def test_machines_wait_for_room_and_are_let_go_in_order() -> None:
    world = QuotaWorld()
    world.quota("q", **{"requests.cpu/vmi": 3})
    for name, cores in (("a", 2), ("b", 2), ("c", 1)):
        world.machine(name, cores)
    assert world.waiting() == ["a", "b", "c"]
    world.turn()
    assert world.waiting() == ["b"]
    assert world.used("q") == {"requests.cpu/vmi": "3"}
    world.service.delete(*_pod("a"))
    world.turn()
    assert world.waiting() == []


def _pod(name):
    from virtctl.models.kinds import POD

    return POD, "default", f"virt-launcher-{name}"


def test_a_greater_quota_lets_them_go() -> None:
    world = QuotaWorld()
    quota = world.quota("q", **{"requests.memory/vmi": "1Gi"})
    world.machine("a")
    world.machine("b")
    world.turn()
    assert (world.waiting(), world.used("q")) == (["b"], {"requests.memory/vmi": "1Gi"})
    quota = world.service.get(AWARE_QUOTA, "default", "q")
    quota["spec"]["hard"]["requests.memory/vmi"] = "2Gi"
    world.service.update(AWARE_QUOTA, "default", "q", quota)
    world.turn()
    assert (world.waiting(), world.used("q")) == ([], {"requests.memory/vmi": "2Gi"})


def test_without_quotas_nobody_waits_long() -> None:
    world = QuotaWorld()
    world.machine("a")
    assert world.waiting() == ["a"]
    world.turn()
    assert world.waiting() == []
    world.machine("b", namespace="other")
    assert world.waiting("other") == []


def test_all_go_when_quotas_are_no_more() -> None:
    world = QuotaWorld()
    world.quota("q", **{"requests.instances/vmi": 0})
    world.machine("a")
    world.turn()
    assert world.waiting() == ["a"]
    world.service.delete(AAQ, None, "aaq")
    world.turn()
    assert world.waiting() == []
    world.service.delete(AWARE_QUOTA, "default", "q")
    world.turn()
    assert world.controller.observe(world.service, None) is None


def test_the_installation_says_that_it_is_deployed() -> None:
    world = QuotaWorld()
    world.turn()
    status = world.service.get(AAQ, None, "aaq")["status"]
    assert (status["phase"], status["observedVersion"]) == ("Deployed", "1.0")


def test_what_is_no_pod_is_left_to_a_resource_quota() -> None:
    world = QuotaWorld()
    world.quota("q", persistentvolumeclaims=2, **{"requests.cpu/vmi": 4})
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    world.service.create(PVC, "default", {"metadata": {"name": "c"}, "spec": claim})
    world.turn()
    (made,) = world.service.list(RESOURCE_QUOTA, "default").items
    assert made["metadata"]["name"] == "q-non-schedulable-resources-managed-rq-x"
    assert made["spec"] == {"hard": {"persistentvolumeclaims": 2}}
    assert world.used("q") == {"persistentvolumeclaims": "1", "requests.cpu/vmi": "0"}
    quota = world.service.get(AWARE_QUOTA, "default", "q")
    del quota["spec"]["hard"]["persistentvolumeclaims"]
    world.service.update(AWARE_QUOTA, "default", "q", quota)
    world.turn()
    assert world.service.list(RESOURCE_QUOTA, "default").items == []


def test_what_is_counted_wakes_it_only_while_there_are_quotas() -> None:
    world = QuotaWorld()
    pods = world.controller.watched[4]
    assert list(pods.keys({"spec": {}})) == []
    assert len(list(pods.keys({"spec": {"schedulingGates": [
        {"name": "ApplicationAwareQuotaGate"}]}}))) == 1  # fmt: skip
    world.turn()
    assert len(list(pods.keys({"spec": {}}))) == 1
    assert len(list(world.controller.watched[0].keys({}))) == 1
