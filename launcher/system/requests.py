"""What the control socket's commands do to a machine."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from launcher.errors import LauncherError
from launcher.guest import commands
from launcher.guest.protocol import JsonValue
from launcher.spec import Credentials, Disk, Nic
from launcher.system import diskcopies, files, guestexec
from launcher.system.backups import Backups, Checkpoint, Order
from launcher.system.control import Command
from launcher.system.departure import MoveOrder
from launcher.system.machine import Machine

_T = TypeVar("_T")


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """Arguments of ``exec``. ``timeout`` is in seconds."""

    argv: tuple[str, ...]
    stdin: bytes = b""
    timeout: float = 30.0


class _NewDisk(msgspec.Struct):
    disk: Disk


class _NewNic(msgspec.Struct):
    nic: Nic


class _Named(msgspec.Struct):
    name: str


class _Link(msgspec.Struct):
    name: str
    up: bool


class _Sockets(msgspec.Struct):
    sockets: int


class _Size(msgspec.Struct):
    size: int


class _Copy(msgspec.Struct):
    disks: dict[str, str]
    quiesce: bool = False


class _Resize(msgspec.Struct):
    disks: dict[str, int]


class _Dump(msgspec.Struct):
    path: str


class _Coming(msgspec.Struct):
    xml: str


class _Going(msgspec.Struct):
    running: bool


class Requests:
    """Carries commands out; an instance is the handler of a ``ControlServer``."""

    def __init__(self, machine: Machine, user: int = 0) -> None:
        """``user`` is QEMU's number."""
        self._machine = machine
        self._backups = Backups(machine, user)
        self._thawing: asyncio.Task[None] | None = None

    async def __call__(self, command: Command, arguments: Mapping[str, JsonValue]) -> JsonValue:
        match command:
            case Command.PAUSE | Command.UNPAUSE | Command.RESET | Command.SOFT_REBOOT:
                await self._act(command)
            case Command.SHUTDOWN:
                default = self._machine.spec.grace_period_seconds
                self._machine.shut_down(_grace(arguments, default))
            case Command.KILL:
                self._machine.shut_down(0)
            case Command.CREDENTIALS:
                self._machine.propagation.want(_read(arguments, Credentials))
            case (
                Command.PLUG_DISK
                | Command.PLUG_NIC
                | Command.UNPLUG
                | Command.LINK
                | Command.SOCKETS
                | Command.MEMORY
                | Command.MOVE
                | Command.STAY
                | Command.RECEIVE
                | Command.ARRIVE
                | Command.TAKE_OVER
            ):
                await self._change(command, arguments)
            case Command.COPY | Command.BACKUP | Command.ABORT_BACKUP | Command.REDEFINE:
                return await self._keep(command, arguments)
            case Command.RESIZE:
                await diskcopies.resize(self._machine, _read(arguments, _Resize).disks)
            case Command.DUMP:
                await self._dump(_read(arguments, _Dump).path)
            case Command.AGENT | Command.EXEC | Command.FREEZE | Command.UNFREEZE:
                return await self._ask_guest(command, arguments)
            case _:
                return await self._tell(command)
        return None

    async def _change(self, command: Command, arguments: Mapping[str, JsonValue]) -> None:
        """Change the devices of the running machine, or where it runs."""
        hotplug, machine = self._machine.hotplug, self._machine
        _ = machine.hypervisor  # there must be one
        match command:
            case Command.PLUG_DISK:
                await hotplug.plug_disk(_read(arguments, _NewDisk).disk)
            case Command.PLUG_NIC:
                await hotplug.plug_nic(_read(arguments, _NewNic).nic)
            case Command.UNPLUG:
                await hotplug.unplug(_read(arguments, _Named).name)
            case Command.LINK:
                link = _read(arguments, _Link)
                await hotplug.set_link(link.name, up=link.up)
            case Command.SOCKETS:
                await hotplug.set_sockets(_read(arguments, _Sockets).sockets)
            case Command.MEMORY:
                await hotplug.set_memory(_read(arguments, _Size).size)
            case _:
                await self._move(command, arguments)

    async def _keep(self, command: Command, arguments: Mapping[str, JsonValue]) -> JsonValue:
        """Copies of disks, and what belongs to them."""
        match command:
            case Command.COPY:
                asked = _read(arguments, _Copy)
                backups, quiesce = self._backups, asked.quiesce
                made = diskcopies.copy(self._machine, backups, asked.disks, quiesce=quiesce)
                return _plain(await made)
            case Command.BACKUP:
                await self._backups.begin(_read(arguments, Order))
            case Command.ABORT_BACKUP:
                await self._backups.abort(_read(arguments, _Named).name)
            case _:
                await self._backups.redefine(_read(arguments, Checkpoint))
        return None

    async def _move(self, command: Command, arguments: Mapping[str, JsonValue]) -> None:
        """Let the guest go to another launcher, or come from there."""
        match command:
            case Command.MOVE:
                self._machine.departure.begin(_read(arguments, MoveOrder))
            case Command.STAY:
                self._machine.departure.stay()
            case Command.RECEIVE:
                await self._machine.arrival.receive(_read(arguments, _Coming).xml)
            case Command.ARRIVE:
                await self._machine.arrival.arrive()
            case _:
                running = _read(arguments, _Going).running
                await self._machine.arrival.take_over(running=running)

    async def _ask_guest(self, command: Command, arguments: Mapping[str, JsonValue]) -> JsonValue:
        match command:
            case Command.AGENT:
                return await self._agent(arguments)
            case Command.EXEC:
                return await self._execute(_read(arguments, Execution))
            case Command.FREEZE:
                return await self._freeze(arguments)
            case _:
                return await self._unfreeze()

    async def _act(self, command: Command) -> None:
        machine = self._machine
        match command:
            case Command.PAUSE:
                await machine.pause()
            case Command.UNPAUSE:
                await machine.unpause()
            case Command.RESET:
                await asyncio.to_thread(machine.hypervisor.reset)
            case _:
                await machine.soft_reboot()

    async def _tell(  # noqa: PLR0911 - one answer a command
        self, command: Command
    ) -> JsonValue:
        machine = self._machine
        match command:
            case Command.OS_INFO:
                return _plain(machine.ledger.state.agent)
            case Command.LEASES:
                return _plain(machine.leases())
            case Command.USERS:
                return _plain(await machine.agent.ask(commands.USERS))
            case Command.FILESYSTEMS:
                return _plain(await machine.agent.ask(commands.FILESYSTEMS))
            case Command.SCREENSHOT:
                picture = await asyncio.to_thread(machine.hypervisor.screenshot)
                return base64.b64encode(picture).decode()
            case Command.BALLOON:
                return _plain(await asyncio.to_thread(machine.hypervisor.balloon))
            case Command.DOMAIN:
                return await asyncio.to_thread(machine.hypervisor.xml)
            case _:
                return _plain(machine.ledger.state)

    async def _dump(self, path: str) -> None:
        """Write the guest's memory to a file, which is gone again when that fails."""
        hypervisor, place = self._machine.hypervisor, Path(path)
        if not place.is_absolute():
            raise LauncherError(f"`path` is `{path}`; it must be absolute")
        if await asyncio.to_thread(place.exists):
            raise LauncherError(f"`{path}` exists already; a dump goes to a new file")
        try:
            await asyncio.to_thread(hypervisor.dump, path)
        except OSError as error:
            raise LauncherError(f"cannot make `{path}`: {error.strerror}") from error
        except LauncherError:
            await asyncio.to_thread(files.remove, place)
            raise

    async def _agent(self, arguments: Mapping[str, JsonValue]) -> JsonValue:
        name, given = arguments.get("command"), arguments.get("arguments") or {}
        if not isinstance(name, str) or not isinstance(given, dict):
            raise LauncherError("`agent` needs `command`, a text, and `arguments`, an object")
        answer: JsonValue = msgspec.json.decode(await self._machine.agent.raw(name, given))
        return answer

    async def _execute(self, asked: Execution) -> JsonValue:
        if not asked.argv:
            raise LauncherError("`argv` is empty; it must name a program of the guest")
        agent = self._machine.agent
        done = await guestexec.execute(agent, asked.argv, stdin=asked.stdin, patience=asked.timeout)
        return _plain(done)

    async def _freeze(self, arguments: Mapping[str, JsonValue]) -> JsonValue:
        """Freeze the guest's filesystems; ``timeout`` seconds later they are thawed anyhow."""
        self._keep_frozen()
        frozen = await self._machine.agent.ask(commands.FREEZE)
        await self._machine.poller.ask_freeze_status()
        timeout = arguments.get("timeout")
        if isinstance(timeout, int | float) and timeout > 0:
            self._thawing = self._machine.later(timeout, self._thaw)
        return frozen

    def _keep_frozen(self) -> None:
        """Nobody thaws by the clock any more."""
        if self._thawing:
            self._thawing.cancel()
            self._thawing = None

    async def _unfreeze(self) -> JsonValue:
        self._keep_frozen()
        return await self._thaw()

    async def _thaw(self) -> JsonValue:
        thawed = await self._machine.agent.ask(commands.THAW)
        await self._machine.poller.ask_freeze_status()
        return thawed


def _read(arguments: Mapping[str, JsonValue], kind: type[_T]) -> _T:
    """Arguments as a struct; raises ``LauncherError`` with the path of what is wrong."""
    try:
        return msgspec.convert(arguments, kind)
    except msgspec.ValidationError as error:
        raise LauncherError(f"the arguments are wrong: {error}") from None


def _grace(arguments: Mapping[str, JsonValue], default: float) -> float:
    asked = arguments.get("grace", default)
    if not isinstance(asked, int | float) or asked < 0:
        raise LauncherError(f"`grace` is {asked!r}; it must be a number of seconds")
    return float(asked)


def _plain(value: object) -> JsonValue:
    result: JsonValue = msgspec.json.decode(msgspec.json.encode(value))
    return result
