"""Taking an instance down; machines are played by sleeping processes and fake launchers."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from launcher import hostnet
from launcher.state import MachineState, Stage
from launcher.system.control import Command, ControlServer
from tests.fakes.kept import machine_directory
from tests.fakes.scratch import inside_scratch_netns, shell
from virtctl.errors import LocalError
from virtctl.local.config import LocalConfig
from virtctl.local.daemon import process
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import foundation, teardown
from virtctl.local.node.teardown import Patience

SHORT = Patience(answer=0.2, margin=0.1)  # for who never answers
NO_MARGIN = Patience(answer=60, margin=0.1)


class FakeLauncher:
    """Answers the control socket; ``obeys`` decides what a shutdown leads to."""

    def __init__(self, *, obeys: bool) -> None:
        self.obeys = obeys
        self.asked: list[tuple[Command, dict]] = []

    async def handle(self, command: Command, arguments: dict) -> None:
        self.asked.append((command, dict(arguments)))

    async def states(self) -> AsyncIterator[MachineState]:
        yield MachineState(uid="uid", stage=Stage.SHUTTING_DOWN)
        if not self.obeys:
            await asyncio.sleep(600)
        yield MachineState(uid="uid", stage=Stage.SHUT_OFF)


@contextmanager
def alive(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that the directory takes for the machine's first one."""
    child = subprocess.Popen(["sleep", "600"])
    (place / "launcher.pid").write_text(f"{child.pid} {process.start_time(child.pid)}\n")
    try:
        yield child
    finally:
        child.kill()
        child.wait()


@asynccontextmanager
async def answering(place: Path, launcher: FakeLauncher) -> AsyncIterator[None]:
    sockets = place / "public/sockets"
    sockets.mkdir(parents=True)
    server = ControlServer(launcher.handle, launcher)
    # Named by its directory's descriptor: a test's own path may be too long for a socket.
    directory = os.open(sockets, os.O_PATH)
    await server.open(Path(f"/proc/self/fd/{directory}/launcher-sock"))
    try:
        yield
    finally:
        await server.close(0.0)
        os.close(directory)


async def test_what_does_not_run_is_removed_without_a_word(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    machine_directory(layout, "uid-1")
    said: list[str] = []
    assert await teardown.stop_guests(layout, grace=None, say=said.append) == []
    assert said == []
    assert not list((tmp_path / "vms").iterdir())


async def test_guests_are_asked_with_their_own_grace(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    place = machine_directory(layout, "uid-1", name="web", grace_period_seconds=7)
    launcher, said = FakeLauncher(obeys=True), []
    with alive(place) as child:
        async with answering(place, launcher):
            ended = await teardown.stop_guests(layout, grace=None, say=said.append)
        assert child.wait(60) == -signal.SIGKILL
    assert ended == ["default/web"]
    assert (Command.SHUTDOWN, {"grace": 7.0}) in launcher.asked
    assert said == ["shutting down default/web, which may take 7 s"]
    assert not place.exists()


async def test_a_grace_that_is_given_wins_and_those_who_stay_are_ended(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    place = machine_directory(layout, "uid-1", name="web", grace_period_seconds=700)
    launcher, said = FakeLauncher(obeys=False), []
    with alive(place) as child:
        async with answering(place, launcher):
            await teardown.stop_guests(layout, grace=0.0, say=said.append, patience=NO_MARGIN)
        assert child.wait(60) == -signal.SIGKILL
    assert said[1:] == ["default/web did not shut down within 0 s and was ended"]


async def test_a_stuck_launcher_is_ended(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    place = machine_directory(layout, "uid-1", name="web", grace_period_seconds=700)
    said: list[str] = []

    class Stuck(FakeLauncher):
        async def handle(self, command: Command, arguments: dict) -> None:
            await asyncio.sleep(600)

    with alive(place) as child:
        async with answering(place, Stuck(obeys=True)):
            await teardown.stop_guests(layout, grace=None, say=said.append, patience=SHORT)
        assert child.wait(60) == -signal.SIGKILL
    assert said[1:] == ["default/web has a launcher that does not answer and was ended"]


def test_launchers_that_no_directory_tells_of_are_found_and_ended(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path / "one")
    sleep = [sys.executable, "-c", "import time; time.sleep(600)", "launcher", "run"]
    ours = subprocess.Popen([*sleep, layout.machine("uid")])
    others = subprocess.Popen([*sleep, InstanceLayout(tmp_path / "one-more").machine("uid")])
    try:
        assert teardown.strays(layout) == [ours.pid]
        teardown.end_strays(layout)
        assert ours.wait(60) == -signal.SIGKILL
        assert teardown.strays(layout) == []
        assert others.poll() is None
    finally:
        for child in (ours, others):
            child.kill()
            child.wait()


def test_without_a_configuration_there_is_nothing_on_the_host(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    assert not teardown.undo_host(layout, None)
    assert teardown.leftovers(layout, None) == ()
    assert tuple(teardown.changes(layout, None)) == ()


def test_networks_that_are_none_are_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="pod CIDR"):
        teardown.changes(InstanceLayout(tmp_path), LocalConfig(pod_cidr="pods"))


@pytest.mark.host
def test_what_was_laid_is_undone(tmp_path: Path) -> None:
    layout, config = InstanceLayout(tmp_path / "instance"), LocalConfig()
    with inside_scratch_netns("host"):
        before = shell("ip -br link"), shell("ip route"), shell("nft list ruleset")
        network = foundation.lay(layout, config).network
        hostnet.attach_pod(network, "node1", f"vtpod-{layout.suffix}")
        changes = "\n".join(teardown.changes(layout, config))
        for part in (f"link vl{layout.suffix}-n1", "nft table inet virtctl-local", "vtpod-"):
            assert part in changes
        assert teardown.undo_host(layout, config)
        assert not teardown.undo_host(layout, config)
        assert teardown.leftovers(layout, config) == ()
        assert (shell("ip -br link"), shell("ip route"), shell("nft list ruleset")) == before
    assert os.listdir(layout.root) == []  # noqa: PTH208


@pytest.mark.host
def test_the_note_on_the_host_is_enough(tmp_path: Path) -> None:
    """A damaged configuration forgets how many nodes there were."""
    layout = InstanceLayout(tmp_path / "instance")
    two = LocalConfig(nodes=2, node_names=("node1", "node2"))
    with inside_scratch_netns("host"):
        foundation.lay(layout, two)
        assert teardown.undo_host(layout, LocalConfig())
        assert teardown.leftovers(layout, two) == ()
