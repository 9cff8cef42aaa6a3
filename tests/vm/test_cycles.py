"""Machines that start and stop again and again, and launchers killed at any moment."""

import asyncio
import os
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from launcher import lifecycle
from launcher.errors import LauncherError
from launcher.layout import MachineLayout
from launcher.lifecycle import Command, Control
from launcher.spec import ContainerDisk, Disk, MachineSpec
from launcher.state import Stage
from launcher.system import cgroups, namespaces, process
from tests.fakes.instance import Instance, traces, until
from tests.fakes.scratch import pod_by_hand, scratch_netns
from tests.fakes.specs import machine

pytestmark = pytest.mark.vm

MANY = pytest.mark.slow


@pytest.fixture
def place(tmp_path: Path) -> MachineLayout:
    uid = str(uuid.uuid4())
    return MachineLayout(root=tmp_path / uid, uid=uid, caps_cache=tmp_path / "caps")


@pytest.fixture
def spec(place: MachineLayout, tiny_image: Path) -> MachineSpec:
    disks = (Disk(name="os", index=0, source=ContainerDisk(image=str(tiny_image), format="qcow2")),)
    return machine(uid=place.uid, disks=disks)


@contextmanager
def pod() -> Iterator[str]:
    """A pod's network; nothing of the machine is in it at the end."""
    with scratch_netns("p") as name, scratch_netns("n") as node:
        pod_by_hand(name, node)
        yield name
        assert process.run(["ip", "netns", "pids", name]).stdout == ""


def left(place: MachineLayout) -> list[str]:
    """What the host still has of a machine."""
    mounts = [
        line for line in Path("/proc/self/mounts").read_text().splitlines() if place.uid in line
    ]
    groups = [
        str(group)
        for root in cgroups.look().roots
        if (group := Path(root, cgroups.PARENT, place.uid)).exists()
    ]
    files = [str(path) for path in place.root.parent.iterdir() if path != place.caps_cache]
    lines = []
    for process_directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            lines.append((process_directory / "cmdline").read_text(errors="replace"))
    return [*mounts, *groups, *files, *(line for line in lines if place.uid in line)]


async def running(place: MachineLayout, spec: MachineSpec, netns: str) -> Control:
    lifecycle.prepare(spec, place, lifecycle.observe_facts())
    control = await lifecycle.start(place, namespaces.path_of(netns))
    async with asyncio.timeout(60):
        async for state in control.states():
            if state.stage is Stage.RUNNING:
                return control
    raise AssertionError(f"it never ran: {lifecycle.last_state(place)}")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [3, pytest.param(200, marks=MANY)])
async def test_nothing_stays_of_launchers(
    place: MachineLayout, spec: MachineSpec, count: int
) -> None:
    for number in range(count):
        with pod() as netns:
            control = await running(place, spec, netns)
            if number % 2:
                await control.request(Command.KILL)
            await lifecycle.destroy(place)
            assert left(place) == []


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [6, pytest.param(50, marks=MANY)])
async def test_a_launcher_that_was_killed_leaves_what_the_next_start_cleans(
    place: MachineLayout, spec: MachineSpec, count: int
) -> None:
    rng = random.Random(count)
    for number in range(count):
        with pod() as netns:
            await killed(place, spec, netns, (number % 2, rng.random()))
            await lifecycle.destroy(place)
            assert left(place) == []
    with pod() as netns:
        control = await running(place, spec, netns)
        await control.request(Command.KILL)
        await lifecycle.destroy(place)
    assert left(place) == []


async def killed(
    place: MachineLayout, spec: MachineSpec, netns: str, when: tuple[int, float]
) -> None:
    """Kill a launcher while it starts, at a part of the time that takes; or while it stops."""
    stops, part = when
    if stops:
        control = await running(place, spec, netns)
        with suppress(LauncherError):
            asking = asyncio.create_task(control.request(Command.KILL))
            await asyncio.sleep(part * 0.2)
            kill(place)
            await asking
        return
    lifecycle.prepare(spec, place, lifecycle.observe_facts())
    starting = asyncio.create_task(lifecycle.start(place, namespaces.path_of(netns), patience=10))
    await asyncio.sleep(part * 1.5)
    kill(place)
    with suppress(LauncherError):
        await starting


def kill(place: MachineLayout) -> None:
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        os.kill(int(place.pid.read_text().split()[0]), 9)


def resident(pid: int) -> int:
    """KiB of memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


@MANY
@pytest.mark.timeout(3600)
def test_an_instance_does_not_grow(tmp_path: Path, tiny_image: Path) -> None:
    made = Instance(tmp_path / "instance")
    made.run("image", "import", str(tiny_image), "tiny")
    try:
        made.up()
        made.apply(made.machine("web", **{"runStrategy: Always": "runStrategy: Manual"}))
        settled = 0
        for number in range(200):
            made.run("start", "web")
            until(lambda: phase(made) == "Running", "a running machine")
            made.run("stop", "web", "--grace-period", "0", "--force")
            until(lambda: not phase(made), "the end of the machine")
            if number == 20:
                settled = resident(made.pid)
        assert resident(made.pid) - settled < 32 * 1024
        assert list((made.directory / "vms").iterdir()) == []
        assert not [line for line in traces(made) if "virt-launcher-web-" in line]
    finally:
        made.down()
    assert traces(made) == []


def phase(instance: Instance) -> str:
    argv = ("get", "vmi", "web", "-o", "jsonpath={.status.phase}")
    return instance.run(*argv, code=None).stdout.strip()
