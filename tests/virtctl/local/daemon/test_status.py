"""The picture of an instance, from what the API and the directory tell."""

import os
from pathlib import Path

from tests.fakes.kept import instance, machine_directory
from virtctl.errors import LocalError, Unreachable
from virtctl.local.daemon import process
from virtctl.local.daemon.status import Sources, collect, condition, sources
from virtctl.local.layout import InstanceLayout

NODE = {
    "metadata": {
        "name": "node1",
        "annotations": {
            "local.virtctl.io/accelerator": "qemu",
            "local.virtctl.io/accelerator-reason": "/dev/kvm is not there",
        },
    },
    "spec": {"podCIDRs": ["10.244.1.0/24"]},
    "status": {
        "addresses": [
            {"type": "InternalIP", "address": "10.244.0.6"},
            {"type": "Hostname", "address": "node1"},
        ],
        "conditions": [{"type": "Ready", "status": "True"}],
    },
}
POD = {
    "metadata": {
        "name": "virt-api-0123456789-abcde",
        "labels": {"kubevirt.io": "virt-api"},
        "annotations": {"local.virtctl.io/component": "the daemon's API server"},
    },
    "spec": {"nodeName": "node1"},
    "status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "False", "message": "names: no socket"}],
        "containerStatuses": [{"restartCount": 2}],
    },
}
VMI = {
    "metadata": {"name": "web", "namespace": "default"},
    "status": {
        "phase": "Running",
        "nodeName": "node1",
        "conditions": [{"type": "Ready", "status": "True"}],
        "interfaces": [{"ipAddress": "10.244.1.2"}, {"name": "second"}],
    },
}
COLLECTIONS = {
    "/api/v1/nodes": [NODE],
    "/api/v1/namespaces/kubevirt/pods": [POD],
    "/apis/kubevirt.io/v1/virtualmachineinstances": [VMI],
}


def from_api(layout: InstanceLayout, listing=COLLECTIONS.__getitem__, changes=tuple) -> Sources:
    return Sources(layout, process.read_config(layout), process.find(layout), listing, changes)


def test_a_running_instance(tmp_path: Path) -> None:
    picture = collect(from_api(instance(tmp_path, running=True), changes=lambda: ["link vl-n1"]))
    assert picture == {
        "directory": str(tmp_path),
        "state": "running",
        "problem": "",
        "version": "0.1.0",
        "server": "https://127.0.0.1:6443",
        "pid": os.getpid(),
        "emulation": "/dev/kvm is not there",
        "nodes": [
            {
                "name": "node1", "ready": "True", "addresses": ["10.244.0.6"],
                "podCIDRs": ["10.244.1.0/24"], "accelerator": "qemu",
                "reason": "/dev/kvm is not there",
            }
        ],
        "components": [
            {
                "name": "virt-api", "pod": "virt-api-0123456789-abcde", "node": "node1",
                "phase": "Running", "ready": "False", "restarts": 2,
                "problem": "names: no socket", "doneBy": "the daemon's API server",
            }
        ],
        "machines": [
            {
                "namespace": "default", "name": "web", "phase": "Running", "ready": "True",
                "node": "node1", "addresses": ["10.244.1.2"],
            }
        ],
        "host": ["link vl-n1"],
    }  # fmt: skip


def test_under_kvm_there_is_nothing_to_say(tmp_path: Path) -> None:
    node = {**NODE, "metadata": {"name": "node1", "annotations": {}}}
    listing = {**COLLECTIONS, "/api/v1/nodes": [node]}
    picture = collect(from_api(instance(tmp_path, running=True), listing.__getitem__))
    assert picture["emulation"] == ""


def test_a_daemon_that_does_not_answer(tmp_path: Path) -> None:
    def listing(path):
        raise Unreachable("no answer within 10 s", "look at it")

    picture = collect(from_api(instance(tmp_path, running=True), listing))
    assert (picture["state"], picture["problem"]) == (
        "unreachable",
        "no answer within 10 s (look at it)",
    )


def test_a_stopped_instance_asks_nobody(tmp_path: Path) -> None:
    picture = collect(from_api(instance(tmp_path), listing={}.__getitem__))
    assert (picture["state"], picture["pid"], picture["version"]) == ("stopped", 0, "0.1.0")


def test_guests_of_a_killed_daemon_are_told_of(tmp_path: Path) -> None:
    layout = instance(tmp_path)
    machine_directory(layout, "ended")
    alive = machine_directory(layout, "alive", name="web")
    # The machine's first process is noted with the time of its start.
    (alive / "launcher.pid").write_text(f"{os.getpid()} {process.start_time(os.getpid())}")
    assert collect(from_api(layout))["machines"] == [
        {"namespace": "default", "name": "web", "phase": "guest runs", "addresses": []}
    ]


def test_no_instance(tmp_path: Path) -> None:
    picture = collect(sources(InstanceLayout(tmp_path), {}.__getitem__))
    assert (picture["state"], picture["server"], picture["host"]) == ("absent", "", [])


def test_a_damaged_directory_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    picture = collect(sources(InstanceLayout(tmp_path), {}.__getitem__))
    assert picture["state"] == "absent"
    assert "cannot be read" in str(picture["problem"])


def test_a_host_that_cannot_be_looked_at_is_no_reason_to_say_nothing(tmp_path: Path) -> None:
    def changes():
        raise LocalError("you must be root")

    picture = collect(from_api(instance(tmp_path), changes=changes))
    assert (picture["state"], picture["host"]) == ("stopped", None)


def test_a_condition_that_is_not_there_is_unknown() -> None:
    assert condition(NODE, "Ready") == "True"
    assert condition(NODE, "DiskPressure") == "Unknown"
