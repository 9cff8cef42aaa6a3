"""A guest goes from one launcher to another: in pods made by hand, no control plane."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from launcher import lifecycle
from launcher.layout import MachineLayout
from launcher.lifecycle import Command
from launcher.spec import Accelerator, CloudInit, ContainerDisk, Disk, EmptyDisk, MachineSpec
from launcher.state import MachineState, Stage
from launcher.system import namespaces, process
from tests.fakes.scratch import pod_by_hand, scratch_netns
from tests.fakes.specs import UID, machine

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

POD_ADDRESS = "10.129.2.132"
MIB = 1 << 20


@dataclass
class Pod:
    """A machine in a pod, reached from the node that the pod hangs on."""

    place: MachineLayout
    pod: str
    node: str
    key: Path

    def ssh(self, command: str, seconds: float = 400) -> str:
        argv = [
            "ssh", "-i", self.key, "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes",
            "-o", "ConnectTimeout=20", f"root@{POD_ADDRESS}", command,
        ]  # fmt: skip
        deadline = time.monotonic() + seconds
        while (done := process.run(argv, netns=self.node, check=False)).returncode != 0:
            assert time.monotonic() < deadline, done.stderr
            time.sleep(0.2)
        return done.stdout.strip()


@dataclass
class Pods:
    """Pods of one guest."""

    directory: Path
    stack: ExitStack
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    made: list[Pod] = field(default_factory=list)

    def make(self, key: Path) -> Pod:
        names = [self.stack.enter_context(scratch_netns(purpose)) for purpose in ("p", "n")]
        pod_by_hand(*names)
        place = MachineLayout(
            root=self.directory / ("long" * 20) / f"{UID}.{len(self.made)}",
            uid=UID,
            caps_cache=self.directory / "caps",
        )
        pod = Pod(place, *names, key)
        self.made.append(pod)
        return pod

    def start(self, pod: Pod, spec: MachineSpec, source: Pod | None = None) -> None:
        lifecycle.prepare(spec, pod.place, lifecycle.observe_facts())
        if source is not None:
            lifecycle.share_files(source.place, pod.place)
        self.runner.run(lifecycle.start(pod.place, namespaces.path_of(pod.pod)))

    def ask(self, pod: Pod, command: Command, /, **arguments: object) -> object:
        return self.runner.run(self._ask(pod, command, arguments))

    async def _ask(self, pod: Pod, command: Command, arguments: dict[str, object]) -> object:
        return await (await lifecycle.connect(pod.place)).request(command, **arguments)

    def until(
        self, pod: Pod, holds: Callable[[MachineState], bool], seconds: float = 400
    ) -> MachineState:
        return self.runner.run(self._until(pod, holds, seconds))

    async def _until(
        self, pod: Pod, holds: Callable[[MachineState], bool], seconds: float
    ) -> MachineState:
        async with asyncio.timeout(seconds):
            async for state in (await lifecycle.connect(pod.place)).states():
                if holds(state):
                    return state
        raise AssertionError("it never held")


@pytest.fixture
def pods(tmp_path: Path) -> Iterator[Pods]:
    with ExitStack() as stack:
        made = Pods(tmp_path, stack)
        try:
            yield made
        finally:
            for pod in made.made:
                if pod.place.log.exists():
                    sys.stdout.write(f"--- {pod.pod}\n{pod.place.log.read_text()}")
                made.runner.run(lifecycle.destroy(pod.place))
                assert not pod.place.root.exists()
            made.runner.close()


def test_a_guest_goes_and_stays(tiny_image: Path, pods: Pods, tmp_path: Path) -> None:
    key = tmp_path / "key"
    process.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
    seed = f"#cloud-config\nssh_authorized_keys:\n- {key.with_suffix('.pub').read_text().strip()}\n"
    spec = machine(
        accelerator=Accelerator.TCG,
        disks=(
            Disk(name="root", index=0, source=ContainerDisk(image=str(tiny_image), format="qcow2")),
            Disk(name="more", index=1, source=EmptyDisk(capacity=16 * MIB)),
            Disk(name="seed", index=2, source=CloudInit(flavour="noCloud", user_data=seed)),
        ),
    )
    comes = msgspec.structs.replace(spec, incoming=True)
    first = pods.make(key)
    pods.start(first, spec)
    pods.until(first, lambda state: state.stage is Stage.RUNNING)
    boot = first.ssh("cat /proc/sys/kernel/random/boot_id; echo kept > /tmp/word")

    # a target that is killed while the guest comes: the guest goes on where it is
    lost = pods.make(key)
    pods.start(lost, comes, first)
    pods.until(lost, lambda state: state.stage is Stage.WAITING)
    slowly = {"target": str(lost.place.root), "bandwidth": 1 * MIB}
    pods.ask(first, Command.MOVE, id="lost", **slowly)
    pods.until(first, lambda state: state.move is not None and state.move.remaining > 0)
    os.kill(int(lost.place.pid.read_text().split()[0]), signal.SIGKILL)
    failed = pods.until(first, lambda state: state.move is not None and state.move.failed)
    assert failed.move is not None
    assert failed.move.reason
    assert first.ssh("cat /proc/sys/kernel/random/boot_id") == boot

    # one that is given up
    unwanted = pods.make(key)
    pods.start(unwanted, comes, first)
    pods.until(unwanted, lambda state: state.stage is Stage.WAITING)
    slowly["target"] = str(unwanted.place.root)
    pods.ask(first, Command.MOVE, id="unwanted", **slowly)
    pods.until(
        first, lambda state: state.move is not None and state.move.id == "unwanted"
        and state.move.remaining > 0,
    )  # fmt: skip
    pods.ask(first, Command.STAY)
    stayed = pods.until(
        first, lambda state: state.move is not None and state.move.id == "unwanted"
        and state.move.failed,
    )  # fmt: skip
    assert stayed.stage is Stage.RUNNING

    second = pods.make(key)
    pods.start(second, comes, first)
    pods.until(second, lambda state: state.stage is Stage.WAITING)
    pods.ask(first, Command.MOVE, id="wanted", target=str(second.place.root))
    gone = pods.until(first, lambda state: state.stage is Stage.MIGRATED)
    assert gone.move is not None
    assert gone.move.gone
    came = pods.until(second, lambda state: state.stage is Stage.RUNNING and bool(state.nics))
    assert came.came > 0
    assert second.ssh("cat /proc/sys/kernel/random/boot_id") == boot
    assert second.ssh("cat /tmp/word; echo 1 > /dev/vdb; sync; echo done") == "kept\ndone"
