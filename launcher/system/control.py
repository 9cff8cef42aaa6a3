"""The launcher's control socket: one JSON object a line, over a Unix socket in the machine's own
directory, which both the pod and the host see.

A client sends ``{"command": ..., "arguments": {...}}`` and gets ``{"result": ...}`` or
``{"error": {"kind", "message", "hint"}}``; ``states`` gets ``{"state": ...}`` lines until the final
one. A connection carries one request, so nothing is multiplexed and nothing can be mixed up.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import msgspec

from launcher import state as states
from launcher.errors import AgentError, HypervisorError, LauncherError, LauncherGone
from launcher.guest.protocol import JsonValue
from launcher.state import MachineState

_LINE_LIMIT = 64 * 1024 * 1024  # screenshots travel as one line
_log = logging.getLogger(__name__)


class Command(StrEnum):
    """What a launcher can be asked for."""

    STATE = "state"
    STATES = "states"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    RESET = "reset"
    SOFT_REBOOT = "soft-reboot"
    SHUTDOWN = "shutdown"  # arguments: grace, in seconds
    KILL = "kill"
    AGENT = "agent"  # arguments: command, arguments
    EXEC = "exec"  # arguments: argv, stdin in base64, timeout in seconds; answers with Finished
    CREDENTIALS = "credentials"  # arguments: those of spec.Credentials
    PLUG_DISK = "plug-disk"  # arguments: disk, a spec.Disk
    PLUG_NIC = "plug-nic"  # arguments: nic, a spec.Nic
    UNPLUG = "unplug"  # arguments: name, of a disk or NIC
    LINK = "link"  # arguments: name, up
    SOCKETS = "sockets"  # arguments: sockets, how many the guest shall have CPUs in
    MEMORY = "memory"  # arguments: size, in bytes, that the guest shall have in all
    OS_INFO = "os-info"
    LEASES = "leases"  # what our DHCP servers saw, as state.LeaseState
    USERS = "users"
    FILESYSTEMS = "filesystems"
    FREEZE = "freeze"  # arguments: timeout, in seconds, after which it thaws by itself
    UNFREEZE = "unfreeze"
    SCREENSHOT = "screenshot"
    BALLOON = "balloon"
    DOMAIN = "domain"  # the XML as it is
    # arguments: disks, new files of the host by the names of disks; quiesce. Answers with Copied.
    COPY = "copy"
    BACKUP = "backup"  # arguments: those of backups.Order; the state tells how it goes
    ABORT_BACKUP = "abort-backup"
    REDEFINE = "redefine"  # arguments: name, created, disks of a checkpoint made earlier
    RESIZE = "resize"  # arguments: disks, their sizes in bytes by their names
    DUMP = "dump"  # arguments: path, a new file of the host for the guest's memory
    MOVE = "move"  # arguments: those of departure.MoveOrder; the state tells how it goes
    STAY = "stay"  # end such a move
    RECEIVE = "receive"  # arguments: xml, of the domain that is to come
    ARRIVE = "arrive"  # answers when all of the guest is there
    TAKE_OVER = "take-over"  # arguments: running, whether the guest goes on


# Free JSON travels as ``Raw``: msgspec knows no recursive types by an alias.


class _Request(msgspec.Struct):
    command: Command
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class Refusal(msgspec.Struct, omit_defaults=True):
    """An error on its way: the class's name, its sentence and its hint."""

    kind: str
    message: str
    hint: str = ""


class _Reply(msgspec.Struct, omit_defaults=True):
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: Refusal | None = None
    state: MachineState | None = None


Handler = Callable[[Command, Mapping[str, JsonValue]], Awaitable[JsonValue]]


class Watchable(Protocol):
    """What states are read from; ``Ledger`` is one."""

    def states(self) -> AsyncIterator[MachineState]:
        """The state now and after every change."""


