"""Run a program in the guest through its agent: no network and no keys are needed."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence

import msgspec

from launcher.errors import AgentError
from launcher.guest import commands
from launcher.guest.commands import ExecStatus
from launcher.guest.protocol import JsonValue
from launcher.system.guestagent import GuestAgent

_FIRST_LOOK, _LATER_LOOKS, _SLOWER = 0.02, 0.5, 1.5


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a program. A signal is told as a shell does: 128 and its number."""

    exit_code: int
    stdout: bytes = b""
    stderr: bytes = b""
    truncated: bool = False  # the agent keeps 16 MiB of output


async def execute(
    agent: GuestAgent, argv: Sequence[str], *, stdin: bytes = b"", patience: float
) -> Finished:
    """Run ``argv`` in the guest and wait for its end, for ``patience`` seconds at most.

    Raises ``AgentError`` when it cannot be started or does not end in time; it goes on then, since
    the agent's protocol has no way to end it.
    """
    arguments: dict[str, JsonValue] = {
        "path": argv[0],
        "arg": list(argv[1:]),
        "capture-output": True,
    }
    if stdin:
        arguments["input-data"] = base64.b64encode(stdin).decode()
    started = await agent.ask(commands.EXEC, arguments)
    try:
        async with asyncio.timeout(patience):
            return _finished(await _ended(agent, started.pid))
    except TimeoutError:
        raise AgentError(
            f"`{argv[0]}` still runs in the guest as process {started.pid} after {patience:g} s"
        ) from None


async def _ended(agent: GuestAgent, pid: int) -> ExecStatus:
    pause = _FIRST_LOOK
    while True:
        status = await agent.ask(commands.EXEC_STATUS, {"pid": pid})
        if status.exited:
            return status
        await asyncio.sleep(pause)
        pause = min(pause * _SLOWER, _LATER_LOOKS)


def _finished(status: ExecStatus) -> Finished:
    return Finished(
        exit_code=128 + status.signal if status.signal else status.exitcode,
        stdout=status.out_data,
        stderr=status.err_data,
        truncated=status.out_truncated or status.err_truncated,
    )
