"""The door to machines, as far as it goes without a pod; the rest is in tests/vm."""

import os
import stat
from pathlib import Path

import pytest

from launcher import lifecycle
from launcher import spec as specs
from launcher import state as states
from launcher.errors import HostError, LauncherGone
from launcher.facts import HostFacts
from launcher.layout import MachineLayout
from launcher.spec import Resolver
from launcher.state import MachineState, Stage
from launcher.system import process
from tests.fakes.specs import UID, machine


@pytest.fixture
def place(tmp_path: Path) -> MachineLayout:
    return MachineLayout(root=tmp_path / "vms" / UID, uid=UID, caps_cache=tmp_path / "cache")


def test_a_prepared_machine_has_everything_that_its_launcher_reads(place: MachineLayout) -> None:
    resolver = Resolver(nameservers=("10.244.1.1",), search=("default.svc.cluster.local",))
    spec = machine(resolver=resolver)
    lifecycle.prepare(spec, place, HostFacts(cpus=3, qemu_user=os.getuid()))
    assert specs.decode(place.spec.read_bytes()) == spec
    assert b'"cpus":3' in place.facts.read_bytes()
    assert place.resolv_conf.read_text() == (
        "search default.svc.cluster.local\nnameserver 10.244.1.1\noptions ndots:5\n"
    )
    assert place.hosts.read_text().startswith("127.0.0.1 localhost\n")
    for directory in (place.serial.parent, place.control.parent, place.caps_cache):
        assert directory.is_dir()
    assert stat.S_IMODE(place.root.stat().st_mode) == 0o700


def test_preparing_again_takes_the_new_spec(place: MachineLayout) -> None:
    for hostname in ("one", "two"):
        lifecycle.prepare(machine(hostname=hostname), place, HostFacts(qemu_user=os.getuid()))
    assert specs.decode(place.spec.read_bytes()).hostname == "two"


def test_the_last_state(place: MachineLayout) -> None:
    assert lifecycle.last_state(place) is None
    place.root.mkdir(parents=True)
    state = MachineState(uid=UID, stage=Stage.RUNNING)
    place.state.write_bytes(states.encode(state))
    assert lifecycle.last_state(place) == state
    place.state.write_text("{")
    with pytest.raises(HostError, match="cannot be read"):
        lifecycle.last_state(place)


def test_a_process_counts_only_with_its_birth(place: MachineLayout) -> None:
    assert not lifecycle.is_alive(place)
    place.root.mkdir(parents=True)
    born = process.start_time(os.getpid())
    place.pid.write_text(f"{os.getpid()} {born}\n")
    assert lifecycle.is_alive(place)
    place.pid.write_text(f"{os.getpid()} {(born or 0) + 1}\n")
    assert not lifecycle.is_alive(place)
    place.pid.write_text("nonsense")
    assert not lifecycle.is_alive(place)


async def test_destroying_ends_the_process_and_removes_the_directory(
    place: MachineLayout,
) -> None:
    place.root.mkdir(parents=True)
    child = process.spawn(["sleep", "60"])
    place.pid.write_text(f"{child.pid} {process.start_time(child.pid)}\n")
    await lifecycle.destroy(place, keep=True)
    assert child.wait(60) == -9
    assert place.root.exists()
    await lifecycle.destroy(place)
    assert not place.root.exists()
    await lifecycle.destroy(place)


async def test_nobody_answers_for_a_machine_that_does_not_run(place: MachineLayout) -> None:
    lifecycle.prepare(machine(), place, HostFacts(qemu_user=os.getuid()))
    for attempt in (
        lifecycle.connect(place),
        lifecycle.open_serial(place),
        lifecycle.open_vnc(place),
        lifecycle.spawn_exec(place, ["true"]),
    ):
        with pytest.raises(LauncherGone):
            await attempt


async def test_a_start_without_a_pod_says_what_is_missing(place: MachineLayout) -> None:
    lifecycle.prepare(machine(), place, HostFacts(qemu_user=os.getuid()))
    with pytest.raises(HostError, match="no network namespace") as caught:
        await lifecycle.start(place, Path("/run/netns/vt-none"))
    assert caught.value.hint == f"see `{place.log}`"
    assert not lifecycle.is_alive(place)
