"""A machine is backed up while it runs, whole and by what changed; the parts make its disk."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.instance import Instance, until

pytestmark = [pytest.mark.vm, pytest.mark.slow, pytest.mark.timeout(1500)]

MIB = 1 << 20
NAME = "backed-up"
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: NAME}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 256Mi}}
"""
TRACKER = f"""\
apiVersion: backup.kubevirt.io/v1alpha1
kind: VirtualMachineBackupTracker
metadata: {{name: t}}
spec:
  source: {{apiGroup: kubevirt.io, kind: VirtualMachine, name: {NAME}}}
"""
BACKUP = """\
apiVersion: backup.kubevirt.io/v1alpha1
kind: VirtualMachineBackup
metadata: {name: NAME}
spec:
  source: {apiGroup: backup.kubevirt.io, kind: VirtualMachineBackupTracker, name: t}
  pvcName: vault
"""
WANTED = {
    "spec": {
        "configuration": {
            "changedBlockTrackingLabelSelectors": {
                "virtualMachineLabelSelector": {"matchLabels": {"changedBlockTracking": "true"}}
            }
        }
    }
}


@pytest.fixture
def instance(tmp_path: Path, tiny_image: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "instance")
    made.run("image", "import", str(tiny_image), "tiny")
    try:
        made.up()
        with_gate(made)
        for name in ("data", "vault"):
            made.apply(CLAIM.replace("NAME", name))
        made.apply(TRACKER)
        made.apply(machine(made))
        made.run("wait", NAME, "--for", "ssh", "--timeout", "10m")
        yield made
    finally:
        made.down()


def with_gate(instance: Instance) -> None:
    known = instance.get("kubevirt", "kubevirt", "kubevirt")
    developer = known["spec"]["configuration"].get("developerConfiguration", {})
    gates = [*developer.get("featureGates", []), "IncrementalBackup"]
    WANTED["spec"]["configuration"]["developerConfiguration"] = {"featureGates": gates}
    words = ("patch", "kubevirt", "kubevirt", "-n", "kubevirt", "--type", "merge", "-p")
    instance.kubectl(*words, json.dumps(WANTED))


