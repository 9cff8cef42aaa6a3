import pytest

from virtctl.models.documents import Document, JsonValue
from virtctl.output.why import Known, judge

INSTANCE = "VirtualMachineInstance db"


def machine(**status: JsonValue) -> Document:
    return {"metadata": {"name": "db"}, "spec": {"runStrategy": "Always"}, "status": status}


def condition(kind: str, status: str, reason: str = "", message: str = "") -> Document:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def said(known: Known) -> list[str]:
    return [f"{remark.of}: {remark.said}" for remark in judge("db", known).remarks]


def test_none() -> None:
    assert judge("db", Known()).sentence == "there is no machine db"


@pytest.mark.parametrize(
    ("strategy", "why"),
    [("Halted", "nobody started it"), ("Manual", "by hand only"), ("Always", "it should run")],
)
def test_a_machine_without_instance(strategy: str, why: str) -> None:
    vm = {**machine(printableStatus="Stopped"), "spec": {"runStrategy": strategy}}
    verdict = judge("db", Known(vm=vm))
    assert verdict.sentence == "db is Stopped"
    assert why in verdict.remarks[0].said


def test_the_cause_nearest_to_the_ground_comes_first() -> None:
    vm = machine(
        printableStatus="ErrorUnschedulable",
        conditions=[condition("Ready", "False", "GuestNotRunning", "not running")],
    )
    vmi = machine(
        phase="Scheduling", conditions=[condition("PodScheduled", "False", "Unschedulable", "no")]
    )
    pod: Document = {
        "metadata": {"name": "virt-launcher-db-x"},
        "status": {"conditions": [
            condition("PodScheduled", "False", message="0/2 nodes: 2 Insufficient memory.")
        ]},
    }  # fmt: skip
    verdict = judge("db", Known(vm, vmi, pod))
    assert verdict.sentence == (
        "db is ErrorUnschedulable: Pod virt-launcher-db-x: "
        "not scheduled: 0/2 nodes: 2 Insufficient memory."
    )
    assert verdict.remedies == ["ask for less, or make room on a node"]
    assert not any("GuestNotRunning" in line for line in said(Known(vm, vmi, pod)))


def test_containers_that_wait_or_ended() -> None:
    pod: Document = {
        "metadata": {"name": "p"},
        "status": {
            "phase": "Failed",
            "reason": "Evicted",
            "initContainerStatuses": [
                {
                    "name": "disk",
                    "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no"}},
                }
            ],
            "containerStatuses": [
                {"name": "compute", "state": {"terminated": {"exitCode": 2, "message": "a\nb\n"}}},
                {"name": "log", "state": {"waiting": {"reason": "PodInitializing"}}},
            ],
        },
    }
    known = Known(machine(), machine(phase="Scheduling"), pod)
    assert said(known)[-3:] == [
        "Pod p: container disk waits: ImagePullBackOff: no",
        "Pod p: container compute ended with code 2: b",
        "Pod p: failed: Evicted",
    ]
    assert "check the image's name" in judge("db", known).remedies[0]


def test_what_it_needs() -> None:
    importing: Document = {
        "status": {
            "phase": "ImportInProgress",
            "progress": "12.0%",
            "conditions": [condition("Running", "False", "Error", "404 Not Found")],
        }
    }
    needs = {
        "Secret keys": None,
        "DataVolume disk": importing,
        "PersistentVolumeClaim x": {"status": {"phase": "Bound"}},
    }
    assert said(Known(machine(), None, None, needs))[1:] == [
        "Secret keys: it does not exist",
        "DataVolume disk: phase ImportInProgress 12.0%",
        "DataVolume disk: Running is False: 404 Not Found",
    ]


def test_a_running_machine() -> None:
    vmi = machine(
        phase="Running",
        nodeName="n1",
        conditions=[condition("LiveMigratable", "False", "DisksNotLiveMigratable", "not shared")],
        migrationState={"failureReason": "target pod failed"},
    )
    known = Known(machine(printableStatus="Running"), vmi)
    assert judge("db", known).sentence == "db is Running"
    assert said(known) == [
        f"{INSTANCE}: phase Running on node n1",
        "VirtualMachineInstance db: it cannot migrate: DisksNotLiveMigratable: not shared",
        "VirtualMachineInstance db: the last migration failed: target pod failed",
        f"{INSTANCE}: no guest agent is connected: is it installed and running in the guest?",
    ]


def test_failed_starts_and_requests() -> None:
    vm = machine(
        startFailure={"consecutiveFailCount": 3, "retryAfterTimestamp": "2026-01-01T00:00:00Z"},
        stateChangeRequests=[{"action": "Stop"}],
        conditions=[condition("RestartRequired", "True", "", "cpu changed")],
    )
    vmi = machine(phase="Failed", reason="CrashLoop")
    assert said(Known(vm, vmi))[:5] == [
        "VirtualMachine db: failed to start 3 times, tried again after 2026-01-01T00:00:00Z",
        "VirtualMachine db: asked to stop, not done yet",
        "VirtualMachine db: RestartRequired is True: cpu changed",
        "VirtualMachineInstance db: phase Failed",
        "VirtualMachineInstance db: CrashLoop",
    ]


def test_warnings_are_told_once_and_the_youngest_last() -> None:
    def event(reason: str, when: str, kind: str = "Warning") -> Document:
        involved: Document = {"kind": "Pod", "name": "p"}
        return {
            "type": kind, "reason": reason, "message": "m", "lastTimestamp": when,
            "involvedObject": involved,
        }  # fmt: skip

    events = [event("B", "2"), event("A", "1"), event("A", "3"), event("C", "4", "Normal")]
    assert said(Known(machine(), events=events))[1:] == ["Pod p: B: m (2)", "Pod p: A: m (3)"]


def test_one_refusal_with_ever_new_names_of_links_is_told_once() -> None:
    events: list[Document] = [
        {
            "type": "Warning", "reason": "Failed", "message": f'cannot tag "{link}"',
            "lastTimestamp": str(when), "involvedObject": {"kind": "Pod", "name": "p"},
        }
        for when, link in enumerate(("veth9bff1249", "veth1053a357"))
    ]  # fmt: skip
    assert said(Known(machine(), events=events))[1:] == [
        'Pod p: Failed: cannot tag "veth1053a357" (1)'
    ]


def test_as_data() -> None:
    data = judge("db", Known(machine(), None, None, {"Secret s": None})).document()
    remarks = data["remarks"]
    assert isinstance(remarks, list)
    assert remarks[-1] == {"object": "Secret s", "message": "it does not exist", "grave": True}
