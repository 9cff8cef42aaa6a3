"""Disks of a machine come, are frozen, come back, are copied and given away, byte for byte."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.instance import Instance, traces, until

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: NAME
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 32Mi
"""
SNAPSHOT = """\
apiVersion: snapshot.kubevirt.io/v1beta1
kind: VirtualMachineSnapshot
metadata:
  name: s1
spec:
  source: {apiGroup: kubevirt.io, kind: VirtualMachine, name: snapped}
"""
RESTORE = """\
apiVersion: snapshot.kubevirt.io/v1beta1
kind: VirtualMachineRestore
metadata:
  name: r1
spec:
  target: {apiGroup: kubevirt.io, kind: VirtualMachine, name: snapped}
  virtualMachineSnapshotName: s1
"""
CLONE = """\
apiVersion: clone.kubevirt.io/v1beta1
kind: VirtualMachineClone
metadata:
  name: c1
spec:
  source: {apiGroup: kubevirt.io, kind: VirtualMachine, name: snapped}
  target: {apiGroup: kubevirt.io, kind: VirtualMachine, name: twin}
  volumeNamePolicy: PrefixTargetName
  labelFilters: ['!app']
"""


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, tiny_image: Path) -> Iterator[Instance]:
    made = Instance(tmp_path_factory.mktemp("snapshots") / "instance")
    made.run("image", "import", str(tiny_image), "tiny")
    try:
        made.up()
        made.apply(CLAIM.replace("NAME", "one"))
        made.apply(CLAIM.replace("NAME", "late").replace("spec:", "spec:\n  volumeMode: Block"))
        made.apply(machine(made))
        made.run("wait", "snapped", "--for", "ssh", "--timeout", "10m")
        yield made
    finally:
        made.down()
    assert traces(made) == []


def machine(instance: Instance) -> str:
    text = instance.machine("snapped")
    changes = {
        "        - name: cloudinitdisk\n          cloudInitNoCloud:": (
            "        - name: one\n          persistentVolumeClaim:\n            claimName: one\n"
            "        - name: cloudinitdisk\n          cloudInitNoCloud:"
        ),
        "            - name: cloudinitdisk\n": (
            "            - name: one\n              disk:\n                bus: virtio\n"
            "            - name: cloudinitdisk\n"
        ),
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def status(instance: Instance, kind: str, name: str) -> dict:
    return instance.get(kind, name).get("status", {})


def entry(instance: Instance, volume: str) -> dict:
    found = status(instance, "vmi", "snapped").get("volumeStatus", [])
    return next((one for one in found if one["name"] == volume), {})


def fill(instance: Instance, device: str) -> str:
    """Write something nobody knows to a disk of the guest; the sum of the whole disk."""
    return instance.ssh(
        "snapped",
        f"head -c 9000000 /dev/urandom | dd of=/dev/{device} conv=notrunc 2>/dev/null; sync; "
        f"sha256sum < /dev/{device}",
    ).split()[0]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def claims(instance: Instance, name: str) -> Path:
    return instance.directory / "volumes/default" / name / "disk.img"


def test_bytes_come_back(instance: Instance, tmp_path: Path) -> None:
    instance.run("addvolume", "snapped", "--volume-name", "late", "--bus", "virtio")
    until(lambda: entry(instance, "late").get("phase") == "Ready", "the disk that came later")
    pod = instance.get("pod", entry(instance, "late")["hotplugVolume"]["attachPodName"])
    assert pod["status"]["phase"] == "Running"
    first = {
        "one": fill(instance, "vdb"),
        "late": fill(instance, entry(instance, "late")["target"]),
    }

    instance.apply(SNAPSHOT)
    instance.kill()
    instance.up()
    until(lambda: status(instance, "vmsnapshot", "s1").get("readyToUse"), "the snapshot")
    taken = status(instance, "vmsnapshot", "s1")
    assert taken["snapshotVolumes"]["includedVolumes"] == ["one", "late"]
    assert "Online" in taken["indications"]
    copies = {digest(path) for path in instance.directory.glob("snapshots/*/disk.img")}
    assert copies == set(first.values())
    assert fill(instance, "vdb") != first["one"]

    dumped = tmp_path / "memory.tar.gz"
    instance.run("memory-dump", "get", "snapped", "--claim-name", "dump", "--create-claim")
    instance.run("memory-dump", "download", "snapped", "--output", str(dumped), "--format", "gzip")
    assert gzip.decompress(dumped.read_bytes())[512:516] == b"\x7fELF"

    instance.run("removevolume", "snapped", "--volume-name", "late")
    until(lambda: not entry(instance, "late"), "the end of the disk in the guest")
    conditions = status(instance, "vm", "snapped")["conditions"]
    assert not [one for one in conditions if one["type"] == "RestartRequired"]
    instance.run("stop", "snapped", "--force", "--grace-period", "0")
    until(lambda: status(instance, "vm", "snapped")["printableStatus"] == "Stopped", "the stop")

    instance.apply(RESTORE)
    until(lambda: status(instance, "vmrestore", "r1").get("complete"), "the restore")
    restored = {
        one["volumeName"]: one["persistentVolumeClaim"]
        for one in status(instance, "vmrestore", "r1")["restores"]
    }
    assert {name: digest(claims(instance, claim)) for name, claim in restored.items()} == first

    instance.apply(CLONE)
    until(lambda: status(instance, "vmclone", "c1").get("phase") == "Succeeded", "the clone")
    assert {name: digest(claims(instance, f"twin-{name}")) for name in first} == first
    assert "app" not in instance.get("vm", "twin")["metadata"].get("labels", {})

    given = tmp_path / "given.img"
    volume = ("--snapshot", "s1", "--volume", "one", "--format", "raw")
    instance.run("vmexport", "download", "e1", *volume, "--output", str(given))
    assert digest(given) == first["one"]

    instance.run("start", "snapped")
    instance.run("wait", "snapped", "--for", "ssh", "--timeout", "10m")
    assert entry(instance, "late")["phase"] == "Ready"
    for name, wanted in first.items():
        device = entry(instance, name)["target"]
        assert instance.ssh("snapped", f"sha256sum < /dev/{device}").split()[0] == wanted
