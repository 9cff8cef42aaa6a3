import pytest

from launcher.errors import AgentError
from launcher.lifecycle import Command
from tests.fakes.node import FakeControl, FakeMachine
from virtctl.errors import BadRequest
from virtctl.local.node.guestprogram import Asked, GuestProgram, read


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["--domainName", "d", "--command", "cat", "--", "-n", "/x"], Asked(("cat", "-n", "/x"))),
        (["--command=id", "--timeoutSeconds=7"], Asked(("id",), 7.0)),
        (["--guestAgentPing", "--domainName", "d"], Asked(())),
    ],
)
def test_words(words, asked):
    assert read(words) == asked


@pytest.mark.parametrize("words", [[], ["--command"], ["--command", "x", "--timeoutSeconds", "y"]])
def test_words_that_ask_for_nothing(words):
    with pytest.raises(BadRequest):
        read(words)


async def outcome(machine, asked):
    program = GuestProgram(FakeControl(machine), asked)
    read_parts = []
    while (part := await program.read())[1]:
        read_parts.append(part)
    await program.write(b"x")
    code = await program.wait()
    await program.kill()
    return code, read_parts


async def test_a_program_with_its_output():
    machine = FakeMachine(None, "u")
    machine.answers[Command.EXEC] = {"exit_code": 3, "stdout": "b3V0", "stderr": "ZXJy"}
    assert await outcome(machine, Asked(("x",), 5)) == (3, [(1, b"out"), (2, b"err")])
    assert machine.asked == [(Command.EXEC, {"argv": ["x"], "timeout": 5})]


async def test_an_agent_that_does_not_answer():
    machine = FakeMachine(None, "u")
    machine.answers[Command.EXEC] = AgentError("guest agent is not connected")
    assert await outcome(machine, Asked(("x",))) == (1, [(2, b"guest agent is not connected\n")])


async def test_a_ping():
    assert await outcome(FakeMachine(None, "u"), Asked(())) == (0, [])
