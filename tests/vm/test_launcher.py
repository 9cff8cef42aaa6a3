"""A launcher's machine from its spec to its end, in a pod made by hand: no control plane."""

import asyncio
import base64
import os
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from launcher import lifecycle
from launcher.layout import MachineLayout
from launcher.lifecycle import Command, Control
from launcher.spec import Accelerator, CloudInit, ContainerDisk, Disk, MachineSpec
from launcher.state import MachineState, Stage
from launcher.system import namespaces, process
from tests.fakes.scratch import pod_by_hand, scratch_netns
from tests.fakes.specs import UID, machine

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

POD_ADDRESS = "10.129.2.132"
_T = TypeVar("_T")


@dataclass
class Pod:
    """A machine in a pod, reached from the node that the pod hangs on."""

    place: MachineLayout
    pod: str
    node: str
    key: Path
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def do(self, work: Coroutine[object, object, _T]) -> _T:
        return self.runner.run(work)

    def prepare(self, image: Path, **changes: object) -> MachineSpec:
        public = self.key.with_suffix(".pub").read_text().strip()
        seed = f"#cloud-config\npassword: fedora\nssh_authorized_keys:\n- {public}\n"
        disks = (
            Disk(name="root", index=0, source=ContainerDisk(image=str(image), format="qcow2")),
            Disk(name="seed", index=1, source=CloudInit(flavour="noCloud", user_data=seed)),
        )
        spec = machine(disks=disks, **changes)
        lifecycle.prepare(spec, self.place, lifecycle.observe_facts())
        return spec

    def start(self) -> Control:
        return self.do(lifecycle.start(self.place, namespaces.path_of(self.pod)))

    def until(self, holds: Callable[[MachineState], bool], seconds: float = 400) -> MachineState:
        return self.do(self._until(holds, seconds))

    def ssh(self, command: str, seconds: float = 400) -> str:
        argv = [
            "ssh", "-i", self.key, "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes",
            "-o", "ConnectTimeout=20", f"root@{POD_ADDRESS}", command,
        ]  # fmt: skip
        deadline = time.monotonic() + seconds
        while True:
            done = process.run(argv, netns=self.node, check=False)
            if done.returncode == 0 or time.monotonic() > deadline:
                assert done.returncode == 0, done.stderr
                return done.stdout
            time.sleep(0.1)

    def execute(self, *argv: str) -> tuple[int, str]:
        return self.do(self._execute(argv))

    def processes(self) -> list[str]:
        """Command names of all processes in the pod's network namespace."""
        return [name for _, name in self.named()]

    def named(self) -> list[tuple[int, str]]:
        """The processes in the pod's network namespace: their ids and command names."""
        found = []
        for pid in process.run(["ip", "netns", "pids", self.pod]).stdout.split():
            with suppress(OSError):  # it may end at any moment
                found.append((int(pid), Path(f"/proc/{pid}/comm").read_text().strip()))
        return found

    def until_said(self, words: str, seconds: float = 400) -> None:
        """Wait for words on the serial console."""
        deadline = time.monotonic() + seconds
        while words not in self.place.serial_log.read_text(errors="replace"):
            assert time.monotonic() < deadline, f"nobody said {words}"
            time.sleep(0.1)

    def pid_of(self, name: str) -> int:
        """The first process of a name in the pod."""
        found = [pid for pid, command in self.named() if command == name]
        assert found, f"there is no {name}"
        return found[0]

    async def _until(self, holds: Callable[[MachineState], bool], seconds: float) -> MachineState:
        control = await lifecycle.connect(self.place)
        async with asyncio.timeout(seconds):
            async for state in control.states():
                if holds(state):
                    return state
        raise AssertionError("it never held")

    async def _execute(self, argv: tuple[str, ...]) -> tuple[int, str]:
        running = await lifecycle.spawn_exec(self.place, argv, stdin=False)
        said = b""
        while data := (await running.read())[1]:
            said += data
        code = await running.wait()
        await running.kill()
        return code, said.decode()


@contextmanager
def pod(directory: Path) -> Iterator[Pod]:
    """A pod, which leaves nothing behind."""
    with ExitStack() as stack:
        names = [stack.enter_context(scratch_netns(purpose)) for purpose in ("p", "n")]
        pod_by_hand(*names)
        key = directory / "key"
        process.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
        # Longer than a Unix socket's path may be.
        place = MachineLayout(
            root=directory / ("long" * 20) / UID, uid=UID, caps_cache=directory / "caps"
        )
        made = Pod(place, *names, key)
        try:
            yield made
        finally:
            if place.log.exists():
                sys.stdout.write(place.log.read_text())
            made.do(lifecycle.destroy(place))
            made.runner.close()
            assert made.processes() == []
            assert not place.root.exists()


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory, tiny_image: Path) -> Iterator[Pod]:
    """A machine whose guest answers."""
    with pod(tmp_path_factory.mktemp("booted")) as made:
        made.prepare(tiny_image)
        made.start()
        made.ssh("true")
        made.until(lambda state: state.agent.connected and state.nics[0].guest_name != "")
        yield made


