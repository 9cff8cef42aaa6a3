"""``local down`` where there is nothing, or something else; the rest in the ``host`` tests."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.instance import Instance, processes, traces, until
from tests.fakes.kept import instance
from virtctl.errors import LocalError
from virtctl.local.daemon import directory
from virtctl.local.daemon.down import down
from virtctl.local.layout import InstanceLayout


def call(layout: InstanceLayout, *, delete: bool = False) -> tuple[bool, list[str]]:
    said: list[str] = []
    done = asyncio.run(down(layout, delete=delete, grace=0.0, say=said.append))
    return done, said


def test_nothing_is_done_where_nothing_is(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path / "missing")
    assert call(layout) == (False, [])
    assert call(layout, delete=True) == (False, [])
    assert not layout.root.exists()


def test_an_empty_directory_stays(tmp_path: Path) -> None:
    assert call(InstanceLayout(tmp_path), delete=True) == (False, [])
    assert tmp_path.exists()


def test_other_directories_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    (tmp_path / "config.json").write_text('{"auths": {}}')
    layout = InstanceLayout(tmp_path)
    assert call(layout) == (False, [])
    with pytest.raises(LocalError, match="holds no instance"):
        call(layout, delete=True)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.host
def test_a_stopped_instance_is_removed_beside_other_files(tmp_path: Path) -> None:
    layout = instance(tmp_path / "instance")
    assert call(layout) == (False, [])
    (layout.root / "notes.txt").touch()
    done, said = call(layout, delete=True)
    assert done
    assert "notes.txt" in said[0]
    assert [path.name for path in layout.root.iterdir()] == ["notes.txt"]


@pytest.mark.host
async def test_it_waits_for_its_turn(tmp_path: Path) -> None:
    layout = instance(tmp_path)
    said: list[str] = []
    turn = directory.take_turn(layout)
    assert turn is not None
    with turn:
        task = asyncio.create_task(down(layout, delete=False, grace=0.0, say=said.append))
        while not said:  # noqa: ASYNC110 - what is waited for is what it says
            await asyncio.sleep(0.01)
        assert "waiting for another" in said[0]
    assert await task is False


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "instance")
    try:
        yield made
    finally:
        made.down()
        assert traces(made) == []
        assert not made.directory.exists()


@pytest.mark.host
def test_down_twice_and_up_again_keeps_objects(made: Instance) -> None:
    made.up()
    made.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, namespace: default}\n")
    assert made.run("local", "down").stdout == "stopped\n"
    assert traces(made) == []
    again = made.run("local", "down")
    assert (again.stdout, "nothing runs" in again.stderr) == ("", True)
    made.up()
    assert made.get("configmap", "kept")["metadata"]["name"] == "kept"


@pytest.mark.host
def test_nothing_stays_of_a_killed_daemon_and_a_stray_launcher(made: Instance) -> None:
    made.up()
    os.kill(made.pid, signal.SIGKILL)
    until(lambda: not processes(made.directory), "the daemon's end")
    # What a launcher looks like that was started and has not noted itself.
    sleep = "import time; time.sleep(60)"
    stray = subprocess.Popen(
        [sys.executable, "-c", sleep, "launcher", "run", str(made.directory / "vms/uid")]
    )
    try:
        made.run("local", "down", "--delete")
        assert stray.wait(60) == -signal.SIGKILL
    finally:
        stray.kill()
        stray.wait()


@pytest.mark.host
def test_a_damaged_configuration_does_not_keep_it_from_going(made: Instance) -> None:
    made.up("--nodes", "2")
    (made.directory / "config.json").write_text("{")
    assert "cannot be read" in made.run("local", "up", code=1).stderr
    picture = made.run("local", "status", code=0).stdout
    assert "problem:" in picture
    made.run("local", "down", "--delete")
    assert not made.directory.exists()


@pytest.mark.host
def test_a_node_that_is_not_wanted_any_more_goes(made: Instance) -> None:
    made.up("--nodes", "2")
    assert made.run("get", "node", "-o", "name").stdout == "node/node1\nnode/node2\n"
    made.run("local", "down")
    made.run("local", "up", "--nodes", "1")
    assert made.run("get", "node", "-o", "name").stdout == "node/node1\n"