class ControlServer:
    """Serves ``handler`` on a Unix socket."""

    def __init__(self, handler: Handler, ledger: Watchable) -> None:
        self._handler, self._ledger = handler, ledger
        self._conversations: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self, path: Path) -> None:
        """Begin to serve on ``path``, which is made 0600; an old socket there is replaced."""
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - on a file system in memory or near it
        self._server = await asyncio.start_unix_server(self._accept, path, limit=_LINE_LIMIT)
        path.chmod(0o600)  # noqa: ASYNC240

    async def close(self, patience: float = 1.0) -> None:
        """End the service; conversations have ``patience`` seconds to finish by themselves."""
        if self._server:
            self._server.close()
        if self._conversations:
            await asyncio.wait(self._conversations, timeout=patience)
        for task in self._conversations:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)
        try:
            with suppress(ConnectionError, asyncio.CancelledError):
                async for reply in self._converse(await reader.readline()):
                    writer.write(msgspec.json.encode(reply) + b"\n")
                    await writer.drain()
        finally:
            writer.close()

    async def _converse(self, line: bytes) -> AsyncIterator[_Reply]:
        if not line:
            return
        try:
            request = msgspec.json.decode(line, type=_Request)
            if request.command is Command.STATES:
                async for state in self._ledger.states():
                    yield _Reply(state=state)
                return
            result = await self._handler(request.command, msgspec.json.decode(request.arguments))
            yield _Reply(result=msgspec.Raw(msgspec.json.encode(result)))
        except msgspec.DecodeError as error:
            yield _Reply(error=Refusal("LauncherError", f"not a request: {error}"))
        except LauncherError as error:
            yield _Reply(error=Refusal(type(error).__name__, str(error), error.hint or ""))
        except Exception as error:  # noqa: BLE001 - a bug in one answer must not end the machine
            _log.exception("a request failed")
            yield _Reply(error=Refusal("LauncherError", f"the launcher failed: {error!r}"))


class Control:
    """The client: asks one launcher. All methods raise ``LauncherGone`` when none answers."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def request(self, command: Command, /, **arguments: JsonValue) -> JsonValue:
        """Ask for something and return the answer; raises what the launcher raised.

        The classes that survive the way are ``AgentError`` and ``HypervisorError``; all others
        arrive as ``LauncherError`` with the same sentence.
        """
        answer: JsonValue = msgspec.json.decode(await self._result(command, arguments))
        return answer

    async def state(self) -> MachineState:
        """The latest state."""
        return states.decode(await self._result(Command.STATE, {}))

    async def states(self) -> AsyncIterator[MachineState]:
        """The state now and after every change, up to the final one.

        Raises ``LauncherGone`` when the launcher dies before it has reported a final state.
        """
        reader, writer = await self._ask(Command.STATES, {})
        try:
            while True:
                state = _answer(await self._line(reader)).state
                if state is None:
                    return
                yield state
                if state.stage.final:
                    return
        finally:
            writer.close()

    async def _result(self, command: Command, arguments: dict[str, JsonValue]) -> bytes:
        reader, writer = await self._ask(command, arguments)
        try:
            return bytes(_answer(await self._line(reader)).result)
        finally:
            writer.close()

    async def _ask(
        self, command: Command, arguments: dict[str, JsonValue]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await open_unix(self._socket, limit=_LINE_LIMIT)
        writer.write(msgspec.json.encode({"command": command, "arguments": arguments}) + b"\n")
        return reader, writer

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        try:
            line = await reader.readline()
        except ConnectionError:
            line = b""
        if not line.endswith(b"\n"):
            raise LauncherGone(f"the launcher at `{self._socket}` ended without an answer")
        return line


async def open_unix(
    path: Path, *, limit: int = 2**16
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a Unix socket at a path of any length; raises ``LauncherGone`` when none answers.

    The kernel takes at most 107 bytes, so the directory is opened and named by its descriptor.
    """
    try:
        directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            short = f"/proc/self/fd/{directory}/{path.name}"
            return await asyncio.open_unix_connection(short, limit=limit)
        finally:
            os.close(directory)
    except OSError as error:
        raise LauncherGone(f"nothing answers at `{path}`: {error.strerror}") from error


def _answer(line: bytes) -> _Reply:
    reply = msgspec.json.decode(line, type=_Reply)
    if reply.error is not None:
        known: dict[str, type[LauncherError]] = {
            "AgentError": AgentError,
            "HypervisorError": HypervisorError,
        }
        error = known.get(reply.error.kind, LauncherError)(reply.error.message)
        error.hint = reply.error.hint or None
        raise error
    return reply