def machine(instance: Instance) -> str:
    text = instance.machine(NAME)
    changes = {
        "        - name: cloudinitdisk\n          cloudInitNoCloud:": (
            "        - name: data\n          persistentVolumeClaim:\n            claimName: data\n"
            "        - name: cloudinitdisk\n          cloudInitNoCloud:"
        ),
        "            - name: cloudinitdisk\n": (
            "            - name: data\n              disk:\n                bus: virtio\n"
            "            - name: cloudinitdisk\n"
        ),
        "  labels:\n": "  labels:\n    changedBlockTracking: 'true'\n",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    return text


def status(instance: Instance, kind: str, name: str) -> dict:
    return instance.get(kind, name).get("status", {})


def write(instance: Instance, offset: int, size: int) -> str:
    """Something nobody knows, at an offset of the guest's disk; the sum of the whole disk."""
    return instance.ssh(
        NAME,
        f"head -c {size * MIB} /dev/urandom | dd of=/dev/vdb bs=1M seek={offset} conv=notrunc "
        "2>/dev/null; sync; sha256sum < /dev/vdb",
    ).split()[0]


def back_up(instance: Instance, name: str, **spec: object) -> dict:
    text = BACKUP.replace("NAME", name)
    instance.apply(text + "".join(f"  {key}: {json.dumps(spec[key])}\n" for key in spec))

    def over() -> dict | None:
        found = status(instance, "vmbackup", name)
        ended = [
            one for one in found.get("conditions", []) if one["type"] in {"Complete", "Failed"}
        ]
        return found if ended else None

    found = until(over, f"the end of backup {name}")
    assert isinstance(found, dict)
    assert {"Complete"} <= {one["type"] for one in found["conditions"]}, found
    return found


def part(instance: Instance, backup: str) -> Path:
    (found,) = (instance.directory / "volumes/default/vault").rglob(f"{backup}-data.qcow2")
    return found


def image(*words: str | Path) -> str:
    argv = ["qemu-img", *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def digest_of(scratch: Path, parts: list[Path]) -> str:
    """The sum of the disk that a full backup and what changed since make."""
    layers: list[Path] = []
    for number, path in enumerate(parts):
        layer = scratch / f"layer{number}.qcow2"
        layer.write_bytes(path.read_bytes())
        if layers:
            image("rebase", "-u", "-f", "qcow2", "-F", "qcow2", "-b", layers[-1], layer)
        layers.append(layer)
    image("convert", "-f", "qcow2", "-O", "raw", layers[-1], scratch / "whole.img")
    return hashlib.sha256((scratch / "whole.img").read_bytes()).hexdigest()


def test_backups(instance: Instance, tmp_path: Path) -> None:
    def tracking(kind: str = "vm") -> str:
        return status(instance, kind, NAME).get("changedBlockTracking", {}).get("state", "")

    until(lambda: tracking("vmi") == tracking() == "Enabled", "the tracking of changes")
    first = write(instance, 10, 90)  # more than a guest would stand still for
    found = back_up(instance, "monday")
    assert found["type"] == "Full"
    assert found["includedVolumes"] == [{"volumeName": "data"}]
    checkpoint = status(instance, "vmbackuptracker", "t")["latestCheckpoint"]
    assert checkpoint["name"] == found["checkpointName"]
    assert digest_of(tmp_path, [part(instance, "monday")]) == first
    until(
        lambda: "backupStatus" not in status(instance, "vmi", NAME)["changedBlockTracking"],
        "the end of what the instance says of it",
    )

    second = write(instance, 150, 3)
    instance.kill()
    instance.up()
    found = back_up(instance, "tuesday")
    assert found["type"] == "Incremental"
    tuesday = part(instance, "tuesday")
    assert tuesday.stat().st_blocks * 512 < 8 * MIB
    assert digest_of(tmp_path, [part(instance, "monday"), tuesday]) == second

    # A snapshot of this much data goes on while the guest does, and its checkpoints stay.
    instance.apply(
        "apiVersion: snapshot.kubevirt.io/v1beta1\nkind: VirtualMachineSnapshot\n"
        "metadata: {name: s1}\nspec:\n"
        f"  source: {{apiGroup: kubevirt.io, kind: VirtualMachine, name: {NAME}}}\n"
    )
    until(lambda: status(instance, "vmsnapshot", "s1").get("readyToUse"), "the snapshot")
    (copy,) = instance.directory.glob("snapshots/*/disk.img")
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == second

    # The checkpoint outlives the guest that powers off by itself.
    before = instance.get("vmi", NAME)["metadata"]["uid"]
    instance.run("restart", NAME)

    def is_new() -> bool:
        found = json.loads(instance.run("get", "vmi", "-o", "json").stdout)["items"]
        return any(one["metadata"]["uid"] != before for one in found)

    until(is_new, "the new instance")
    instance.run("wait", NAME, "--for", "ssh", "--timeout", "10m")
    until(lambda: tracking("vmi") == "Enabled", "the tracking of the new guest")
    third = write(instance, 200, 2)
    found = back_up(instance, "wednesday")
    assert found["type"] == "Incremental"
    wednesday = part(instance, "wednesday")
    assert digest_of(tmp_path, [part(instance, "monday"), tuesday, wednesday]) == third

    found = back_up(instance, "thursday", forceFullBackup=True)
    assert found["type"] == "Full"
    thursday = part(instance, "thursday")
    assert thursday.stat().st_blocks * 512 < 128 * MIB  # zeros take no space
    assert digest_of(tmp_path, [thursday]) == third

    given = tmp_path / "vault.tar.gz"
    words = ("download", "out", "--pvc", "vault", "--format", "gzip", "--output", str(given))
    instance.run("vmexport", *words)
    with tarfile.open(given) as archive:
        names = {Path(name).name for name in archive.getnames()}
    assert {f"{one}-data.qcow2" for one in ("monday", "tuesday", "thursday")} <= names
