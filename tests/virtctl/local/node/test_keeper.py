"""What the whole-way tests of ``test_agent`` do not reach: the small print of a pod's life."""

import asyncio

import pytest

from tests.fakes.cluster import Cluster, machine
from virtctl.local.node import keeper
from virtctl.local.runtime.podmanifest import FAIL_FAST, KEEP_FAILED
from virtctl.models.kinds import EVENT, POD, SECRET, SERVICE_ACCOUNT, VIRTUAL_MACHINE


@pytest.fixture
async def cluster():
    made = Cluster()
    made.start()
    yield made
    await made.stop()


def pod_events(cluster):
    return [
        (one["reason"], one["message"])
        for one in cluster.service.list(EVENT, "default").items
        if one["involvedObject"]["kind"] == "Pod"
    ]


async def test_images_are_announced(cluster):
    cluster.service.create(VIRTUAL_MACHINE, "default", machine())
    await cluster.until(lambda: cluster.printable() == "Running")
    said = pod_events(cluster)
    assert {"Pulling", "Pulled", "Scheduled"} <= {reason for reason, _ in said}
    assert ("Created", "Created container: compute") in said
    assert ("Started", "Started container compute") in said


async def test_a_missing_secret_is_waited_for(cluster):
    seed = {"name": "seed", "cloudInitNoCloud": {"secretRef": {"name": "s"}}}
    vm = machine()
    vm["spec"]["template"]["spec"]["volumes"].append(seed)
    disk = {"name": "seed", "disk": {"bus": "virtio"}}
    vm["spec"]["template"]["spec"]["domain"]["devices"]["disks"].append(disk)
    cluster.service.create(VIRTUAL_MACHINE, "default", vm)
    await cluster.until(
        lambda: (
            ("FailedMount", 'MountVolume.SetUp failed: secret "s" not found') in pod_events(cluster)
        )
    )
    data = {"userdata": "I2Nsb3VkLWNvbmZpZw=="}
    cluster.service.create(SECRET, "default", {"metadata": {"name": "s"}, "data": data})
    await cluster.until(lambda: cluster.printable() == "Running")
    (guest,) = cluster.host.running.values()
    assert guest.spec.disks[1].source.user_data == "#cloud-config"


async def test_a_missing_account_is_waited_for(cluster):
    vm = machine()
    account = {"name": "sa", "serviceAccount": {"serviceAccountName": "robot"}}
    vm["spec"]["template"]["spec"]["volumes"].append(account)
    disk = {"name": "sa", "disk": {"bus": "virtio"}}
    vm["spec"]["template"]["spec"]["domain"]["devices"]["disks"].append(disk)
    cluster.service.create(VIRTUAL_MACHINE, "default", vm)
    missing = 'MountVolume.SetUp failed: serviceaccount "robot" not found'
    await cluster.until(lambda: ("FailedMount", missing) in pod_events(cluster))
    cluster.service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    await cluster.until(lambda: cluster.printable() == "Running")
    (guest,) = cluster.host.running.values()
    source = guest.spec.disks[1].source
    assert (source.kind, source.label, source.files["namespace"]) == (
        "serviceAccount",
        "cfgdata",
        b"default",
    )
    assert source.files["token"].startswith(b"robot in ")


async def test_a_claim_gets_its_disk_before_the_start(cluster):
    from virtctl.models.kinds import PVC

    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    cluster.service.create(PVC, "default", {"metadata": {"name": "c"}, "spec": spec})
    vm = machine()
    template = vm["spec"]["template"]["spec"]
    template["volumes"].append({"name": "d", "persistentVolumeClaim": {"claimName": "c"}})
    template["domain"]["devices"]["disks"].append({"name": "d", "disk": {"bus": "virtio"}})
    cluster.service.create(VIRTUAL_MACHINE, "default", vm)
    await cluster.until(lambda: cluster.printable() == "Running")
    assert {str(path): size for path, size in cluster.host.disks.items()} == {
        "/volumes/default/c/disk.img": 1 << 30
    }
    cluster.service.delete(PVC, "default", "c")
    await asyncio.sleep(0.05)
    assert cluster.service.get(PVC, "default", "c")["metadata"]["deletionTimestamp"]
    cluster.service.delete(VIRTUAL_MACHINE, "default", "vm1")
    await cluster.until(lambda: cluster.host.removed)
    assert [str(path) for path in cluster.host.removed] == ["/volumes/default/c"]


async def test_a_back_off_is_told(cluster):
    cluster.service.create(VIRTUAL_MACHINE, "default", machine(image="absent"))
    await cluster.until(lambda: cluster.printable() == "ImagePullBackOff", keeper.PATIENCE + 5)
    assert "BackOff" in [reason for reason, _ in pod_events(cluster)]


async def test_a_launcher_that_is_to_crash_starts_no_guest(cluster):
    vm = machine()
    vm["spec"]["template"]["metadata"]["annotations"] = {FAIL_FAST: ""}
    cluster.service.create(VIRTUAL_MACHINE, "default", vm)
    await cluster.until(lambda: cluster.printable() == "CrashLoopBackOff")
    failure = cluster.vm()["status"]["startFailure"]
    assert failure["consecutiveFailCount"] >= 1
    assert not cluster.host.running
    warnings = [
        one["reason"]
        for one in cluster.service.list(EVENT, "default").items
        if one["type"] == "Warning"
    ]
    assert warnings == []


async def test_a_launcher_may_outlive_its_guest(cluster):
    vm = machine(strategy="Once")
    vm["spec"]["template"]["metadata"]["annotations"] = {FAIL_FAST: "", KEEP_FAILED: "true"}
    cluster.service.create(VIRTUAL_MACHINE, "default", vm)
    await cluster.until(lambda: cluster.vmi()["status"].get("phase") == "Failed")
    (pod,) = cluster.service.list(POD, "default").items
    assert pod["status"]["phase"] == "Running"
    (compute,) = pod["status"]["containerStatuses"][:1]
    assert "running" in compute["state"]
    assert not compute["ready"]
    cluster.service.delete(VIRTUAL_MACHINE, "default", "vm1")
    await cluster.until(lambda: not cluster.service.list(POD, "default").items)


async def test_a_pod_that_is_forced_away_takes_its_guest_along(cluster):
    from virtctl.local.api.service import DeleteOptions

    cluster.service.create(VIRTUAL_MACHINE, "default", machine(strategy="Once"))
    await cluster.until(lambda: cluster.printable() == "Running")
    (pod,) = cluster.service.list(POD, "default").items
    options = DeleteOptions(grace_period_seconds=0)
    cluster.service.delete(POD, "default", pod["metadata"]["name"], options)
    await cluster.until(lambda: not cluster.host.running)
    await cluster.until(lambda: cluster.vmi()["status"]["phase"] == "Failed")
