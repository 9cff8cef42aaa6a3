import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from launcher.errors import HypervisorError, LauncherError
from launcher.state import CredentialState, MachineState, Stage
from launcher.system.control import Command
from launcher.system.hypervisor import EventKind
from launcher.system.ledger import Ledger
from launcher.system.machine import Machine
from launcher.system.requests import Requests
from tests.fakes.eventually import eventually
from tests.fakes.hypervisor import FakeHypervisor
from tests.fakes.specs import UID, machine
from tests.launcher.system.test_machine import FakeSurroundings, Stand


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    made = Stand(tmp_path, machine(), FakeSurroundings())
    await made.at(Stage.RUNNING)
    yield made
    made.machine.shut_down(0)
    await made.end()


async def test_the_state_as_json(stand: Stand) -> None:
    said = await Requests(stand.machine)(Command.STATE, {})
    assert isinstance(said, dict)
    assert (said["uid"], said["stage"]) == (UID, "running")


async def test_what_became_of_the_lease(stand: Stand) -> None:
    said = await Requests(stand.machine)(Command.LEASES, {})
    assert said == [{"bridge": "k6t-eth0", "address": "10.0.2.2", "offers": 1}]


async def test_pausing_and_going_on(stand: Stand) -> None:
    ask = Requests(stand.machine)
    assert await ask(Command.PAUSE, {}) is None
    assert stand.ledger.state.stage is Stage.PAUSED
    await ask(Command.UNPAUSE, {})
    await ask(Command.RESET, {})
    await ask(Command.SOFT_REBOOT, {})
    assert stand.hypervisor.calls[-4:] == ["suspend", "resume", "reset", "reboot by acpi"]


async def test_shutdown_with_the_specs_own_grace(stand: Stand) -> None:
    await Requests(stand.machine)(Command.SHUTDOWN, {})
    assert (await stand.end()).stop_reason == "guest"


async def test_kill(stand: Stand) -> None:
    await Requests(stand.machine)(Command.KILL, {})
    assert (await stand.end()).stop_reason == "destroyed"
    assert "shutdown" not in stand.hypervisor.calls


@pytest.mark.parametrize("grace", [-1, "soon"])
async def test_a_grace_that_is_none(stand: Stand, grace: int | str) -> None:
    with pytest.raises(LauncherError, match="`grace` is"):
        await Requests(stand.machine)(Command.SHUTDOWN, {"grace": grace})


async def test_what_the_agent_knows(stand: Stand) -> None:
    ask = Requests(stand.machine)
    stand.hypervisor.tell(EventKind.AGENT_CONNECTED)
    await stand.until(lambda s: s.agent.timezone != "")
    info = await ask(Command.OS_INFO, {})
    assert isinstance(info, dict)
    assert (info["hostname"], info["version"]) == ("fedora-0", "10.0.13")
    users = await ask(Command.USERS, {})
    assert users == [{"user": "fedora", "domain": "", "login-time": 12.5}]
    (filesystem,) = await ask(Command.FILESYSTEMS, {})  # type: ignore[misc]
    assert filesystem["mountpoint"] == "/"  # type: ignore[index, call-overload]
    name = await ask(Command.AGENT, {"command": "guest-get-host-name"})
    assert name == {"host-name": "fedora-0"}


async def test_an_agent_request_needs_a_command(stand: Stand) -> None:
    with pytest.raises(LauncherError, match="needs `command`"):
        await Requests(stand.machine)(Command.AGENT, {"command": 5})


async def test_freezing_thaws_by_itself(stand: Stand) -> None:
    ask = Requests(stand.machine)
    await ask(Command.FREEZE, {"timeout": 0.05})
    assert stand.hypervisor.guest.frozen
    await eventually(lambda: not stand.hypervisor.guest.frozen)
    await ask(Command.FREEZE, {})
    await ask(Command.UNFREEZE, {})
    assert not stand.hypervisor.guest.frozen


async def test_a_thaw_by_hand_ends_the_wait_for_the_other(stand: Stand) -> None:
    ask = Requests(stand.machine)
    await ask(Command.FREEZE, {"timeout": 0.05})
    await ask(Command.UNFREEZE, {})
    await ask(Command.FREEZE, {})
    await asyncio.sleep(0.1)
    assert stand.hypervisor.guest.frozen


async def test_a_program_in_the_guest(stand: Stand) -> None:
    stand.hypervisor.guest.answers |= {
        "guest-exec": {"pid": 5},
        "guest-exec-status": {"exited": True, "exitcode": 1, "out-data": "b2s="},
    }
    said = await Requests(stand.machine)(Command.EXEC, {"argv": ["id"], "timeout": 2})
    assert said == {"exit_code": 1, "stdout": "b2s=", "stderr": "", "truncated": False}
    with pytest.raises(LauncherError, match="`argv` is empty"):
        await Requests(stand.machine)(Command.EXEC, {"argv": []})
    with pytest.raises(LauncherError, match=r"Expected `array`, got `str` - at `\$.argv`"):
        await Requests(stand.machine)(Command.EXEC, {"argv": "id"})


async def test_credentials_that_change(stand: Stand) -> None:
    stand.hypervisor.guest.answers |= {
        "guest-info": {"supported_commands": [{"name": "guest-set-user-password"}]},
        "guest-set-user-password": {},
    }
    stand.hypervisor.tell(EventKind.AGENT_CONNECTED)
    await stand.until(lambda s: bool(s.agent.commands))
    wanted = {"passwords": [{"user": "bob", "password": "x"}]}
    await Requests(stand.machine)(Command.CREDENTIALS, wanted)
    state = await stand.until(lambda s: s.credentials is not None)
    assert state.credentials == CredentialState(synchronized=True)
    with pytest.raises(LauncherError, match="the arguments are wrong"):
        await Requests(stand.machine)(Command.CREDENTIALS, {"keys": []})


async def test_screen_memory_and_domain(stand: Stand) -> None:
    ask = Requests(stand.machine)
    assert await ask(Command.SCREENSHOT, {}) == base64.b64encode(b"\x89PNG").decode()
    assert await ask(Command.BALLOON, {}) == {"actual": 262144}
    assert "pc-q35-10.0" in str(await ask(Command.DOMAIN, {}))


async def test_before_there_is_a_domain(tmp_path: Path) -> None:
    ledger = Ledger(MachineState(uid=UID, stage=Stage.PREPARING), tmp_path / "state.json")

    async def never(_: object) -> FakeHypervisor:
        raise AssertionError

    early = Requests(Machine(machine(), ledger, FakeSurroundings(), never))
    for command in (Command.RESET, Command.USERS, Command.SCREENSHOT):
        with pytest.raises(HypervisorError, match="not running yet"):
            await early(command, {})


async def test_a_dump_is_there_whole_or_not_at_all(stand: Stand, tmp_path: Path) -> None:
    ask, path = Requests(stand.machine), tmp_path / "dump"
    await ask(Command.DUMP, {"path": str(path)})
    assert path.read_bytes() == b"\x7fELF"
    with pytest.raises(LauncherError, match="exists already"):
        await ask(Command.DUMP, {"path": str(path)})
    with pytest.raises(LauncherError, match="must be absolute"):
        await ask(Command.DUMP, {"path": "dump"})
    stand.hypervisor.refuses = "no space left"
    other = tmp_path / "other"
    with pytest.raises(HypervisorError, match="no space left"):
        await ask(Command.DUMP, {"path": str(other)})
    assert not other.exists()
