import json
import os
from pathlib import Path

import pytest

from tests.fakes.canned import ApiServer, api_server, vmi
from tests.fakes.env import virtctl
from tests.fakes.kept import instance, machine_directory
from virtctl.cli.commands.local import status
from virtctl.local.daemon import process

NODE = {
    "metadata": {
        "name": "node1",
        "annotations": {
            "local.virtctl.io/accelerator": "qemu",
            "local.virtctl.io/accelerator-reason": "`/dev/kvm`: no such file",
        },
    },
    "spec": {"podCIDRs": ["10.244.1.0/24", "fd10:244:0:1::/64"]},
    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
}


def component(name: str, job: str, ready: str = "True", message: str = "") -> dict:
    return {
        "metadata": {
            "name": f"{name}-abcde",
            "labels": {"kubevirt.io": name},
            "annotations": {"local.virtctl.io/component": job},
        },
        "spec": {"nodeName": "node1"},
        "status": {
            "phase": "Running",
            "containerStatuses": [{"restartCount": 1 if message else 0}],
            "conditions": [{"type": "Ready", "status": ready, "message": message}],
        },
    }


def answer(server: ApiServer) -> None:
    server.object("/api/v1/nodes", {"items": [NODE]})
    pods = [
        component("virt-api", "the daemon's API server"),
        component("virt-handler", "the daemon's node agent", "False", "names: no socket"),
    ]
    server.object("/api/v1/namespaces/kubevirt/pods", {"items": pods})
    server.object("/apis/kubevirt.io/v1/virtualmachineinstances", {"items": [vmi()]})


@pytest.mark.host
def test_which_component_does_each_job_and_how_it_is(tmp_path: Path) -> None:
    with api_server() as server:
        answer(server)
        instance(tmp_path, server.url, running=True)
        ran = virtctl("local", "status", "--dir", str(tmp_path))
    assert (ran.code, ran.err) == (0, "")
    assert (
        ran.out
        == f"""\
control plane running in {tmp_path}: https://127.0.0.1:6443, version 0.1.0, process {os.getpid()}
guests run on plain QEMU, without KVM: `/dev/kvm`: no such file

NODE    READY   ACCELERATOR   ADDRESSES   POD NETWORKS
node1   True    qemu          -           10.244.1.0/24,fd10:244:0:1::/64

COMPONENT      NODE    PHASE     READY   RESTARTS   DONE BY
virt-api       node1   Running   True    0          the daemon's API server
virt-handler   node1   Running   False   1          the daemon's node agent

NAMESPACE   MACHINE   PHASE     READY   NODE   ADDRESSES
default     web       Running   True    -      10.244.1.2

not well:
  virt-handler on node1: names: no socket

changed on the host:
  nothing
"""
    )


@pytest.mark.host
@pytest.mark.parametrize("output", ["json", "yaml"])
def test_as_a_document(tmp_path: Path, output: str) -> None:
    with api_server() as server:
        answer(server)
        instance(tmp_path, server.url, running=True)
        ran = virtctl("local", "status", "-o", output, "--dir", str(tmp_path))
    assert ran.code == 0
    assert "doneBy" in ran.out
    if output == "json":
        assert json.loads(ran.out)["nodes"][0]["accelerator"] == "qemu"


def test_no_instance(tmp_path: Path) -> None:
    ran = virtctl("local", "status", "--dir", str(tmp_path))
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith(f"there is no control plane in {tmp_path}\n")


@pytest.mark.host
def test_a_killed_daemon_leaves_guests(tmp_path: Path) -> None:
    layout = instance(tmp_path)
    place = machine_directory(layout, "uid-1", name="web")
    (place / "launcher.pid").write_text(f"{os.getpid()} {process.start_time(os.getpid())}")
    ran = virtctl("local", "status", "--dir", str(tmp_path))
    assert ran.code == 1
    assert ran.out.startswith(f"control plane stopped in {tmp_path}\n")
    assert "default     web       guest runs" in ran.out


@pytest.mark.host
def test_a_daemon_that_does_not_answer(tmp_path: Path) -> None:
    instance(tmp_path, running=True)
    ran = virtctl("local", "status", "--dir", str(tmp_path))
    assert ran.code == 1
    assert ran.out.startswith(f"control plane unreachable in {tmp_path}")
    assert "problem: " in ran.out


def test_what_only_root_can_see() -> None:
    picture = {"state": "stopped", "directory": "/srv", "host": None}
    assert status.lines(picture)[-2:] == ["changed on the host:", "  only root can see it"]
