from tests.fakes.awareness import QuotaWorld
from virtctl.models.documents import Document
from virtctl.models.kinds import AWARE_APPLIED_QUOTA, AWARE_CLUSTER_QUOTA


def together(world: QuotaWorld, **hard: object) -> None:
    selector: Document = {"labels": {"matchLabels": {"team": "a"}}}
    spec: Document = {"selector": selector, "quota": {"hard": {**hard}}}
    world.service.create(AWARE_CLUSTER_QUOTA, None, {"metadata": {"name": "c"}, "spec": spec})


def world(*, clusters: bool = True) -> QuotaWorld:
    made = QuotaWorld(clusters=clusters)
    for name in ("default", "other"):
        made.enable(name, team="a")
    together(made, **{"requests.instances/vmi": 2})
    return made


def test_namespaces_share_a_quota() -> None:
    made = world()
    for name, namespace in (("a", "default"), ("b", "other"), ("c", "other")):
        made.machine(name, namespace=namespace)
    made.turn()
    assert (made.waiting(), made.waiting("other")) == ([], ["c"])
    status = made.service.get(AWARE_CLUSTER_QUOTA, None, "c")["status"]
    assert status["total"]["used"] == {"requests.instances/vmi": "2"}
    assert [(one["namespace"], one["status"]["used"]) for one in status["namespaces"]] == [
        ("default", {"requests.instances/vmi": "1"}),
        ("other", {"requests.instances/vmi": "1"}),
    ]


def test_it_is_shown_in_each_namespace() -> None:
    made = world()
    made.turn()
    made.machine("a")
    made.turn()
    shown = made.service.list(AWARE_APPLIED_QUOTA).items
    assert [one["metadata"]["namespace"] for one in shown] == ["default", "other"]
    assert shown[1]["status"]["total"]["used"] == {"requests.instances/vmi": "1"}
    made.service.delete(AWARE_CLUSTER_QUOTA, None, "c")
    made.turn()
    assert made.service.list(AWARE_APPLIED_QUOTA).items == []


def test_nothing_is_shared_unless_that_is_allowed() -> None:
    made = world(clusters=False)
    for name in "abc":
        made.machine(name)
    made.turn()
    assert made.waiting() == []
    assert "status" not in made.service.get(AWARE_CLUSTER_QUOTA, None, "c")


def test_nothing_is_written_twice() -> None:
    made = world()
    made.quota("q", persistentvolumeclaims=1, **{"cpu/vmi": 1})
    made.machine("a")
    made.turn()
    made.turn()
    seen = made.controller.observe(made.service, None)
    assert made.controller.decide(seen, 0.0) == []
