import pytest

from launcher.state import (
    AgentState,
    CredentialState,
    DiskState,
    MachineState,
    NicState,
    OsInfo,
    Problem,
    Stage,
)
from tests.fakes.shelf import NOW
from virtctl.local.node import report
from virtctl.local.node.report import Observation


def vmi(phase="Scheduled", acpi=True, **status):
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "vm1", "namespace": "default", "uid": "u"},
        "spec": {"domain": {"features": {"acpi": {"enabled": acpi}}}},
        "status": {"phase": phase, **status},
    }


def state(stage, **facts):
    return MachineState(uid="u", stage=stage, **facts)


def reported(document, now_state, before=None):
    return report.status(document, Observation(state=now_state, before=before), NOW)


def said(document, now_state, before=None):
    seen = Observation(state=now_state, before=before)
    return [(one.warning, one.reason) for one in report.announcements(document, seen)]


@pytest.mark.parametrize(
    ("seen", "acpi", "phase"),
    [
        (state(Stage.PREPARING), True, "Scheduled"),
        (state(Stage.DEFINED), True, "Scheduled"),
        (state(Stage.RUNNING), True, "Running"),
        (state(Stage.PAUSED), True, "Running"),
        (state(Stage.SHUTTING_DOWN), True, "Running"),
        (state(Stage.SHUT_OFF, stop_reason="guest"), True, "Succeeded"),
        (state(Stage.SHUT_OFF, stop_reason="destroyed"), True, "Failed"),
        (state(Stage.SHUT_OFF, stop_reason="destroyed"), False, "Succeeded"),
        (state(Stage.CRASHED), True, "Failed"),
        (state(Stage.FAILED), True, "Failed"),
    ],
)
def test_phases(seen, acpi, phase):
    assert report.phase_of(vmi(acpi=acpi), seen) == phase


def test_a_final_phase_stays():
    made = reported(vmi("Failed"), state(Stage.RUNNING))
    assert made["phase"] == "Failed"
    assert said(vmi("Failed"), state(Stage.CRASHED)) == []


def test_a_running_guest_is_described():
    nic = NicState(
        name="default", mac="02:b3:f0:00:00:01", pod_nic="eth0",
        addresses=("10.244.1.2", "fd10:244::2"), guest_name="eth0",
        sources=("domain", "guest-agent"),
    )  # fmt: skip
    guests = NicState(mac="aa:bb:cc:00:00:01", guest_name="docker0", sources=("guest-agent",))
    seen = state(
        Stage.RUNNING, machine_type="pc-q35-10.0", nics=(nic, guests), accelerator="kvm",
        disks=(DiskState(name="root", target="vda"), DiskState(name="seed", target="vdb", size=9)),
        agent=AgentState(connected=True, frozen=True, os=OsInfo(name="tiny", version_id="1")),
    )  # fmt: skip
    known = {"volumeStatus": [{"name": "root", "target": ""}]}
    made = reported(vmi(**known), seen)
    assert made["machine"] == {"type": "pc-q35-10.0"}
    assert made["guestOSInfo"] == {"name": "tiny", "versionId": "1"}
    assert made["fsFreezeStatus"] == "frozen"
    assert made["interfaces"] == [
        {
            "name": "default",
            "mac": "02:b3:f0:00:00:01",
            "ipAddress": "10.244.1.2",
            "ipAddresses": ["10.244.1.2", "fd10:244::2"],
            "interfaceName": "eth0",
            "infoSource": "domain, guest-agent",
            "queueCount": 1,
            "podInterfaceName": "eth0",
            "linkState": "up",
        },
        {"mac": "aa:bb:cc:00:00:01", "interfaceName": "docker0", "infoSource": "guest-agent"},
    ]
    assert made["volumeStatus"] == [
        {"name": "root", "target": "vda"},
        {"name": "seed", "target": "vdb", "size": 9},
    ]
    kinds = [one["type"] for one in made["conditions"]]
    assert kinds == ["LiveMigratable", "AgentConnected"]


def test_what_is_no_longer_so_goes():
    conditions = [
        {"type": "Paused", "status": "True"},
        {"type": "AgentConnected", "status": "True"},
        {"type": "Synchronized", "status": "False"},
    ]
    known = vmi("Running", conditions=conditions, guestOSInfo={"name": "tiny"}, fsFreezeStatus="x")
    made = reported(known, state(Stage.RUNNING, accelerator="kvm"))
    assert [one["type"] for one in made["conditions"]] == ["LiveMigratable"]
    assert "guestOSInfo" not in made
    assert "fsFreezeStatus" not in made


@pytest.mark.parametrize(
    ("why", "reason"),
    [("user", "PausedByUser"), ("io-error", "PausedIOError"), ("watchdog", "Paused")],
)
def test_pauses_have_a_reason(why, reason):
    made = reported(vmi("Running"), state(Stage.PAUSED, pause_reason=why))
    assert ("Paused", reason) in [(one["type"], one.get("reason")) for one in made["conditions"]]


def test_emulation_says_why():
    seen = Observation(
        state=state(Stage.RUNNING, accelerator="qemu"), emulation_reason="no /dev/kvm"
    )
    made = report.status(vmi(), seen, NOW)
    (found,) = [one for one in made["conditions"] if one["type"] == "SoftwareEmulation"]
    assert found["message"] == "the guest runs without KVM: no /dev/kvm"


def test_a_failure_is_explained():
    problem = Problem(step="define", message="no such machine type", hint="use q35")
    failed = state(Stage.FAILED, error=problem)
    made = reported(vmi(), failed)
    (found,) = made["conditions"]
    assert found["message"] == "define: no such machine type; use q35"
    assert made["phase"] == "Failed"
    assert said(vmi(), failed) == [(True, "SyncFailed")]


