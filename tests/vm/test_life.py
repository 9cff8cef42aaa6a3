"""An instance through stops, kills and starts, with a machine that shall always run."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.instance import Instance, processes, traces, until

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]


@pytest.fixture
def instance(tmp_path: Path, tiny_image: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "instance")
    made.run("image", "import", str(tiny_image), "tiny")
    try:
        made.up()
        made.apply(made.machine("web"))
        new_uid(made, "")
        yield made
    finally:
        made.down()
    assert traces(made) == []
    assert not made.directory.exists()


def new_uid(instance: Instance, old: str) -> str:
    """The uid of a machine that runs, another one than ``old``."""

    def found() -> str:
        vmi = instance.run(
            "get", "vmi", "web", "-o", "jsonpath={.metadata.uid} {.status.phase}", code=None
        )
        uid, _, phase = vmi.stdout.strip().partition(" ")
        return uid if phase == "Running" and uid != old else ""

    return str(until(found, "a running machine"))


def launcher(instance: Instance, uid: str) -> int:
    return int((instance.directory / "vms" / uid / "launcher.pid").read_text().split()[0])


def kill_all(instance: Instance, uid: str) -> None:
    instance.kill()
    os.kill(launcher(instance, uid), signal.SIGKILL)
    until(lambda: not processes(instance.directory), "the end of all")


def test_machines_that_shall_always_run_do_so_again_after_down_and_up(instance: Instance) -> None:
    before = new_uid(instance, "")
    vm = instance.get("vm", "web")["metadata"]["uid"]
    instance.run("local", "down", "--grace", "1s")
    assert traces(instance) == []
    instance.up()
    new_uid(instance, before)
    assert instance.get("vm", "web")["metadata"]["uid"] == vm


def test_after_all_was_killed_it_comes_up_clean(instance: Instance) -> None:
    before = new_uid(instance, "")
    kill_all(instance, before)
    assert "control plane stopped" in instance.run("local", "status", code=1).stdout
    instance.up()
    after = new_uid(instance, before)
    home = instance.directory / "vms"
    until(lambda: [path.name for path in home.iterdir()] == [after], "the old one's removal")


def test_after_all_was_killed_down_leaves_nothing(instance: Instance) -> None:
    kill_all(instance, new_uid(instance, ""))
    instance.run("local", "down", "--delete")
    assert traces(instance) == []


def test_a_guest_outlives_the_daemon_and_is_told_of(instance: Instance) -> None:
    uid = new_uid(instance, "")
    instance.kill()
    until(lambda: not daemons(instance), "the daemon's end")
    assert "guest runs" in instance.run("local", "status", code=1).stdout
    assert instance.run("local", "logs", "vm/web").stdout
    instance.up()
    assert instance.get("vmi", "web")["metadata"]["uid"] == uid
    assert "adopted" in instance.run("local", "logs", "virt-handler").stdout


def daemons(instance: Instance) -> list[str]:
    return [line for line in processes(instance.directory) if "virtctl.local.daemon" in line]


def test_a_stuck_launcher_does_not_keep_down_waiting(instance: Instance) -> None:
    pid = launcher(instance, new_uid(instance, ""))
    for child in (pid, *children(pid)):
        os.kill(child, signal.SIGSTOP)
    said = instance.run("local", "down").stderr
    assert "does not answer and was ended" in said


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
