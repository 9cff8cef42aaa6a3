"""Attending, the whole way: through the API, by a keeper, to a machine in memory."""

import pytest

from launcher.errors import AgentError
from launcher.lifecycle import Command
from launcher.state import DiskState, Stage
from tests.fakes.cluster import Cluster, machine
from virtctl.models.kinds import EVENT, POD, PVC, SECRET, VIRTUAL_MACHINE


@pytest.fixture
async def cluster():
    made = Cluster()
    made.start()
    yield made
    await made.stop()


def events(cluster):
    return {one["reason"]: one["message"] for one in cluster.service.list(EVENT, "default").items}


def conditions(cluster):
    return {one["type"]: one["status"] for one in cluster.vmi()["status"]["conditions"]}


def guest(cluster):
    (found,) = cluster.host.running.values()
    return found


def probed(**probe):
    vm = machine(strategy="Once")
    vm["spec"]["template"]["spec"] |= probe
    return vm


async def test_a_guest_is_ready_when_its_probe_says_so(cluster):
    asked = {"exec": {"command": ["true"]}, "periodSeconds": 1}
    cluster.service.create(VIRTUAL_MACHINE, "default", probed(readinessProbe=asked))
    await cluster.until(lambda: "Unhealthy" in events(cluster))
    assert conditions(cluster)["Ready"] == "False"
    assert cluster.vmi()["status"]["phase"] == "Running"
    guest(cluster).answers[Command.EXEC] = {"exit_code": 0}
    await cluster.until(lambda: conditions(cluster)["Ready"] == "True")


async def test_a_guest_without_pulse_fails(cluster):
    asked = {"guestAgentPing": {}, "periodSeconds": 1, "failureThreshold": 1}
    cluster.host.answers[Command.AGENT] = AgentError("not connected")
    cluster.service.create(VIRTUAL_MACHINE, "default", probed(livenessProbe=asked))
    await cluster.until(lambda: cluster.vmi()["status"]["phase"] == "Failed")
    said = events(cluster)
    assert said["Unhealthy"] == "Liveness probe failed: not connected"
    assert said["Killing"] == "Container compute failed liveness probe, will be restarted"
    assert "liveness probe: not connected" in cluster.vmi()["status"]["reason"]


async def test_a_volume_is_plugged_in_and_out(cluster):
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    cluster.service.create(PVC, "default", {"metadata": {"name": "c"}, "spec": spec})
    cluster.service.create(VIRTUAL_MACHINE, "default", machine(strategy="Once"))
    await cluster.until(lambda: cluster.printable() == "Running")
    volume = {"name": "d", "persistentVolumeClaim": {"claimName": "c", "hotpluggable": True}}
    disk = {"name": "d", "disk": {"bus": "scsi"}}
    with_volumes(cluster, lambda volumes, disks: (volumes.append(volume), disks.append(disk)))
    asked = guest(cluster).asked
    await cluster.until(lambda: Command.PLUG_DISK in dict(asked))
    assert dict(asked)[Command.PLUG_DISK]["disk"]["source"]["path"].endswith("/c/disk.img")
    disks = (DiskState(name="d", target="sda", hotplugged=True),)
    guest(cluster).become(Stage.RUNNING, disks=disks)
    await cluster.until(lambda: "VolumeReady" in str(cluster.vmi()["status"]["volumeStatus"]))
    (entry,) = [one for one in cluster.vmi()["status"]["volumeStatus"] if one["name"] == "d"]
    holder = cluster.service.get(POD, "default", entry["hotplugVolume"]["attachPodName"])
    assert holder["metadata"]["uid"] == entry["hotplugVolume"]["attachPodUID"]
    assert holder["status"]["phase"] == "Running"
    assert entry["persistentVolumeClaimInfo"]["claimName"] == "c"
    with_volumes(cluster, lambda volumes, disks: (volumes.pop(), disks.pop()))
    await cluster.until(lambda: (Command.UNPLUG, {"name": "d"}) in asked)
    await cluster.until(lambda: "Detaching" in str(cluster.vmi()["status"]["volumeStatus"]))
    guest(cluster).become(Stage.RUNNING, disks=(DiskState(name="root", target="vda"),))
    await cluster.until(lambda: len(cluster.service.list(POD, "default").items) == 1)
    assert "RestartRequired" not in str(cluster.vm()["status"]["conditions"])


def with_volumes(cluster, change):
    """Change a machine's volumes and disks as a user does who edits it."""
    vm = cluster.vm()
    spec = vm["spec"]["template"]["spec"]
    change(spec["volumes"], spec["domain"]["devices"]["disks"])
    cluster.service.update(VIRTUAL_MACHINE, "default", "vm1", vm)