def test_only_transitions_are_announced():
    running = state(Stage.RUNNING)
    assert said(vmi(), running) == [(False, "Created"), (False, "Started")]
    assert said(vmi("Running"), running, running) == []
    stopping = state(Stage.SHUTTING_DOWN)
    assert said(vmi("Running"), stopping, running) == [(False, "ShuttingDown")]
    assert said(vmi("Running"), stopping, stopping) == []
    assert said(vmi("Running"), running, state(Stage.PAUSED)) == [(False, "Resumed")]
    over = state(Stage.SHUT_OFF, stop_reason="guest")
    assert said(vmi("Running"), over, stopping) == [(False, "Stopped")]
    assert said(vmi("Running"), state(Stage.CRASHED), running) == [(True, "Stopped")]


def test_reporting_twice_changes_nothing():
    seen = state(Stage.RUNNING, accelerator="qemu")
    once = vmi() | {"status": reported(vmi(), seen)}
    assert report.status(once, Observation(state=seen, before=seen), NOW + 60) == once["status"]


def test_a_lost_launcher_and_a_refusal():
    made = report.lost(vmi("Running"), "it was killed", NOW)
    assert (made["phase"], made["reason"]) == ("Failed", "LauncherLost")
    assert report.lost(vmi("Succeeded"), "x", NOW)["phase"] == "Succeeded"
    made = report.refused(vmi(), "spec.x: not implemented", NOW)
    assert made["phase"] == "Scheduled"
    assert made["conditions"][0]["reason"] == report.SYNC_FAILED


def test_a_stand_in_is_told_while_the_machine_runs():
    note = "stand-in: a link of kind ifb keeps the pod's address, as this kernel has no dummy"

    def told(stage):
        conditions = reported(vmi(), state(stage, notes=("other", note)))["conditions"]
        return [one["message"] for one in conditions if one["type"] == "PodLinkStandIn"]

    assert told(Stage.RUNNING) == [note]
    assert told(Stage.SHUT_OFF) == []


def test_an_unhealthy_guest_has_failed_however_it_ends():
    seen = Observation(state=state(Stage.SHUT_OFF, stop_reason="guest"), failure="no pulse")
    made = report.status(vmi("Running"), seen, NOW)
    assert (made["phase"], made["reason"]) == ("Failed", "no pulse")
    seen = Observation(state=state(Stage.SHUTTING_DOWN), failure="no pulse")
    assert report.status(vmi("Running"), seen, NOW)["phase"] == "Running"


@pytest.mark.parametrize(
    ("credentials", "status", "event"),
    [
        (CredentialState(synchronized=True), "True", (False, "AccessCredentialsSyncSuccess")),
        (
            CredentialState(synchronized=False, message="no user"),
            "False",
            (True, "AccessCredentialsSyncFailed"),
        ),
    ],
)
def test_access_credentials(credentials, status, event):
    now = state(Stage.RUNNING, credentials=credentials)
    made = reported(vmi("Running"), now)
    (found,) = [one for one in made["conditions"] if one["type"] == "AccessCredentialsSynchronized"]
    assert (found["status"], found.get("message", "")) == (status, credentials.message)
    assert event in said(vmi("Running"), now)
    assert event not in said(vmi("Running"), now, before=now)
    assert "AccessCredentialsSynchronized" not in str(reported(vmi(**made), state(Stage.RUNNING)))


def test_volumes_that_were_plugged_in_come_and_go():
    plugged = DiskState(name="data", target="sda", hotplugged=True)
    made = reported(vmi("Running"), state(Stage.RUNNING, disks=(plugged,)))
    (entry,) = made["volumeStatus"]
    assert (entry["phase"], entry["target"], entry["hotplugVolume"]) == ("Ready", "sda", {})
    root = DiskState(name="root", target="vda")
    document = vmi("Running", volumeStatus=[entry])
    made = reported(document, state(Stage.RUNNING, disks=(root,)))
    assert [one["name"] for one in made["volumeStatus"]] == ["root"]
    document["spec"]["volumes"] = [{"name": "data"}]
    made = reported(document, state(Stage.RUNNING, disks=(root,)))
    assert [one["name"] for one in made["volumeStatus"]] == ["data", "root"]


def test_cpus_and_memory_that_came_later():
    memory = {"guestAtBoot": "1Gi", "guestCurrent": "1Gi", "guestRequested": "1Gi"}
    document = vmi("Running", currentCPUTopology={"cores": 2}, memory=memory)
    document["spec"]["domain"] |= {"cpu": {"cores": 2}, "memory": {"guest": "2Gi"}}
    made = reported(document, state(Stage.RUNNING, vcpus=2, memory=1 << 30))
    assert made["currentCPUTopology"] == {"cores": 2}
    assert made["memory"] == memory | {"guestRequested": "2Gi"}
    made = reported(document, state(Stage.RUNNING, vcpus=6, memory=3 << 29))
    assert made["currentCPUTopology"] == {"cores": 2, "sockets": 3}
    assert made["memory"]["guestCurrent"] == "1536Mi"


def test_pods_that_nothing_limits_say_so():
    note = "without limits: no control groups for CPU and memory are mounted"
    made = reported(vmi("Running"), state(Stage.RUNNING, notes=(note,)))
    found = {one["type"]: one for one in made["conditions"]}
    assert found["PodLimitsNotEnforced"]["message"] == note
    assert "PodLimitsNotEnforced" not in {
        one["type"] for one in reported(vmi("Running"), state(Stage.RUNNING))["conditions"]
    }
