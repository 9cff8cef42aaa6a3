import pytest

from virtctl.errors import Forbidden
from virtctl.local.controllers.migration import MigrationController, Seen
from virtctl.local.runtime.changes import Create, describe
from virtctl.models.kinds import POD

NOW = 1_800_000_000.0
STAMP = "2027-01-15T08:00:00Z"


def migration(phase="", deleting=False, name="m1", uid="m", finalizers=("f",), **status):
    metadata = {"name": name, "namespace": "default", "uid": uid, "finalizers": [*finalizers]}
    if deleting:
        metadata["deletionTimestamp"] = STAMP
    return {
        "kind": "VirtualMachineInstanceMigration",
        "metadata": metadata,
        "spec": {"vmiName": "web"},
        "status": {"phase": phase, **status} if phase else {},
    }


def vmi(**state):
    status = {"phase": "Running", "nodeName": "node1", "activePods": {"p1": "node1"}}
    if state:
        status["migrationState"] = {"migrationUid": "m", **state}
    return {
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "web", "namespace": "default", "uid": "v"},
        "spec": {"domain": {}},
        "status": status,
    }


def pod(name, phase="Running", node="node2", **metadata):
    return {
        "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "default", "uid": name, "generateName": "virt-launcher-web-",
            "creationTimestamp": STAMP, **metadata,
        },
        "spec": {"nodeName": node} if node else {},
        "status": {"phase": phase},
    }  # fmt: skip


def seen(phase="", state=None, **changes):
    given = {
        "migration": migration(phase),
        "vmi": vmi(**(state or {})),
        "source": pod("p1", node="node1"),
        "target": pod("p2"),
    }
    return Seen(**{**given, **changes})


def decide(subject, now=NOW):
    return [describe(change) for change in MigrationController().decide(subject, now)]


def phase_after(subject, now=NOW):
    for change in decide(subject, now):
        if change.get("patch") == "VirtualMachineInstanceMigration/status":
            return change["body"]["status"].get("phase")
    return None


@pytest.mark.parametrize(
    ("phase", "state", "after"),
    [
        ("Scheduling", {}, "Scheduled"),
        ("Scheduled", {}, "PreparingTarget"),
        ("PreparingTarget", {"targetNode": "node2"}, None),
        ("PreparingTarget", {"targetNodeAddress": "10.0.0.2"}, "TargetReady"),
        ("TargetReady", {"targetNodeAddress": "10.0.0.2"}, None),
        ("TargetReady", {"startTimestamp": STAMP}, "Running"),
        ("Running", {"startTimestamp": STAMP}, None),
        ("Running", {"startTimestamp": STAMP, "completed": True}, "Succeeded"),
        ("Running", {"completed": True, "failed": True, "failureReason": "x"}, "Failed"),
    ],
)
def test_phases_follow_each_other(phase, state, after):
    assert phase_after(seen(phase, state)) == after


def test_a_new_migration_makes_a_pod():
    made = decide(seen(target=None))
    assert made[0]["create"] == "Pod"
    assert made[1]["event"] == "Normal SuccessfulCreate"
    status = made[2]["body"]["status"]
    assert status["phase"] == "Scheduling"
    assert [one["phase"] for one in status["phaseTransitionTimestamps"]] == [
        "Pending",
        "Scheduling",
    ]


FULL = Forbidden("exceeded quota: q, requested: memory=1Gi, used: memory=1Gi, limited: memory=1Gi")


def rejected(error):
    make = Create(kind=POD, document={})
    (patch,) = MigrationController().refused(seen(target=None), make, error, NOW)
    return describe(patch)["body"]["status"]


def test_a_quota_keeps_a_migration_waiting():
    status = rejected(FULL)
    (condition,) = status["conditions"]
    assert (status["phase"], condition["status"]) == ("Pending", "True")
    assert condition["type"] == "migrationRejectedByResourceQuota"
    assert "conditions" not in rejected(Forbidden("no more"))


def test_a_migration_is_looked_at_again_when_a_quota_changes():
    controller = MigrationController()
    by_migration, _, _, by_quota = (watched.keys for watched in controller.watched)
    quota = {"metadata": {"name": "q", "namespace": "default"}}
    waiting = migration("Pending")
    by_migration(waiting)
    assert by_quota(quota) == ()
    waiting["status"] |= rejected(FULL)
    (key,) = by_migration(waiting)
    assert by_quota(quota) == (key,)
    assert by_quota({"metadata": {"name": "q", "namespace": "other"}}) == ()