class TestRunning:
    """What can be done with a machine that runs. The last test ends it."""

    def test_the_guest_has_the_address_that_we_serve(self, booted: Pod) -> None:
        said = booted.ssh("ip -br address show eth0; ip route; hostname")
        assert "10.0.2.2/24" in said
        assert "default via 10.0.2.1" in said
        assert said.splitlines()[-1] == "fedora-0"

    def test_the_state_tells_what_agent_and_domain_know(self, booted: Pod) -> None:
        state = booted.until(lambda each: bool(each.agent.timezone and each.nics[0].addresses))
        (nic,) = state.nics
        assert (nic.name, nic.guest_name) == ("default", "eth0")
        assert nic.addresses[0] == POD_ADDRESS
        assert (state.stage, state.agent.hostname) == (Stage.RUNNING, "fedora-0")
        assert state.machine_type.startswith("pc-q35-")
        assert [(disk.name, disk.target) for disk in state.disks] == [
            ("root", "vda"),
            ("seed", "vdb"),
        ]
        assert lifecycle.last_state(booted.place) == state

    def test_the_guest_reaches_others_by_ipv6_too(self, booted: Pod) -> None:
        # DHCPv6 begins with the router's advertisement and may end after ssh is there.
        said = booted.ssh(
            "until ip -6 route | grep -q ^default && ip a | grep -q fd10:0:2::2; do :; done; "
            "ip -6 route"
        )
        assert "default via fe80::" in said

    def test_programs_run_in_the_pod(self, booted: Pod) -> None:
        assert "k6t-eth0" in booted.execute("ip", "a")[1]
        rules = booted.execute("nft", "-s", "list", "table", "ip", "nat")[1]
        assert "counter dnat to 10.0.2.2" in rules
        names = booted.execute("ps", "-e", "-o", "comm=")[1].split()
        assert names[:2] == ["launcher-init", "virt-launcher"]
        assert "qemu-system-x86" in names
        assert booted.execute("hostname")[1] == "fedora-0\n"
        assert booted.execute("cat", "/etc/hosts")[1].split()[-2] == "fd01:0:0:5::9"
        assert booted.execute("sh", "-c", "exit 5")[0] == 5

    def test_paths_in_the_pod_are_kubevirts(self, booted: Pod) -> None:
        control = booted.do(lifecycle.connect(booted.place))
        xml = str(booted.do(control.request(Command.DOMAIN)))
        assert f"/var/run/kubevirt-private/{UID}/virt-serial0" in xml
        assert "/var/run/kubevirt/container-disks/disk_0.img" in xml
        listed = booted.execute("ls", "/var/run/kubevirt/container-disks")
        assert listed == (0, "disk_0.img\n")

    def test_the_serial_console_answers(self, booted: Pod) -> None:
        async def talk() -> bytes:
            reader, writer = await lifecycle.open_serial(booted.place)
            writer.write(b"\n")
            said = b""
            async with asyncio.timeout(400):
                while b"login:" not in said:
                    said += await reader.read(4096)
            writer.close()
            return said

        assert b"fedora-0" in booted.do(talk())
        assert "tiny: ready" in booted.place.serial_log.read_text(errors="replace")

    def test_the_screen_answers_and_can_be_seen(self, booted: Pod) -> None:
        async def greet() -> bytes:
            reader, writer = await lifecycle.open_vnc(booted.place)
            said = await reader.readexactly(12)
            writer.close()
            return said

        assert booted.do(greet()) == b"RFB 003.008\n"
        control = booted.do(lifecycle.connect(booted.place))
        picture = booted.do(control.request(Command.SCREENSHOT))
        assert base64.b64decode(str(picture)).startswith(b"\x89PNG")

    def test_pausing_stops_the_guest(self, booted: Pod) -> None:
        control = booted.do(lifecycle.connect(booted.place))
        booted.do(control.request(Command.PAUSE))
        assert booted.do(control.state()).pause_reason == "user"
        booted.do(control.request(Command.UNPAUSE))
        assert booted.do(control.state()).stage is Stage.RUNNING
        assert booted.ssh("echo alive") == "alive\n"

    def test_the_agent_is_at_hand(self, booted: Pod) -> None:
        control = booted.do(lifecycle.connect(booted.place))
        booted.do(control.request(Command.AGENT, command="guest-ping"))
        assert isinstance(booted.do(control.request(Command.FILESYSTEMS)), list)

    def test_the_launcher_is_small(self, booted: Pod) -> None:
        sizes = {}
        for pid, name in booted.named():
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            (sizes[name],) = [int(line.split()[1]) for line in rollup if line.startswith("Pss:")]
        assert sizes["launcher-init"] + sizes["virt-launcher"] < 60 * 1024, sizes

    def test_qemu_is_a_user_without_rights(self, booted: Pod) -> None:
        qemu = booted.pid_of("qemu-system-x86")
        status = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{qemu}/status").read_text().splitlines()
        )
        user = str(lifecycle.observe_facts().qemu_user)
        assert int(user) >= 107
        assert set(status["Uid"].split()) == set(status["Gid"].split()) == {user}
        assert {status[name] for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {"0" * 16}
        assert status["Seccomp"] == "2"  # by filters
        assert status["NoNewPrivs"] == "1"
        for place in ("mnt", "net", "pid", "uts", "ipc"):
            ours, its = (Path(f"/proc/{each}/ns/{place}").readlink() for each in ("self", qemu))
            assert ours != its, place

    def test_it_is_held_to_what_the_pod_may_use(self, booted: Pod) -> None:
        reason = lifecycle.observe_facts().limits_reason
        if reason:
            state = booted.until(lambda each: each.stage is Stage.RUNNING)
            assert f"without limits: {reason}" in state.notes
            return
        for name in ("virt-launcher", "qemu-system-x86"):
            groups = Path(f"/proc/{booted.pid_of(name)}/cgroup").read_text()
            assert f"/virtctl/{UID}\n" in groups, name

    def test_sockets_are_their_owners_only(self, booted: Pod) -> None:
        for path in (booted.place.serial, booted.place.vnc, booted.place.control):
            assert path.is_socket()
            assert path.stat().st_mode & 0o777 == 0o600, path

    def test_it_powers_off_when_asked(self, booted: Pod) -> None:
        control = booted.do(lifecycle.connect(booted.place))
        booted.do(control.request(Command.SHUTDOWN, grace=60))
        state = booted.until(lambda each: each.stage.final)
        assert (state.stage, state.stop_reason) == (Stage.SHUT_OFF, "guest")
        assert _gone(booted)
        assert lifecycle.last_state(booted.place) == state


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Pod]:
    with pod(tmp_path) as made:
        yield made


