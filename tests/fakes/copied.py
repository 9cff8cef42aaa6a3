"""Copies of a machine's disk that are made while the daemon is killed, over and over."""

from __future__ import annotations

import contextlib
import hashlib
import random
import time
from pathlib import Path

from tests.fakes.instance import Instance, until

MIB = 1 << 20
NAME = "much-copied"
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 256Mi}}
"""
SNAPSHOT = f"""\
apiVersion: snapshot.kubevirt.io/v1beta1
kind: VirtualMachineSnapshot
metadata: {{name: WHICH}}
spec:
  source: {{apiGroup: kubevirt.io, kind: VirtualMachine, name: {NAME}}}
"""
RESTORE = f"""\
apiVersion: snapshot.kubevirt.io/v1beta1
kind: VirtualMachineRestore
metadata: {{name: WHICH}}
spec:
  target: {{apiGroup: kubevirt.io, kind: VirtualMachine, name: {NAME}}}
  virtualMachineSnapshotName: snapshot0
"""
CLONE = f"""\
apiVersion: clone.kubevirt.io/v1beta1
kind: VirtualMachineClone
metadata: {{name: WHICH}}
spec:
  source: {{apiGroup: kubevirt.io, kind: VirtualMachine, name: {NAME}}}
  target: {{apiGroup: kubevirt.io, kind: VirtualMachine, name: WHICH}}
  volumeNamePolicy: PrefixTargetName
"""


class Copies:
    """What is copied, and the sum that each copy must have."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.chance = random.Random(7)
        self.wanted = ""
        self.known: dict[tuple[int, int], str] = {}  # sums of files that do not change any more

    def kill(self, patience: float) -> None:
        """Kill the daemon somewhen, look at what there is, and start it again."""
        time.sleep(self.chance.uniform(0, patience))
        self.instance.kill()
        self.check()
        self.instance.up()

    def check(self) -> None:
        """Every file that has the name of a copy is whole."""
        volumes = self.instance.directory / "volumes/default"
        filled = [*volumes.glob("restore-*/disk.img"), *volumes.glob("clone*-data/disk.img")]
        for path in (*self.instance.directory.glob("snapshots/*/disk.img"), *filled):
            assert self.sum_of(path) == self.wanted, path

    def sum_of(self, path: Path) -> str:
        status = path.stat()
        key = status.st_ino, status.st_mtime_ns
        if key not in self.known:
            self.known[key] = hashlib.sha256(path.read_bytes()).hexdigest()
        return self.known[key]

    def status(self, kind: str, name: str) -> dict:
        return self.instance.get(kind, name).get("status", {})

    def snapshot(self, number: int) -> None:
        name = f"snapshot{number}"
        self.instance.apply(SNAPSHOT.replace("WHICH", name))
        self.kill(1.5)
        until(lambda: self.status("vmsnapshot", name).get("readyToUse"), name, 150)
        if number:
            self.instance.run("delete", "vmsnapshot", name)

    def restore(self, number: int, more: str = "") -> None:
        """``more`` are lines of its spec."""
        name = f"restore{number}"
        self.instance.apply(RESTORE.replace("WHICH", name) + more)
        self.kill(1.5)
        until(lambda: self.status("vmrestore", name).get("complete"), name, 150)

    def clone(self, number: int) -> None:
        name = f"clone{number}"
        self.instance.apply(CLONE.replace("WHICH", name))
        self.kill(3.0)
        until(lambda: self.status("vmclone", name).get("phase") == "Succeeded", name, 150)
        self.check()
        assert (self.instance.directory / f"volumes/default/{name}-data/disk.img").exists()
        self.instance.run("delete", "vm", name)

    def dump(self, number: int) -> None:
        claim = ("--claim-name", "dump", *(() if number > 2 else ("--create-claim",)))
        with contextlib.suppress(AssertionError):
            self.instance.run("memory-dump", "get", NAME, *claim, code=None, timeout=2)
        self.kill(1.0)
        until(lambda: self.dumped() in {"Completed", "Failed", None}, "the dump", 150)
        for path in (self.instance.directory / "volumes/default/dump").glob("[!.]*.memory.dump"):
            assert path.read_bytes()[:4] == b"\x7fELF"

    def dumped(self) -> str | None:
        return self.status("vm", NAME).get("memoryDumpRequest", {}).get("phase")
