"""Programs in the namespaces of this very process: what nsenter does is the same."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence

import pytest

from launcher.system import podexec
from launcher.system.podexec import PodProcess
from launcher.system.process import start_time
from tests.fakes.eventually import eventually

pytestmark = pytest.mark.host


@pytest.fixture
async def processes() -> AsyncIterator[list[PodProcess]]:
    made: list[PodProcess] = []
    yield made
    for process in made:
        await process.kill()


async def start(
    processes: list[PodProcess], argv: Sequence[str], *, tty: bool = False, stdin: bool = False
) -> PodProcess:
    processes.append(await podexec.spawn(os.getpid(), argv, tty=tty, stdin=stdin))
    return processes[-1]


async def output(process: PodProcess) -> dict[int, bytes]:
    """Everything that a program says, by stream."""
    said = {1: b"", 2: b""}
    async with asyncio.timeout(60):
        while True:
            stream, data = await process.read()
            if not data:
                return said
            said[stream] += data


async def test_output_error_and_exit_code(processes: list[PodProcess]) -> None:
    process = await start(processes, ["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert await output(process) == {1: b"out\n", 2: b"err\n"}
    assert await process.wait() == 3


async def test_stdin_until_it_is_closed(processes: list[PodProcess]) -> None:
    process = await start(processes, ["cat"], stdin=True)
    await process.write(b"one ")
    await process.write(b"two")
    await process.write(b"")
    assert (await output(process))[1] == b"one two"
    assert await process.wait() == 0


async def test_a_terminal_has_a_size_and_echoes(processes: list[PodProcess]) -> None:
    process = await start(processes, ["sh", "-c", "read x; stty size; echo got $x"], tty=True)
    await process.resize(101, 33)
    await process.write(b"hello\n")
    said = (await output(process))[1]
    assert b"33 101" in said
    assert b"got hello" in said
    assert await process.wait() == 0


async def test_end_of_file_on_a_terminal(processes: list[PodProcess]) -> None:
    process = await start(processes, ["cat"], tty=True)
    await process.write(b"")
    await output(process)
    assert await process.wait() == 0


async def test_a_program_that_is_not_there(processes: list[PodProcess]) -> None:
    process = await start(processes, ["no-such-program"])
    said = await output(process)
    assert b"no-such-program" in said[2]
    assert await process.wait() == 127


async def test_killing_ends_what_the_program_started(processes: list[PodProcess]) -> None:
    process = await start(processes, ["sh", "-c", "sleep 60 & echo $!; wait"])
    _, data = await process.read()
    child = int(data)
    await process.kill()
    await process.kill()
    await eventually(lambda: start_time(child) is None)
    assert await process.wait() != 0
