"""A daemon that is killed while disks are copied: no half copy looks whole, no guest stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.copied import CLAIM, MIB, NAME, Copies
from tests.fakes.instance import Instance, until

HALTED = f"""\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {{name: {NAME}}}
spec:
  runStrategy: Halted
  template:
    spec:
      domain:
        devices: {{disks: [{{name: data, disk: {{bus: virtio}}}}]}}
        memory: {{guest: 64Mi}}
        firmware: {{bootloader: {{efi: {{secureBoot: false, persistent: true}}}}}}
      volumes: [{{name: data, persistentVolumeClaim: {{claimName: data}}}}]
"""

STATE = f"""\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: state, labels: {{persistent-state-for: {NAME}}}}}
spec:
  accessModes: [ReadWriteOnce]
  resources: {{requests: {{storage: 10Mi}}}}
"""


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Copies]:
    instance = Instance(tmp_path / "instance")
    try:
        instance.up()
        instance.apply(CLAIM.replace("256Mi", "32Mi"))
        yield Copies(instance)
    finally:
        instance.down()


@pytest.mark.host
@pytest.mark.timeout(900)
def test_disks_that_nobody_has(copies: Copies) -> None:
    disk = copies.instance.directory / "volumes/default/data/disk.img"
    until(lambda: copies.status("pvc", "data").get("phase") == "Bound", "the claim")
    disk.parent.mkdir(parents=True, exist_ok=True)
    disk.write_bytes(copies.chance.randbytes(16 * MIB) + bytes(16 * MIB))
    copies.wanted = copies.sum_of(disk)
    copies.instance.apply(STATE)
    copies.instance.apply(HALTED)
    state = copies.instance.directory / "volumes/default/state/nvram/vars.fd"
    until(lambda: copies.status("pvc", "state").get("phase") == "Bound", "the state's claim")
    state.parent.mkdir(parents=True)
    state.write_bytes(b"boot order")
    copies.snapshot(0)
    included = copies.status("vmsnapshot", "snapshot0")["snapshotVolumes"]["includedVolumes"]
    assert included == ["data", f"persistent-state-for-{NAME}"]
    state.write_bytes(b"another order")
    copies.restore(1)
    (volume,) = (
        one["persistentVolumeClaim"]
        for one in copies.status("vmrestore", "restore1")["restores"]
        if one["volumeName"].startswith("persistent-state-for-")
    )
    kept = copies.instance.directory / "volumes/default" / volume / "nvram/vars.fd"
    assert kept.read_bytes() == b"boot order"
    until(lambda: not state.exists(), "the end of the state before")

    disk.write_bytes(b"nothing")
    copies.restore(2, "  volumeRestorePolicy: InPlace\n")
    assert copies.sum_of(disk) == copies.wanted
    template = copies.instance.get("vm", NAME)["spec"]["template"]["spec"]
    assert template["volumes"][0]["persistentVolumeClaim"]["claimName"] == "data"
    state_again = copies.instance.directory / "volumes/default/state/nvram/vars.fd"
    assert state_again.read_bytes() == b"boot order"
    copies.check()