def _gone(made: Pod) -> bool:
    deadline = time.monotonic() + 400
    while (lifecycle.is_alive(made.place) or made.named()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return made.processes() == []


@pytest.mark.parametrize("victim", ["launcher-init", "virt-launcher"])
def test_whoever_is_killed_takes_all_with_it(fresh: Pod, tiny_image: Path, victim: str) -> None:
    fresh.prepare(tiny_image)
    fresh.start()
    fresh.until(lambda state: state.stage is Stage.RUNNING)
    assert "qemu-system-x86" in fresh.processes()
    os.kill(fresh.pid_of(victim), 9)
    assert _gone(fresh)
    assert not lifecycle.is_alive(fresh.place)
    state = lifecycle.last_state(fresh.place)
    assert state is not None
    assert state.stage is Stage.RUNNING


def test_a_killed_qemu_is_a_crash(fresh: Pod, tiny_image: Path) -> None:
    fresh.prepare(tiny_image)
    fresh.start()
    fresh.until(lambda state: state.stage is Stage.RUNNING)
    os.kill(fresh.pid_of("qemu-system-x86"), 9)
    assert _gone(fresh)
    state = lifecycle.last_state(fresh.place)
    assert state is not None
    assert (state.stage, state.stop_reason) == (Stage.CRASHED, "failed")


def test_a_kvm_that_does_not_work_is_done_without(fresh: Pod, tiny_image: Path) -> None:
    if lifecycle.observe_facts().kvm_usable or not Path("/dev/kvm").exists():
        pytest.skip("needs a KVM that only looks usable")
    fresh.prepare(tiny_image, accelerator=Accelerator.KVM)
    fresh.start()
    # Some seconds may pass until it is seen not to work.
    state = fresh.until(lambda s: s.stage is Stage.RUNNING and s.accelerator == "qemu")
    assert "software emulation: KVM failed" in state.notes[0]
    control = fresh.do(lifecycle.connect(fresh.place))
    fresh.do(control.request(Command.KILL))


def test_a_machine_that_cannot_start_says_why_and_leaves_the_pod_as_it_was(
    fresh: Pod, tmp_path: Path
) -> None:
    (tmp_path / "broken.qcow2").write_bytes(b"QFI\xfb" + bytes(64))
    fresh.prepare(tmp_path / "broken.qcow2")
    fresh.start()
    assert _gone(fresh)
    state = lifecycle.last_state(fresh.place)
    assert state is not None
    assert state.stage is Stage.FAILED
    assert state.error is not None
    assert state.error.step == "disks"
    links = process.run(["ip", "-br", "link"], netns=fresh.pod).stdout
    assert "k6t-eth0" not in links
    assert "nat" not in process.run(["nft", "list", "tables"], netns=fresh.pod).stdout
