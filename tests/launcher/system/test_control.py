import asyncio
import socket
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from launcher.errors import AgentError, HostError, HypervisorError, LauncherError, LauncherGone
from launcher.guest.protocol import JsonValue
from launcher.state import MachineState, Stage
from launcher.system.control import Command, Control, ControlServer, open_unix

LIFE = (
    MachineState(uid="u", stage=Stage.RUNNING, serial=1),
    MachineState(uid="u", stage=Stage.SHUT_OFF, serial=2),
)


class Book:
    """States to watch: a whole life at once."""

    def __init__(self, life: tuple[MachineState, ...] = LIFE) -> None:
        self.life = life

    async def states(self) -> AsyncIterator[MachineState]:
        for state in self.life:
            yield state


async def answer(command: Command, arguments: Mapping[str, JsonValue]) -> JsonValue:
    match command:
        case Command.STATE:
            return {"uid": "u", "stage": "running", "serial": 1}
        case Command.PAUSE:
            raise HypervisorError("the machine is paused, not running")
        case Command.USERS:
            raise AgentError("the guest agent refused")
        case Command.RESET:
            raise HostError("no", "try again")
        case Command.KILL:
            raise ZeroDivisionError
        case _:
            return {"command": command.value, **arguments}


@asynccontextmanager
async def served(directory: Path, book: Book | None = None) -> AsyncIterator[Control]:
    path = directory / "launcher-sock"
    server = ControlServer(answer, book or Book())
    await server.open(path)
    try:
        yield Control(path)
    finally:
        await server.close()
        await asyncio.sleep(0)


async def test_a_command_gets_its_answer(tmp_path: Path) -> None:
    async with served(tmp_path) as control:
        said = await control.request(Command.AGENT, command="guest-ping", arguments={})
    assert said == {"command": "guest-ping", "arguments": {}}


async def test_the_state_is_typed(tmp_path: Path) -> None:
    async with served(tmp_path) as control:
        assert await control.state() == LIFE[0]


async def test_states_end_with_the_final_one(tmp_path: Path) -> None:
    async with served(tmp_path) as control:
        assert tuple([state async for state in control.states()]) == LIFE


async def test_states_of_a_launcher_that_dies_end_with_an_error(tmp_path: Path) -> None:
    async with served(tmp_path, Book(LIFE[:1])) as control:
        with pytest.raises(LauncherGone, match="ended without an answer"):
            assert [state async for state in control.states()]


@pytest.mark.parametrize(
    ("command", "kind", "hint"),
    [
        (Command.PAUSE, HypervisorError, None),
        (Command.USERS, AgentError, None),
        (Command.RESET, LauncherError, "try again"),
    ],
)
async def test_errors_arrive_as_they_were(
    tmp_path: Path, command: Command, kind: type[LauncherError], hint: str | None
) -> None:
    async with served(tmp_path) as control:
        with pytest.raises(kind) as caught:
            await control.request(command)
    assert type(caught.value) is kind
    assert caught.value.hint == hint


async def test_a_bug_is_told_and_the_service_goes_on(tmp_path: Path) -> None:
    async with served(tmp_path) as control:
        with pytest.raises(LauncherError, match="ZeroDivisionError"):
            await control.request(Command.KILL)
        assert (await control.state()).serial == 1


async def test_what_is_no_request_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path):
        reader, writer = await open_unix(tmp_path / "launcher-sock")
        writer.write(b'{"command": "dance"}\n')
        assert b"not a request" in await reader.readline()
        writer.close()


async def test_only_the_owner_may_talk(tmp_path: Path) -> None:
    async with served(tmp_path):
        assert stat.S_IMODE((tmp_path / "launcher-sock").stat().st_mode) == 0o600


async def test_a_path_may_be_longer_than_the_kernel_takes(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "short"))
        listener.listen()
        (tmp_path / "short").rename(deep / "launcher-sock")
        _, writer = await open_unix(deep / "launcher-sock")
        accepted, _ = listener.accept()
        with accepted:
            assert writer.get_extra_info("peername") != ""
        writer.close()


async def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(LauncherGone, match="nothing answers"):
        await Control(tmp_path / "launcher-sock").state()
