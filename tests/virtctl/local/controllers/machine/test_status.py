import pytest

from virtctl.local.controllers.machine import status
from virtctl.local.controllers.machine.seen import Seen
from virtctl.local.controllers.machine.strategy import Move, Verdict


def vm(strategy="Always", deleting=False, **state):
    metadata = {"name": "vm1", "generation": 1}
    if deleting:
        metadata["deletionTimestamp"] = "x"
    return {"metadata": metadata, "spec": {"runStrategy": strategy}, "status": state}


def vmi(phase, *conditions, deleting=False, **state):
    metadata = {"name": "vm1", "uid": "u"} | ({"deletionTimestamp": "x"} if deleting else {})
    found = [dict(zip(("type", "status", "reason"), one, strict=False)) for one in conditions]
    return {"metadata": metadata, "status": {"phase": phase, "conditions": found, **state}}


FAILS = {"startFailure": {"consecutiveFailCount": 1}}


@pytest.mark.parametrize(
    ("machine", "instance", "move", "printed"),
    [
        (vm(deleting=True), vmi("Running"), Move.NONE, "Terminating"),
        (vm(), vmi("Running", deleting=True), Move.NONE, "Stopping"),
        (vm(), vmi("Running"), Move.STOP, "Stopping"),
        (vm(), vmi("Running", migrationState={"startTimestamp": "x"}), Move.NONE, "Migrating"),
        (vm(), vmi("Running", ("Paused", "True")), Move.NONE, "Paused"),
        (vm(), vmi("Running"), Move.NONE, "Running"),
        (
            vm(), vmi("Pending", ("Synchronized", "False", "FailedPvcNotFound")), Move.NONE,
            "ErrorPvcNotFound",
        ),
        (
            vm(), vmi("Scheduling", ("PodScheduled", "False", "Unschedulable")), Move.NONE,
            "ErrorUnschedulable",
        ),
        (
            vm(), vmi("Scheduling", ("Synchronized", "False", "ErrImagePull")), Move.NONE,
            "ErrImagePull",
        ),
        (
            vm(), vmi("Scheduling", ("Synchronized", "False", "ImagePullBackOff")), Move.NONE,
            "ImagePullBackOff",
        ),
        (vm(), vmi("Scheduled"), Move.NONE, "Starting"),
        (vm(), None, Move.START, "Starting"),
        (vm(**FAILS), None, Move.NONE, "CrashLoopBackOff"),
        (vm("Manual", **FAILS), None, Move.NONE, "Stopped"),
        (vm(), vmi("Failed"), Move.STOP, "Stopped"),
        (vm("Halted"), None, Move.NONE, "Stopped"),
        (vm("WaitAsReceiver"), vmi("WaitingForSync"), Move.NONE, "WaitingForReceiver"),
        (vm(), vmi("Unknown"), Move.NONE, "Unknown"),
    ],
)  # fmt: skip
def test_printable(machine, instance, move, printed):
    assert status.printable(Seen(vm=machine, vmi=instance), Verdict(move)) == printed


def test_an_unbound_claim_is_waited_for():
    machine = vm()
    volume = {"name": "a", "persistentVolumeClaim": {"claimName": "c"}}
    machine["spec"]["template"] = {"spec": {"volumes": [volume]}}
    seen = Seen(vm=machine, vmi=vmi("Pending"), claims={"c": {"status": {"phase": "Pending"}}})
    assert status.printable(seen, Verdict()) == "WaitingForVolumeBinding"


def test_conditions_of_the_instance_come_and_go():
    machine = vm(conditions=[{"type": "AgentConnected", "status": "True"}])
    made = status.build(
        Seen(vm=machine, vmi=vmi("Running", ("Paused", "True"))), Verdict(), None, 0
    )
    assert [one["type"] for one in made["conditions"]] == ["Ready", "Paused"]
    ended = status.build(Seen(vm=vm(**made)), Verdict(), None, 0)
    assert [one["type"] for one in ended["conditions"]] == ["Ready", "Paused"]
    again = status.build(Seen(vm=vm(**ended), vmi=vmi("Scheduling")), Verdict(), None, 0)
    assert [one["type"] for one in again["conditions"]] == ["Ready"]


def test_what_is_in_use_stays_told():
    machine = vm(preferenceRef={"name": "p"})
    assert status.build(Seen(vm=machine), Verdict(), None, 0)["preferenceRef"] == {"name": "p"}


def test_volumes_say_why_there_is_no_snapshot():
    machine = vm()
    volume = {"name": "a", "containerDisk": {"image": "tiny"}}
    machine["spec"]["template"] = {"spec": {"volumes": [volume]}}
    (entry,) = status.build(Seen(vm=machine), Verdict(), None, 0)["volumeSnapshotStatuses"]
    assert entry == {
        "name": "a",
        "enabled": False,
        "reason": "Snapshot is not supported for this volumeSource type [a]",
    }


def test_a_claim_that_is_not_there_cannot_be_snapshotted():
    machine = vm()
    volume = {"name": "a", "persistentVolumeClaim": {"claimName": "c"}}
    machine["spec"]["template"] = {"spec": {"volumes": [volume]}}
    (entry,) = status.build(Seen(vm=machine), Verdict(), None, 0)["volumeSnapshotStatuses"]
    assert entry == {"name": "a", "enabled": False, "reason": "PVC not found"}


def test_why_a_start_failed_is_told_while_it_is_backed_off():
    ended = vmi("Failed")
    ended["status"]["conditions"] = [
        {"type": "Synchronized", "status": "False", "message": "no /dev/net/tun"}
    ]
    first = status.build(Seen(vm=vm(), vmi=ended), Verdict(Move.STOP), None, 0)
    assert first["startFailure"]["consecutiveFailCount"] == 1
    later = status.build(Seen(vm=vm(**first)), Verdict(), None, 60)
    (failure,) = [one for one in later["conditions"] if one["type"] == "Failure"]
    assert failure["message"] == "no /dev/net/tun"
    again = status.build(Seen(vm=vm(**later), vmi=vmi("Scheduling")), Verdict(), None, 90)
    assert [one["type"] for one in again["conditions"]] == ["Ready"]
