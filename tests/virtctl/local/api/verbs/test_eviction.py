import pytest

from tests.fakes.service import USER, make_service
from virtctl.errors import TooManyRequests
from virtctl.local.api.verbs.eviction import Evictions, check_budgets, needed_by
from virtctl.models.kinds import KUBEVIRT, POD, VIRTUAL_MACHINE_INSTANCE

READY = [{"type": "Ready", "status": "True"}]
MOVABLE = [{"type": "LiveMigratable", "status": "True"}]


def launcher(**spec):
    return {
        "metadata": {
            "name": "virt-launcher-vm1-abcde",
            "labels": {"kubevirt.io": "virt-launcher", "app": "vm1"},
            "annotations": {"kubevirt.io/domain": "vm1"},
        },
        "spec": {"nodeName": "node1", **spec},
    }


def served(strategy="", conditions=(), phase="Running", cluster="", **status):
    service = make_service()
    vmi = {
        "metadata": {"name": "vm1"},
        "spec": {"evictionStrategy": strategy} if strategy else {},
        "status": {"phase": phase, "nodeName": "node1", "conditions": [*conditions], **status},
    }
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)
    installed = {"metadata": {"name": "kv"}, "spec": {"configuration": {}}}
    if cluster:
        installed["spec"]["configuration"]["evictionStrategy"] = cluster
    service.create(KUBEVIRT, "default", installed)
    return service, service.create(POD, "default", launcher())


def refusal(service, pod, **options):
    with pytest.raises(TooManyRequests) as caught:
        Evictions(service).check(pod, USER, **options)
    prefix = 'admission webhook "virt-launcher-eviction-interceptor.kubevirt.io" denied the request'
    assert caught.value.message.startswith(prefix)
    return caught.value.message[len(prefix) + 2 :]


def marked(service):
    vmi = service.get(VIRTUAL_MACHINE_INSTANCE, "default", "vm1")
    return vmi["status"].get("evacuationNodeName")


@pytest.mark.parametrize(
    "facts",
    [
        {"strategy": "None"},
        {"strategy": ""},
        {"strategy": "LiveMigrateIfPossible"},
        {"strategy": "LiveMigrate", "phase": "Succeeded"},
        {"strategy": "None", "conditions": MOVABLE, "nodeName": "node2"},
    ],
)
def test_a_machine_that_is_not_to_move_may_go(facts):
    service, pod = served(**facts)
    Evictions(service).check(pod, USER)
    assert marked(service) is None


def test_a_machine_that_cannot_move_stays():
    service, pod = served("LiveMigrate")
    assert refusal(service, pod) == (
        "VMI vm1 is configured with an eviction strategy but is not live-migratable"
    )


@pytest.mark.parametrize("strategy", ["LiveMigrate", "LiveMigrateIfPossible", "External"])
def test_a_machine_that_can_move_is_marked(strategy):
    service, pod = served(strategy, MOVABLE)
    triggered = 'Eviction triggered evacuation of VMI "default/vm1"'
    assert refusal(service, pod, dry_run=True) == triggered
    assert marked(service) is None
    assert refusal(service, pod) == triggered
    assert marked(service) == "node1"
    assert refusal(service, pod) == f"Evacuation in progress: {triggered}"


def test_the_cluster_s_strategy_counts_when_the_machine_has_none():
    service, pod = served(cluster="External")
    assert refusal(service, pod).startswith("Eviction triggered")


def test_the_target_of_a_migration_stays():
    service, pod = served("LiveMigrate", MOVABLE, nodeName="node2")
    assert refusal(service, pod) == "Eviction request for target Pod"
    assert marked(service) is None
    pod["status"] = {"phase": "Succeeded"}
    Evictions(service).check(pod, USER)


def hotplugged(owner):
    labels = {"kubevirt.io": "hotplug-disk"}
    owners = [{"apiVersion": "v1", "kind": "Pod", "name": owner, "uid": "u1"}]
    metadata = {"name": "hp", "namespace": "default", "labels": labels, "ownerReferences": owners}
    return {"metadata": metadata}


def test_pods_of_disks_stay_while_their_machine_runs():
    service, pod = served()
    kept = hotplugged(pod["metadata"]["name"])
    assert refusal(service, kept) == (
        "cannot evict hotplug pod: hp associated with running vmi: vm1 in namespace default"
    )
    for owner in ("gone", "other"):
        if owner == "other":
            service.create(POD, "default", {"metadata": {"name": owner}, "spec": {}})
        Evictions(service).check(hotplugged(owner), USER)
    service.delete(VIRTUAL_MACHINE_INSTANCE, "default", "vm1")
    Evictions(service).check(kept, USER)


def test_other_pods_and_those_of_forgotten_machines():
    service, _ = served()
    Evictions(service).check({"metadata": {"name": "web", "namespace": "default"}}, USER)
    pod = launcher()
    pod["metadata"].update(namespace="default", annotations={"kubevirt.io/domain": "gone"})
    assert refusal(service, pod).startswith("kubevirt failed getting the vmi")
    pod["status"] = {"phase": "Failed"}
    Evictions(service).check(pod, USER)


def budget(**spec):
    return {"metadata": {"name": "b"}, "spec": {"selector": {"matchLabels": {"a": "1"}}, **spec}}


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({"minAvailable": 2}, 2),
        ({"minAvailable": "50%"}, 2),
        ({"maxUnavailable": 1}, 2),
        ({"maxUnavailable": "100%"}, 0),
        ({}, 0),
    ],
)
def test_budgets_need_pods(spec, wanted):
    assert needed_by(budget(**spec), 3) == wanted


def test_a_budget_that_is_used_up_refuses():
    pods = [{"metadata": {"labels": {"a": "1"}}, "status": {"conditions": READY}}] * 2
    check_budgets(pods[0], [budget(minAvailable=1), {"spec": {"minAvailable": 9}}], pods)
    with pytest.raises(TooManyRequests, match="disruption budget") as caught:
        check_budgets(pods[0], [budget(minAvailable=2)], pods)
    (cause,) = caught.value.details.causes
    assert cause.message == "The disruption budget b needs 2 healthy pods and has 2 currently"
    unready = {"metadata": {"labels": {"a": "1"}}}
    check_budgets(unready, [budget(minAvailable=3)], [*pods, unready])
