"""The whole way from a VirtualMachine to a running machine, over a host in memory."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from launcher.facts import HostFacts
from launcher.lifecycle import Command
from launcher.state import Stage
from tests.fakes.cluster import Cluster, machine
from virtctl.local.api.service import DeleteOptions
from virtctl.local.config import LocalConfig
from virtctl.local.node import agent
from virtctl.models.kinds import NODE, POD, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE
from virtctl.wire.patches import merge_patch


@pytest.fixture
async def cluster():
    made = Cluster()
    made.start()
    yield made
    await made.stop()


async def running(cluster, **options):
    cluster.service.create(VIRTUAL_MACHINE, "default", machine(**options))
    await cluster.until(lambda: cluster.printable() == "Running")
    return cluster.host.running[cluster.vmi()["metadata"]["uid"]]


def pods(cluster):
    return cluster.service.list(POD, "default").items


async def test_a_machine_comes_to_run(cluster):
    await running(cluster)
    await cluster.until(lambda: cluster.vm()["status"].get("ready"))
    vmi = cluster.vmi()
    status = vmi["status"]
    assert status["nodeName"] == "node1"
    assert vmi["metadata"]["labels"] == {"app": "vm1", "kubevirt.io/nodeName": "node1"}
    assert [one["phase"] for one in status["phaseTransitionTimestamps"]] == [
        "Pending", "Scheduling", "Scheduled", "Running",
    ]  # fmt: skip
    assert status["interfaces"] == [
        {
            "name": "default",
            "mac": "02:b3:f0:00:00:01",
            "ipAddress": "10.244.1.2",
            "ipAddresses": ["10.244.1.2"],
            "infoSource": "domain",
            "queueCount": 1,
            "podInterfaceName": "eth0",
            "linkState": "up",
        }
    ]
    kinds = {one["type"]: one["status"] for one in status["conditions"]}
    assert kinds == {"Ready": "True", "LiveMigratable": "True", "SoftwareEmulation": "True"}
    (pod,) = pods(cluster)
    assert pod["status"]["phase"] == "Running"
    assert pod["status"]["podIP"] == "10.244.1.2"
    assert pod["spec"]["nodeName"] == "node1"
    events = cluster.events()
    assert ("Normal", "SuccessfulCreate") in events
    assert ("Normal", "Started") in events
    assert not [reason for kind, reason in events if kind == "Warning"]
    assert cluster.events(kind="VirtualMachine") == [("Normal", "SuccessfulCreate")]


async def test_stopping_asks_the_guest_and_leaves_nothing(cluster):
    guest = await running(cluster)
    cluster.service.patch(
        VIRTUAL_MACHINE, "default", "vm1", merge_patch({"spec": {"runStrategy": "Halted"}})
    )
    await cluster.until(lambda: cluster.printable() == "Stopped")
    assert guest.asked == [(Command.SHUTDOWN, {"grace": pytest.approx(30, abs=0.5)})]
    await cluster.until(lambda: not cluster.service.list(VIRTUAL_MACHINE_INSTANCE).items)
    assert not pods(cluster)
    assert not cluster.host.running
    assert not cluster.host.networks
    await cluster.until(lambda: "created" not in cluster.vm()["status"])


async def test_no_grace_means_the_guest_is_killed(cluster):
    guest = await running(cluster, terminationGracePeriodSeconds=0)
    old = cluster.vmi()["metadata"]["uid"]
    cluster.service.delete(VIRTUAL_MACHINE_INSTANCE, "default", "vm1")
    await cluster.until(lambda: cluster.vmi()["metadata"]["uid"] != old)
    assert guest.asked == [(Command.KILL, {})]
    await cluster.until(lambda: cluster.printable() == "Running")


async def test_a_stubborn_guest_is_ended_when_the_grace_is_shortened(cluster):
    guest = await running(cluster)
    guest.obeys = False
    cluster.service.delete(VIRTUAL_MACHINE, "default", "vm1")
    await cluster.until(lambda: guest.asked)
    body = merge_patch({"spec": {"terminationGracePeriodSeconds": 0}})
    cluster.service.patch(VIRTUAL_MACHINE_INSTANCE, "default", "vm1", body)
    await cluster.until(lambda: not pods(cluster))
    assert [command for command, _ in guest.asked] == [Command.SHUTDOWN, Command.KILL]


async def test_a_killed_launcher_fails_the_vmi_and_the_strategy_decides(cluster):
    guest = await running(cluster, strategy="Once")
    guest.kill()
    await cluster.until(lambda: cluster.vmi()["status"]["phase"] == "Failed")
    assert cluster.vmi()["status"]["reason"] == "LauncherLost"
    await cluster.until(lambda: pods(cluster)[0]["status"]["phase"] == "Failed")
    await cluster.until(lambda: cluster.printable() == "Stopped")
    assert ("Warning", "Stopped") in cluster.events()


async def test_a_killed_launcher_is_replaced_with_always(cluster):
    guest = await running(cluster)
    old = cluster.vmi()["metadata"]["uid"]
    guest.kill()
    await cluster.until(lambda: cluster.vmi()["metadata"]["uid"] != old)
    await cluster.until(lambda: cluster.printable() == "Running")
    assert "startFailure" not in cluster.vm()["status"]


async def test_a_guest_that_powers_off_is_done_with_rerun_on_failure(cluster):
    guest = await running(cluster, strategy="RerunOnFailure")
    guest.become(Stage.SHUT_OFF, stop_reason="guest")
    await cluster.until(lambda: cluster.printable() == "Stopped")
    await cluster.until(lambda: not cluster.host.running)
    await asyncio.sleep(0.05)
    assert cluster.printable() == "Stopped"


async def test_a_new_daemon_adopts_what_runs(cluster):
    guest = await running(cluster)
    cluster.agent.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await cluster.agent
    assert guest.alive
    guest.become(Stage.PAUSED, pause_reason="user", accelerator="qemu")
    cluster.start_agent()
    await cluster.until(lambda: cluster.printable() == "Paused")
    assert len(cluster.host.running) == 1
    await cluster.until(lambda: cluster.vm()["status"].get("ready") is None)
    guest.become(Stage.RUNNING, accelerator="qemu")
    await cluster.until(lambda: cluster.printable() == "Running")
    await cluster.until(lambda: cluster.vm()["status"].get("ready"))


async def test_a_new_daemon_reports_what_ended_meanwhile(cluster):
    guest = await running(cluster, strategy="Once")
    cluster.agent.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await cluster.agent
    guest.become(Stage.SHUT_OFF, stop_reason="guest")
    guest.kill()
    cluster.start_agent()
    await cluster.until(lambda: cluster.vmi()["status"]["phase"] == "Succeeded")
    assert not guest.alive


async def test_a_new_daemon_removes_what_belongs_to_nobody(cluster):
    guest = await running(cluster)
    cluster.agent.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await cluster.agent
    cluster.host.running["stray"] = type(guest)(None, "stray")
    await cluster.host.attach("stray-pod")
    await cluster.host.make_disk(Path("/volumes/default/stray/disk.img"), 1)
    cluster.start_agent()
    await cluster.until(lambda: "stray" not in cluster.host.running)
    await cluster.until(lambda: "stray-pod" not in cluster.host.networks)
    await cluster.until(lambda: cluster.host.removed == [Path("/volumes/default/stray")])
    assert guest.alive


async def test_a_missing_image_is_told_and_awaited(cluster):
    cluster.service.create(VIRTUAL_MACHINE, "default", machine(image="absent"))
    await cluster.until(lambda: cluster.printable() == "ErrImagePull")
    (condition,) = [
        one for one in cluster.vm()["status"]["conditions"] if one["type"] == "Synchronized"
    ]
    assert condition["message"] == (
        'Failed to pull image "absent": image `absent` is not in the store'
    )
    assert cluster.vmi()["status"]["phase"] == "Scheduling"
    cluster.service.delete(VIRTUAL_MACHINE, "default", "vm1")
    await cluster.until(lambda: not pods(cluster))


async def test_an_unimplemented_binding_is_refused_by_name(cluster):
    vm = machine()
    vm["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"][0] = {
        "name": "default",
        "sriov": {},
    }
    cluster.service.create(VIRTUAL_MACHINE, "default", vm)
    await cluster.until(lambda: ("Warning", "SyncFailed") in cluster.events())
    (condition,) = [
        one for one in cluster.vmi()["status"]["conditions"] if one["type"] == "Synchronized"
    ]
    assert "interfaces[0].sriov" in condition["message"]
    assert not cluster.host.running
    cluster.service.delete(VIRTUAL_MACHINE, "default", "vm1")
    await cluster.until(lambda: not pods(cluster))


async def test_a_start_that_fails_backs_off(cluster):
    cluster.host.refuse_start = "there is no /dev/net/tun"
    cluster.service.create(VIRTUAL_MACHINE, "default", machine())
    await cluster.until(lambda: cluster.printable() == "CrashLoopBackOff")
    assert cluster.vm()["status"]["startFailure"]["consecutiveFailCount"] == 1


async def test_other_pods_are_refused(cluster):
    pod = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": "w"}]}}
    cluster.service.create(POD, "default", pod)
    await cluster.until(lambda: pods(cluster)[0]["status"]["phase"] == "Failed")
    assert pods(cluster)[0]["status"]["reason"] == "UnsupportedPod"
    cluster.service.delete(POD, "default", "web", DeleteOptions())
    await cluster.until(lambda: not pods(cluster))


async def test_the_node_is_registered(cluster):
    node = await cluster.until(lambda: cluster.service.get(NODE, None, "node1"))
    await cluster.until(
        lambda: cluster.service.get(NODE, None, "node1")["status"].get("conditions")
    )
    assert node["metadata"]["labels"]["kubevirt.io/schedulable"] == "true"
    node = cluster.service.get(NODE, None, "node1")
    marks = node["metadata"]["annotations"]
    assert marks["local.virtctl.io/accelerator"] == "qemu"
    assert marks["local.virtctl.io/accelerator-reason"] == "/dev/kvm is not there"


@pytest.mark.parametrize(
    ("emulation", "kvm_usable", "accelerator", "reason"),
    [
        ("auto", True, "kvm", ""),
        ("auto", False, "qemu", "no /dev/kvm"),
        ("always", True, "qemu", "the instance was started with `--emulation always`"),
        ("never", True, "kvm", ""),
    ],
)
def test_what_runs_guests_and_why(emulation, kvm_usable, accelerator, reason):
    config = LocalConfig(emulation=emulation)
    facts = HostFacts(kvm_usable=kvm_usable, kvm_reason="" if kvm_usable else "no /dev/kvm")
    assert agent.accelerator(config, kvm_usable=kvm_usable) == accelerator
    assert agent.emulation_reason(config, facts) == reason


async def test_deleting_the_machine_deletes_all(cluster):
    await running(cluster)
    cluster.service.delete(VIRTUAL_MACHINE, "default", "vm1")

    def gone():
        return not cluster.service.list(VIRTUAL_MACHINE).items

    await cluster.until(gone)
    assert not cluster.service.list(VIRTUAL_MACHINE_INSTANCE).items
    assert not cluster.host.networks