async def test_a_secret_that_changes_reaches_the_guest(cluster):
    secret = {"metadata": {"name": "s"}, "data": {"bob": "b25l"}}
    cluster.service.create(SECRET, "default", secret)
    source = {"secret": {"secretName": "s"}}
    asked = {"userPassword": {"source": source, "propagationMethod": {"qemuGuestAgent": {}}}}
    cluster.service.create(VIRTUAL_MACHINE, "default", probed(accessCredentials=[asked]))
    await cluster.until(lambda: cluster.printable() == "Running")
    assert [one.password for one in guest(cluster).spec.passwords] == ["one"]
    changed = {**cluster.service.get(SECRET, "default", "s"), "data": {"bob": "dHdv"}}
    cluster.service.update(SECRET, "default", "s", changed)
    await cluster.until(lambda: Command.CREDENTIALS in dict(guest(cluster).asked))
    (credentials,) = [
        arguments for command, arguments in guest(cluster).asked if command is Command.CREDENTIALS
    ]
    assert credentials["passwords"] == [{"user": "bob", "password": "two"}]


def changed(cluster, **fields):
    """The machine's template with other fields, as a user would write it."""
    vm = cluster.service.get(VIRTUAL_MACHINE, "default", "vm1")
    domain = vm["spec"]["template"]["spec"]["domain"]
    for name, value in fields.items():
        domain.setdefault(name, {}).update(value)
    cluster.service.update(VIRTUAL_MACHINE, "default", "vm1", vm)


async def test_a_template_that_grows_reaches_the_guest(cluster):
    vm = machine(strategy="Once")
    vm["spec"]["template"]["spec"]["domain"] |= {
        "memory": {"guest": "1Gi"}, "cpu": {"sockets": 1},
        "resources": {"limits": {"memory": "3Gi"}},
    }  # fmt: skip
    cluster.service.create(VIRTUAL_MACHINE, "default", vm)
    await cluster.until(lambda: cluster.printable() == "Running")
    guest(cluster).become(Stage.RUNNING, vcpus=1, memory=1 << 30)
    changed(cluster, cpu={"sockets": 2}, memory={"guest": "2Gi"})
    asked = guest(cluster).asked
    await cluster.until(lambda: Command.MEMORY in dict(asked))
    assert dict(asked)[Command.MEMORY] == {"size": 2 << 30}
    assert dict(asked)[Command.SOCKETS] == {"sockets": 2}
    assert cluster.vmi()["spec"]["domain"]["resources"]["limits"]["memory"] == "4Gi"
    (limits,) = cluster.host.limits.values()
    assert 4 << 30 < limits.memory < 5 << 30  # with what QEMU needs beside the guest's
    assert conditions(cluster)["HotVCPUChange"] == "True"
    assert conditions(cluster)["HotMemoryChange"] == "True"
    assert "RestartRequired" not in {
        one["type"]
        for one in cluster.service.get(VIRTUAL_MACHINE, "default", "vm1")["status"]["conditions"]
    }


async def test_a_cable_is_plugged_out_by_the_template(cluster):
    cluster.service.create(VIRTUAL_MACHINE, "default", machine(strategy="Once"))
    await cluster.until(lambda: cluster.printable() == "Running")
    running = cluster.vmi()["spec"]
    nic = {**running["domain"]["devices"]["interfaces"][0], "state": "down"}
    vm = cluster.service.get(VIRTUAL_MACHINE, "default", "vm1")
    spec = vm["spec"]["template"]["spec"]
    spec["networks"] = running["networks"]
    spec["domain"].setdefault("devices", {})["interfaces"] = [nic]
    cluster.service.update(VIRTUAL_MACHINE, "default", "vm1", vm)
    asked = guest(cluster).asked
    await cluster.until(lambda: Command.LINK in dict(asked))
    assert dict(asked)[Command.LINK] == {"name": "default", "up": False}


async def test_what_a_tpm_remembers_is_in_a_claim_of_the_machine(cluster):
    vm = machine(strategy="Once")
    vm["spec"]["template"]["spec"]["domain"]["devices"]["tpm"] = {"persistent": True}
    cluster.service.create(VIRTUAL_MACHINE, "default", vm)
    await cluster.until(lambda: cluster.printable() == "Running")
    (claim,) = cluster.service.list(PVC, "default").items
    assert claim["metadata"]["labels"] == {"persistent-state-for": "vm1"}
    assert claim["metadata"]["ownerReferences"][0]["kind"] == "VirtualMachine"
    assert claim["status"]["phase"] == "Bound"
    spec = guest(cluster).spec
    assert (spec.tpm, bool(spec.state_directory)) == ("persistent", True)
