"""A machine that is exported by one instance is made anew by another one: its disk is the same."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.disks import MIB, digest, write_raw
from tests.fakes.instance import Instance
from tests.fakes.webserver import WebServer

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]

SIZE = 16 * MIB
MACHINE = """\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: travels}
spec:
  runStrategy: Halted
  dataVolumeTemplates:
    - metadata: {name: travels-root}
      spec:
        source: {http: {url: URL}}
        storage: {resources: {requests: {storage: 16Mi}}}
  template:
    spec:
      domain:
        devices: {disks: [{name: root, disk: {bus: virtio}}]}
        memory: {guest: 64Mi}
      volumes: [{name: root, dataVolume: {name: travels-root}}]
"""


@contextlib.contextmanager
def running(home: Path) -> Iterator[Instance]:
    home.mkdir()
    made = Instance(home / "instance")
    try:
        made.up()
        yield made
    finally:
        made.down()


def disk(instance: Instance) -> Path:
    return instance.directory / "volumes/default/travels-root/disk.img"


def filled(instance: Instance) -> None:
    claim = "pvc/travels-root"
    phase = r"--for=jsonpath={.metadata.annotations.cdi\.kubevirt\.io/storage\.pod\.phase}"
    instance.kubectl("wait", claim, "--for=create", "--timeout=150s")
    instance.kubectl("wait", claim, f"{phase}=Succeeded", "--timeout=150s")


def test_a_machine_is_the_same_elsewhere(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", SIZE, seed=7)
    with WebServer() as web, running(tmp_path / "here") as here:
        web.files["disk"] = raw.read_bytes()
        here.apply(MACHINE.replace("URL", web.url("disk")))
        filled(here)
        assert digest(disk(here), SIZE) == digest(raw, SIZE)
        manifest = tmp_path / "manifest.yaml"
        words = ("--vm", "travels", "--manifest", "--include-secret", "--keep-vme")
        here.run("vmexport", "download", "travel", *words, "--output", str(manifest))
        with running(tmp_path / "there") as there:
            there.kubectl("apply", "-f", str(manifest))
            filled(there)
            assert digest(disk(there), SIZE) == digest(raw, SIZE)
            spec = there.get("vm", "travels")["spec"]["template"]["spec"]
            assert spec["volumes"] == [{"name": "root", "dataVolume": {"name": "travels-root"}}]
