from virtctl.local.controllers.evacuation import EvacuationController, Seen
from virtctl.local.runtime.changes import describe

NOW = 1_800_000_000.0


def vmi(name, leaving=True, movable="True", strategy=""):
    status = {
        "phase": "Running",
        "nodeName": "node1",
        "conditions": [{"type": "LiveMigratable", "status": movable}],
    }
    if leaving:
        status["evacuationNodeName"] = "node1"
    return {
        "kind": "VirtualMachineInstance",
        "metadata": {"name": name, "namespace": "default", "uid": name},
        "spec": {"domain": {}, "evictionStrategy": strategy},
        "status": status,
    }


def migration(name, phase, ended=""):
    passed = [{"phase": phase, "phaseTransitionTimestamp": ended}]
    return {
        "metadata": {"name": "m", "namespace": "default", "uid": f"of {name}"},
        "spec": {"vmiName": name},
        "status": {"phase": phase, "phaseTransitionTimestamps": passed},
    }


def node(*taints):
    return {"metadata": {"name": "node1"}, "spec": {"taints": [*taints]}}


def decide(*vmis, migrations=(), taints=()):
    seen = Seen(node=node(*taints), vmis=vmis, migrations=migrations)
    return [describe(change) for change in EvacuationController().decide(seen, NOW)]


def created(changes):
    return [one["document"]["spec"]["vmiName"] for one in changes if "create" in one]


def test_who_must_leave_is_moved():
    made = decide(vmi("a"), vmi("b", leaving=False), vmi("c", movable="False"))
    assert created(made) == ["a"]
    assert made[0]["document"]["metadata"]["generateName"] == "kubevirt-evacuation-"
    assert made[1]["event"] == "Normal SuccessfulCreate"


def test_no_more_than_two_leave_at_once():
    moving = (migration("a", "Running"),)
    made = decide(vmi("a"), vmi("b"), vmi("c"), migrations=moving)
    assert created(made) == ["b"]
    assert made[-1] == {"requeue": 5.0}


def test_who_could_not_leave_tries_again_later():
    failed = (migration("a", "Failed", "2027-01-15T07:59:50Z"),)
    assert decide(vmi("a"), migrations=failed) == [{"requeue": 5.0}]
    earlier = (migration("a", "Failed", "2027-01-15T07:50:00Z"),)
    assert created(decide(vmi("a"), migrations=earlier)) == ["a"]


def test_a_node_that_is_drained_lets_those_go_that_may_be_moved():
    drain = {"key": "kubevirt.io/drain", "effect": "NoSchedule"}
    vmis = [vmi(name, leaving=False, strategy=name) for name in ("LiveMigrate", "None")]
    assert created(decide(*vmis, taints=[drain])) == ["LiveMigrate"]
    assert decide(*vmis) == []
