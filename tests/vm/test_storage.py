"""The talk's machine with a data volume: imported, interrupted, uploaded, grown, copied."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.disks import MIB, digest, write_raw
from tests.fakes.instance import Instance, traces, until
from tests.fakes.webserver import WebServer

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

ROOT_SIZE, DATA_SIZE = 300 * MIB, 48 * MIB
TEMPLATE = """\
  runStrategy: Always
  dataVolumeTemplates:
    - metadata:
        name: fedora-1
      spec:
        source:
          http:
            url: URL
        storage:
          resources:
            requests:
              storage: 300Mi
"""
COPY = """\
apiVersion: cdi.kubevirt.io/v1beta1
kind: DataVolume
metadata:
  name: copy
spec:
  source:
    pvc:
      name: fedora-1
      namespace: default
  storage: {}
"""


@pytest.fixture(scope="module")
def web(tiny_image: Path) -> Iterator[WebServer]:
    with WebServer() as server:
        server.files["fedora.qcow2"] = tiny_image.read_bytes()
        yield server


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, web: WebServer) -> Iterator[Instance]:
    made = Instance(tmp_path_factory.mktemp("storage") / "instance")
    try:
        made.up()
        yield made
    finally:
        made.down()
    assert traces(made) == []


def disk(instance: Instance, claim: str) -> Path:
    return instance.directory / "volumes" / "default" / claim / "disk.img"


def loops(instance: Instance, claim: str) -> list[str]:
    """Loop devices that the disk of a claim is attached to."""
    found = []
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        with contextlib.suppress(OSError):  # it may go at any moment
            if str(instance.directory / "volumes/default" / claim) in backing.read_text():
                found.append(backing.parts[3])
    return found


def phase(instance: Instance, name: str) -> str:
    return instance.get("dv", name).get("status", {}).get("phase", "")


def fedora(instance: Instance, url: str) -> str:
    text = instance.machine("fedora-1")
    changes = {
        "  runStrategy: Always\n": TEMPLATE.replace("URL", url),
        "containerDisk:\n            image: tiny": "dataVolume:\n            name: fedora-1",
        "        - name: cloudinitdisk\n          cloudInitNoCloud:": (
            "        - name: data\n          dataVolume:\n            name: data\n"
            "        - name: cloudinitdisk\n          cloudInitNoCloud:"
        ),
        "            - name: cloudinitdisk\n": (
            "            - name: data\n              serial: data\n              disk:\n"
            "                bus: virtio\n            - name: cloudinitdisk\n"
        ),
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def test_an_import_survives_its_daemon_and_a_guest_boots_from_it(
    instance: Instance, web: WebServer, tmp_path: Path
) -> None:
    raw = write_raw(tmp_path / "raw", 32 * MIB)
    packed = tmp_path / "raw.gz"
    packed.write_bytes(gzip.compress(raw.read_bytes()))
    instance.run(
        "image-upload", "dv", "data", "--size", "48Mi", "--image-path", str(packed),
        "--volume-mode", "block",
    )  # fmt: skip
    web.pace = lambda: time.sleep(0.05)
    web.breaks["fedora.qcow2"] = [2 * MIB]
    instance.apply(fedora(instance, web.url("fedora.qcow2")))
    until(lambda: phase(instance, "fedora-1") == "ImportInProgress", "the import")
    until(lambda: web.requests, "the first request")
    assert instance.get("vm", "fedora-1")["status"]["printableStatus"] == "Provisioning"
    instance.kill()
    assert not disk(instance, "fedora-1").exists()
    web.pace = lambda: None
    instance.up()
    instance.run("wait", "fedora-1", "--for", "ssh", "--timeout", "10m")
    assert phase(instance, "fedora-1") == "Succeeded"
    said = instance.ssh("fedora-1", "cat /sys/block/vda/size /sys/block/vdb/size").split()
    assert [int(size) * 512 for size in said] == [ROOT_SIZE, DATA_SIZE]
    sums = instance.ssh("fedora-1", "head -c 33554432 /dev/vdb | sha256sum")
    assert sums.split()[0] == hashlib.sha256(raw.read_bytes()).hexdigest()
    ready = {
        one["type"]: one["status"]
        for one in instance.get("vmi", "fedora-1")["status"]["conditions"]
    }
    assert ready["DataVolumesReady"] == "True"
    a_claim_in_block_mode_is_a_device_that_grows_under_its_guest(instance)
    a_disk_is_copied_when_its_guest_lets_go_of_it(instance)


def a_claim_in_block_mode_is_a_device_that_grows_under_its_guest(instance: Instance) -> None:
    assert loops(instance, "data") != []
    (volume,) = (
        one for one in instance.get("vmi", "fedora-1")["status"]["volumeStatus"]
        if one["name"] == "data"
    )  # fmt: skip
    assert volume["persistentVolumeClaimInfo"]["volumeMode"] == "Block"
    pods = instance.run("get", "pod", "-l", "vm.kubevirt.io/name=fedora-1", "-o", "json").stdout
    (pod,) = json.loads(pods)["items"]
    (compute,) = (one for one in pod["spec"]["containers"] if one["name"] == "compute")
    assert {"name": "data", "devicePath": "/dev/data"} in compute["volumeDevices"]
    wish = {"spec": {"resources": {"requests": {"storage": "64Mi"}}}}
    instance.kubectl("patch", "pvc", "data", "-p", json.dumps(wish))
    size = f"{64 * MIB // 512}"
    until(
        lambda: instance.ssh("fedora-1", "cat /sys/block/vdb/size").strip() == size,
        "the larger disk in the guest",
    )
    instance.ssh("fedora-1", "yes written | dd of=/dev/vdb bs=1M seek=60 count=2 conv=fsync")
    said = instance.ssh("fedora-1", "sha256sum /dev/vdb").split()[0]
    # Once the guest's cache is written, its host's file has it, whoever reads it.
    assert said == digest(disk(instance, "data"), 64 * MIB)


def a_disk_is_copied_when_its_guest_lets_go_of_it(instance: Instance) -> None:
    instance.apply(COPY)

    def running() -> str:
        conditions = instance.get("dv", "copy").get("status", {}).get("conditions", [])
        return next((one.get("reason", "") for one in conditions if one["type"] == "Running"), "")

    until(lambda: running() == "CloneSourceInUse", "the refusal to copy a disk in use")
    instance.run("stop", "fedora-1", "--force", "--grace-period", "0")
    until(lambda: loops(instance, "data") == [], "the end of the loop device")
    until(lambda: phase(instance, "copy") == "Succeeded", "the copy")
    assert digest(disk(instance, "copy"), ROOT_SIZE) == digest(
        disk(instance, "fedora-1"), ROOT_SIZE
    )
    assert disk(instance, "copy").stat().st_size == ROOT_SIZE
    owner = instance.get("pvc", "fedora-1")["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"]) == ("DataVolume", "fedora-1")
    instance.run("delete", "vm", "fedora-1")
    until(lambda: not disk(instance, "fedora-1").exists(), "the end of the machine's own disk")
