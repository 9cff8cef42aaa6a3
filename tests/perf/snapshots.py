"""``make bench``: what it takes to snapshot a large disk, and to put a machine on a shared base.

The disk has 10 GiB of which little is written. Times are from the request until the copy is ready
to use, of a disk that nobody has and of one that a guest has. Prints one line a figure, with its
goal; exit code 1 when a goal is missed.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from launcher.ops.images import MakeOverlay
from launcher.system import images
from tests.fakes.instance import Instance, until

RUNS = 5
MIB = 1 << 20
SNAPSHOTS = "/apis/snapshot.kubevirt.io/v1beta1/namespaces/default/virtualmachinesnapshots"
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}
"""
MACHINE = """\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: large}
spec:
  runStrategy: Halted
  template:
    spec:
      domain:
        devices: {disks: [{name: data, disk: {bus: virtio}}]}
        memory: {guest: 64Mi}
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
"""


class Server:
    """Asks an instance over one connection, so that no client's start is measured."""

    def __init__(self, instance: Instance) -> None:
        config = yaml.safe_load((instance.directory.parent / "kubeconfig").read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        context = ssl.create_default_context(cadata=authority)
        self._headers = {"content-type": "application/json"}
        if "token" in user:
            self._headers["authorization"] = f"Bearer {user['token']}"
        else:
            place = instance.directory.parent / "client.pem"
            parts = ("client-certificate-data", "client-key-data")
            place.write_bytes(b"".join(base64.b64decode(user[one]) for one in parts))
            context.load_cert_chain(place)
        host, _, port = cluster["server"].removeprefix("https://").partition(":")
        self._connection = http.client.HTTPSConnection(host, int(port), context=context)

    def ask(self, method: str, path: str, body: object = None) -> dict:
        text = json.dumps(body) if body else None
        self._connection.request(method, path, text, self._headers)
        reply = self._connection.getresponse()
        answer = json.loads(reply.read())
        if reply.status >= http.HTTPStatus.BAD_REQUEST:
            sys.exit(f"{method} {path}: {answer.get('message')}")
        return answer

    def close(self) -> None:
        self._connection.close()


def snapshot_times(server: Server, kind: str) -> Iterator[float]:
    """Seconds."""
    for number in range(RUNS):
        name = f"{kind}{number}"
        source = {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": "large"}
        body = {
            "apiVersion": "snapshot.kubevirt.io/v1beta1", "kind": "VirtualMachineSnapshot",
            "metadata": {"name": name}, "spec": {"source": source},
        }  # fmt: skip
        began = time.perf_counter()
        server.ask("POST", SNAPSHOTS, body)
        while not server.ask("GET", f"{SNAPSHOTS}/{name}").get("status", {}).get("readyToUse"):
            if time.perf_counter() - began > 120:
                sys.exit(f"the snapshot {name} does not get ready")
            time.sleep(0.01)
        yield time.perf_counter() - began


def base_times(scratch: Path) -> Iterator[float]:
    """Milliseconds of what is made for one more machine on a base of 1 GiB that has data."""
    base = scratch / "base.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", base, "4G"], check=True)
    fill = ["qemu-io", "-f", "qcow2", "-c", "write -q -P 7 0 1G", base]
    subprocess.run(fill, check=True, stdout=subprocess.DEVNULL)
    for number in range(2 * RUNS):
        overlay = scratch / f"{number}.qcow2"
        began = time.perf_counter()
        images.perform(MakeOverlay(path=str(overlay), backing=str(base), backing_format="qcow2"))
        yield 1000 * (time.perf_counter() - began)
        if overlay.stat().st_blocks * 512 > MIB:
            sys.exit("an overlay holds a copy of its base")


def main() -> int:
    if os.geteuid() != 0:
        sys.exit("the benchmark starts QEMU: run it as root")
    scratch = Path(tempfile.mkdtemp(prefix="virtctl-bench-"))
    scratch.chmod(0o711)
    missed = []

    def figure(name: str, value: float, unit: str, goal: float) -> None:
        verdict = "" if value <= goal else "   MISSED"
        sys.stdout.write(f"{name:<46} {value:8.2f} {unit}   goal <= {goal:g} {unit}{verdict}\n")
        sys.stdout.flush()
        if verdict:
            missed.append(name)

    instance = Instance(scratch / "instance")
    try:
        figure("overlay on a shared base", statistics.median(base_times(scratch)), "ms", 50)
        instance.up()
        instance.apply(CLAIM)
        until(lambda: instance.get("pvc", "data")["status"].get("phase") == "Bound", "the claim")
        disk = instance.directory / "volumes/default/data/disk.img"
        disk.parent.mkdir(parents=True, exist_ok=True)
        with disk.open("wb") as file:
            file.truncate(10 * 1024 * MIB)
            for place in range(10):
                file.seek(place * 1024 * MIB)
                file.write(os.urandom(4 * MIB))
        instance.apply(MACHINE)
        server = Server(instance)
        try:
            took = statistics.median(snapshot_times(server, "halted"))
            figure("snapshot of 10 GiB that nobody has", took, "s", 1)
            instance.run("start", "large")
            until(
                lambda: instance.get("vm", "large")["status"]["printableStatus"] == "Running",
                "the guest",
                120,
            )
            took = statistics.median(snapshot_times(server, "running"))
            figure("snapshot of 10 GiB that a guest has", took, "s", 1)
        finally:
            server.close()
    finally:
        instance.down()
        shutil.rmtree(scratch, ignore_errors=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
