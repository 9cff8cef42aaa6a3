"""``launcher run --vmi`` in namespaces made as an ordinary pod's are, with what a container may."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from launcher.system import process
from launcher.system.process import Spawned
from tests.fakes.instance import until
from tests.fakes.scratch import pod_by_hand, scratch_netns
from tests.vm.test_launcher import POD_ADDRESS

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

HOME = Path(__file__).resolve().parents[2]

# A container runtime's usual ones, and the one that a launcher needs besides.
CAPABILITIES = (
    "chown", "dac_override", "fsetid", "fowner", "mknod", "net_raw", "setgid", "setuid", "setfcap",
    "setpcap", "net_bind_service", "sys_chroot", "kill", "audit_write", "net_admin",
)  # fmt: skip

ENTRY = """
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/kubevirt/container-disks
touch /run/kubevirt/container-disks/disk_0.img
mount --bind {image} /run/kubevirt/container-disks/disk_0.img
exec setpriv --inh-caps=-all --bounding-set=-all,{kept} {python} -P -m \
  virtctl.local.node.standalone run --vmi {manifest} --dir /run/machines
"""


def manifest(public_key: str) -> dict[str, object]:
    seed = f"#cloud-config\nssh_authorized_keys:\n- {public_key}\n"
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "alone", "namespace": "default"},
        "spec": {
            "domain": {
                "memory": {"guest": "256Mi"},
                "devices": {
                    "disks": [{"name": name, "disk": {"bus": "virtio"}} for name in ("os", "seed")],
                    "interfaces": [{"name": "default", "masquerade": {}}],
                },
            },
            "networks": [{"name": "default", "pod": {}}],
            "volumes": [
                {"name": "os", "containerDisk": {"image": "whatever"}},
                {"name": "seed", "cloudInitNoCloud": {"userData": seed}},
            ],
        },
    }


@dataclass
class Container:
    process: Spawned
    node: str
    pod: str
    log: Path
    key: Path

    def ssh(self, command: str, seconds: float = 400) -> str:
        argv = [
            "ssh", "-i", self.key, "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes",
            "-o", "ConnectTimeout=20", f"root@{POD_ADDRESS}", command,
        ]  # fmt: skip
        deadline = time.monotonic() + seconds
        while True:
            done = process.run(argv, netns=self.node, check=False)
            if done.returncode == 0:
                return done.stdout
            assert time.monotonic() < deadline, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)


@pytest.fixture
def container(tmp_path: Path, tiny_image: Path) -> Iterator[Container]:
    with ExitStack() as stack:
        pod, node = (stack.enter_context(scratch_netns(purpose)) for purpose in ("p", "n"))
        pod_by_hand(pod, node)
        key, log = tmp_path / "key", tmp_path / "log"
        process.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
        file = tmp_path / "vmi.yaml"
        file.write_text(yaml.safe_dump(manifest(key.with_suffix(".pub").read_text().strip())))
        script = ENTRY.format(
            image=tiny_image, manifest=file, python=sys.executable,
            kept=",".join(f"+{name}" for name in CAPABILITIES),
        )  # fmt: skip
        argv = [
            "unshare", "--mount", "--pid", "--fork", "--mount-proc", "--uts", "--ipc",
            "--kill-child", "sh", "-c", script,
        ]  # fmt: skip
        started = process.spawn(argv, log=log, env={"PYTHONPATH": str(HOME)}, netns=pod)
        try:
            yield Container(started, node, pod, log, key)
        finally:
            started.kill()
            started.wait(150)
        until(lambda: process.run(["ip", "netns", "pids", pod]).stdout == "", "the end of all")


def test_a_guest_runs_with_what_a_container_may(container: Container) -> None:
    assert "10.0.2.2/24" in container.ssh("ip -br address show eth0")
    pids = process.run(["ip", "netns", "pids", container.pod]).stdout.split()
    by_name = {Path(f"/proc/{pid}/comm").read_text().strip(): pid for pid in pids}
    status = Path(f"/proc/{by_name['qemu-system-x86']}/status").read_text()
    assert "Uid:\t0" not in status
    links = process.run(["ip", "-br", "link"], netns=container.pod).stdout
    assert "k6t-eth0" in links
    container.ssh("(sleep 1; poweroff) >/dev/null 2>&1 &")
    assert container.process.wait(400) == 0
