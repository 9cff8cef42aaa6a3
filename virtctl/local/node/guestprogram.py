"""``virt-probe`` in a launcher pod: run a program in the guest through its agent.

KubeVirt has this program in its launcher's image, for probes; whoever runs it by ``pods/exec`` gets
into the guest without network and keys. Here the launcher itself does what it does.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from launcher.errors import LauncherError
from launcher.lifecycle import Command, Control
from virtctl.errors import BadRequest

PROGRAM = "virt-probe"
_TIMEOUT = 1.0  # seconds; virt-probe's own default
_STDOUT, _STDERR = 1, 2


@dataclass(frozen=True)
class Asked:
    """What the words of a command line ask for. ``argv`` is empty for a mere ping."""

    argv: tuple[str, ...]
    timeout: float = _TIMEOUT


def read(words: Sequence[str]) -> Asked:
    """``virt-probe``'s words. Raises ``BadRequest``."""
    flags: dict[str, str] = {}
    rest = iter(words)
    arguments: list[str] = []
    for word in rest:
        if word == "--":
            arguments.extend(rest)
        elif word.startswith("--"):
            name, has_value, value = word[2:].partition("=")
            flags[name] = value if has_value else _value(name, rest)
        else:
            arguments.append(word)
    try:
        timeout = float(flags.get("timeoutSeconds", _TIMEOUT))
    except ValueError:
        raise BadRequest(f"`{flags['timeoutSeconds']}` is no number of seconds") from None
    if "guestAgentPing" in flags:
        return Asked((), timeout)
    if not flags.get("command"):
        raise BadRequest("virt-probe needs --command, the guest's program")
    return Asked((flags["command"], *arguments), timeout)


def _value(name: str, rest: Iterator[str]) -> str:
    return "" if name == "guestAgentPing" else next(rest, "")


class GuestProgram:
    """``verbs.ports.Process``: a program that runs in the guest, and ends there."""

    def __init__(self, control: Control, asked: Asked) -> None:
        self._outputs: list[tuple[int, bytes]] | None = None
        self._task = asyncio.create_task(_run(control, asked))

    async def read(self) -> tuple[int, bytes]:
        """Its output, which comes all at once when it has ended."""
        if self._outputs is None:
            _, stdout, stderr = await asyncio.shield(self._task)
            self._outputs = [(_STDOUT, stdout), (_STDERR, stderr)]
        while self._outputs:
            stream, data = self._outputs.pop(0)
            if data:
                return stream, data
        return _STDOUT, b""

    async def write(self, data: bytes) -> None:
        """The guest agent takes no input for a program that runs; it is dropped."""

    async def resize(self, columns: int, rows: int) -> None:
        """There is no terminal."""

    async def wait(self) -> int:
        """The exit code of the guest's program; 1 when it could not be run."""
        code, _, _ = await asyncio.shield(self._task)
        return code

    async def kill(self) -> None:
        """Wait for it no more; the guest's program goes on."""
        self._task.cancel()


async def _run(control: Control, asked: Asked) -> tuple[int, bytes, bytes]:
    try:
        if not asked.argv:
            await control.request(Command.AGENT, command="guest-ping")
            return 0, b"", b""
        done = await control.request(Command.EXEC, argv=list(asked.argv), timeout=asked.timeout)
    except LauncherError as error:
        return 1, b"", f"{error}\n".encode()
    if not isinstance(done, dict):
        return 1, b"", b""
    code = done.get("exit_code")
    texts = (base64.b64decode(str(done.get(name) or "")) for name in ("stdout", "stderr"))
    stdout, stderr = texts
    return code if isinstance(code, int) else 1, stdout, stderr
