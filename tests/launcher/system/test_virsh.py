"""What ``virsh`` answers in a machine's pod."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from launcher import lifecycle
from launcher.errors import LauncherError
from launcher.facts import HostFacts
from launcher.layout import MachineLayout
from launcher.state import MachineState, Stage, encode
from launcher.system import virsh
from launcher.system.control import Command, ControlServer
from tests.fakes.specs import UID, machine

XML = "<domain type='qemu' id='1'><name>default_fedora-0</name><uuid>u</uuid></domain>"


class Launcher:
    """One that knows its domain."""

    async def handle(self, command: Command, arguments: object) -> str:
        del arguments
        return XML if command == Command.DOMAIN else ""

    async def states(self) -> AsyncIterator[MachineState]:
        yield MachineState(uid=UID, stage=Stage.RUNNING)


@pytest.fixture
def place(tmp_path: Path) -> MachineLayout:
    found = MachineLayout(root=tmp_path / "vm", uid=UID, caps_cache=tmp_path / "cache")
    lifecycle.prepare(machine(), found, HostFacts())
    return found


@pytest.fixture
async def server(place: MachineLayout) -> AsyncIterator[ControlServer]:
    launcher = Launcher()
    serving = ControlServer(launcher.handle, launcher)
    place.control.parent.mkdir(parents=True, exist_ok=True)
    await serving.open(place.control)
    yield serving
    await serving.close()


@pytest.mark.usefixtures("server")
async def test_the_domain(place: MachineLayout) -> None:
    assert await virsh.answer(place, "dumpxml", ["default_fedora-0"]) == XML
    assert await virsh.answer(place, "dumpxml", ["1"]) == XML
    assert await virsh.answer(place, "list", []) == "default_fedora-0"
    place.state.write_bytes(encode(MachineState(uid=UID, stage=Stage.PAUSED)))
    assert await virsh.answer(place, "domstate", ["u"]) == "paused"
    with pytest.raises(LauncherError, match="failed to get domain 'other'"):
        await virsh.answer(place, "dumpxml", ["other"])
    with pytest.raises(LauncherError, match="`virsh destroy` is not served"):
        await virsh.answer(place, "destroy", ["1"])


def test_states() -> None:
    assert virsh.state_of(MachineState(uid=UID, stage=Stage.RUNNING)) == "running"
    stopping = MachineState(uid=UID, stage=Stage.SHUTTING_DOWN)
    assert virsh.state_of(stopping) == "in shutdown"


def test_a_machine_that_does_not_run(
    place: MachineLayout, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-c", "qemu+unix:///session", "--quiet", "dumpxml", "default_fedora-0"]
    assert virsh.main(place.root, words) == 1
    assert capsys.readouterr().err.startswith("error: nothing answers at")
