"""Talking to the guest agent of a running machine, and keeping what it says up to date.

Periods are virt-launcher's (spec/api.md §4.3). A new agent is asked everything at once, and then
again after one second, two, four and so on up to the period, since a booting guest is still getting
its addresses when its agent connects. Users and filesystems are asked for when somebody wants to
know, so an idle machine does not pay for them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import msgspec

from launcher.errors import AgentError, LauncherError
from launcher.guest import commands
from launcher.guest.commands import Command, Interface
from launcher.guest.protocol import JsonValue, build_request, parse_reply
from launcher.state import AgentState, OsInfo
from launcher.system.hypervisor import Hypervisor

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

SYSTEM_PERIOD = 120.0
VERSION_PERIOD = 300.0
FREEZE_PERIOD = 5.0
_FIRST_PAUSE = 1.0
_PATIENCE = 10  # seconds for one answer


class GuestAgent:
    """Typed requests to the guest agent; every method raises ``AgentError``."""

    def __init__(self, hypervisor: Hypervisor) -> None:
        self._hypervisor = hypervisor

    async def ask(
        self, command: Command[_T], arguments: Mapping[str, JsonValue] | None = None
    ) -> _T:
        """Send a request and read its answer."""
        return command.parse(await self._send(command.name, arguments))

    async def raw(self, command: str, arguments: Mapping[str, JsonValue]) -> bytes:
        """Send any request; the answer is JSON."""
        return bytes(parse_reply(await self._send(command, arguments)))

    async def _send(self, command: str, arguments: Mapping[str, JsonValue] | None) -> str:
        request = build_request(command, arguments)
        return await asyncio.to_thread(self._hypervisor.agent, request, _PATIENCE)


Report = Callable[[AgentState, tuple[Interface, ...] | None], None]


class Poller:
    """Asks the agent while it is connected. ``report`` gets what is known, whenever it changes."""

    def __init__(self, agent: GuestAgent, report: Report) -> None:
        self._agent, self._report = agent, report
        self._known = AgentState()
        self._interfaces: tuple[Interface, ...] | None = None
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    @property
    def connected(self) -> bool:
        """Whether the agent's channel is open in the guest."""
        return self._known.connected

    def connect(self) -> None:
        """The channel has been opened: ask everything, then periodically."""
        self.disconnect()
        self._know(connected=True)
        self._tasks = tuple(
            asyncio.get_running_loop().create_task(_repeat(ask, period))
            for ask, period in (
                (self._ask_version, VERSION_PERIOD),
                (self._ask_system, SYSTEM_PERIOD),
                (self.ask_freeze_status, FREEZE_PERIOD),
            )
        )

    def disconnect(self) -> None:
        """The channel has been closed: forget everything."""
        for task in self._tasks:
            task.cancel()
        self._tasks = ()
        self._known, self._interfaces = AgentState(), None
        self._report(self._known, None)

    def hurry(self) -> None:
        """The guest's devices have changed: look at it soon and a few times more."""
        if self.connected and self._tasks:
            version, system, freeze = self._tasks
            system.cancel()
            system = asyncio.get_running_loop().create_task(
                _repeat(self._ask_system, SYSTEM_PERIOD)
            )
            self._tasks = (version, system, freeze)

    async def ask_freeze_status(self) -> None:
        """Look whether the guest's filesystems are frozen."""
        self._know(frozen=await self._agent.ask(commands.FREEZE_STATUS) == "frozen")

    async def _ask_version(self) -> None:
        info = await self._agent.ask(commands.INFO)
        self._know(version=info.version, commands=info.enabled)

    async def _ask_system(self) -> None:
        # Each by itself: an agent may lack one of them.
        for ask in (self._ask_interfaces, self._ask_host_name, self._ask_os, self._ask_time_zone):
            try:
                await ask()
            except AgentError as error:
                _log.info("guest agent: %s", error)

    async def _ask_interfaces(self) -> None:
        self._interfaces = await self._agent.ask(commands.INTERFACES)
        self._know()

    async def _ask_host_name(self) -> None:
        self._know(hostname=(await self._agent.ask(commands.HOST_NAME)).host_name)

    async def _ask_time_zone(self) -> None:
        zone = await self._agent.ask(commands.TIME_ZONE)
        self._know(timezone=f"{zone.zone}, {zone.offset}" if zone.zone else "")

    async def _ask_os(self) -> None:
        said = await self._agent.ask(commands.OS_INFO)
        self._know(
            os=OsInfo(
                name=said.name,
                kernel_release=said.kernel_release,
                version=said.version,
                pretty_name=said.pretty_name,
                version_id=said.version_id,
                kernel_version=said.kernel_version,
                machine=said.machine,
                id=said.id,
            )
        )

    def _know(self, **changes: object) -> None:
        self._known = msgspec.structs.replace(self._known, **changes)
        self._report(self._known, self._interfaces)


async def _repeat(ask: Callable[[], Awaitable[None]], period: float) -> None:
    """Ask at once, then in growing steps up to the period, for ever."""
    pause = _FIRST_PAUSE
    while True:
        try:
            await ask()
        except LauncherError as error:
            _log.info("guest agent: %s", error)
        await asyncio.sleep(min(pause, period))
        pause = min(pause * 2, period)