def test_a_pod_that_is_there_was_not_rejected():
    waiting = migration("Pending")
    waiting["status"] |= rejected(FULL)
    (patch,) = decide(seen(migration=waiting))
    assert patch["body"]["status"]["phase"] == "Scheduling"
    assert not patch["body"]["status"]["conditions"]


@pytest.mark.parametrize(
    "sources",
    [
        {"a": "node1", "b": "node1"},
        {str(number): f"n{number}" for number in range(5)},
    ],
)
def test_no_more_than_allowed_are_under_way(sources):
    made = decide(seen(target=None, sources=sources))
    assert made[0] == {"requeue": 5.0}
    assert made[1]["body"]["status"]["phase"] == "Pending"


def test_the_hand_over_tells_the_nodes():
    made = decide(seen("Scheduled"))
    state = made[0]["body"]["status"]["migrationState"]
    assert (state["sourceNode"], state["sourcePod"]) == ("node1", "p1")
    assert (state["targetNode"], state["targetPod"]) == ("node2", "p2")
    assert state["migrationConfiguration"]["completionTimeoutPerGiB"] == 150
    assert made[1]["body"]["metadata"]["labels"] == {"kubevirt.io/migrationTargetNodeName": "node2"}
    assert made[2]["event"] == "Normal SuccessfulHandOver"


def test_a_pod_that_fits_nowhere_is_given_up_in_the_end():
    waiting = seen("Scheduling", target=pod("p2", "Pending", node=""))
    assert decide(waiting) == [{"requeue": 5.0}]
    assert phase_after(waiting, NOW + 301) == "Failed"


@pytest.mark.parametrize("target", [None, pod("p2", "Failed"), pod("p2", deletionTimestamp=STAMP)])
def test_without_its_pod_a_migration_fails(target):
    made = decide(seen("Running", {"startTimestamp": STAMP}, target=target))
    state = made[0]["body"]["status"]["migrationState"]
    assert (state["completed"], state["failed"]) == (True, True)
    assert phase_after(seen("Running", {"startTimestamp": STAMP}, target=target)) == "Failed"


def test_a_migration_that_is_deleted_is_aborted():
    early = seen(
        "PreparingTarget", {"targetNode": "n"}, migration=migration("PreparingTarget", True)
    )
    assert phase_after(early) == "Failed"
    state = {"startTimestamp": STAMP}
    made = decide(seen("Running", state, migration=migration("Running", deleting=True)))
    assert made[0]["body"]["status"]["migrationState"] == {"abortRequested": True}
    assert made[1]["body"]["status"]["conditions"][0]["type"] == "migrationAbortRequested"


def test_what_is_over_leaves_nothing_behind():
    over = migration("Failed", finalizers=("kubevirt.io/migrationJobFinalize",))
    moved = vmi()
    moved["metadata"]["labels"] = {"kubevirt.io/migrationTargetNodeName": "node2"}
    made = decide(seen(migration=over, vmi=moved))
    assert made[0]["body"] == {
        "metadata": {"labels": {"kubevirt.io/migrationTargetNodeName": None}}
    }
    assert made[1] == {"delete": "Pod", "name": "p2", "grace": 0}
    assert made[2]["body"] == {"metadata": {"finalizers": None}}


def test_five_that_are_over_are_kept():
    others = [migration("Succeeded", name=f"old{number}", uid=f"o{number}") for number in range(6)]
    for number, one in enumerate(others):
        one["metadata"]["creationTimestamp"] = f"2026-01-0{number + 1}T00:00:00Z"
    last = migration("Succeeded")
    last["metadata"]["creationTimestamp"] = "2026-02-01T00:00:00Z"
    made = decide(seen(migration=last, others=tuple(others)))
    assert [change["name"] for change in made] == ["old0", "old1"]


def test_a_guest_that_is_gone_is_not_moved():
    assert phase_after(seen("Running", vmi=None)) == "Failed"


def test_with_its_instance_a_migration_goes():
    made = decide(seen(migration=migration("Succeeded"), vmi=None, source=None, target=None))
    assert made == [{"delete": "VirtualMachineInstanceMigration", "name": "m1"}]
