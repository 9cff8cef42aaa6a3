"""A guest that keeps quiet for a moment: its agent freezes its file systems, and thaws them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum

from launcher.errors import LauncherError
from launcher.guest import commands
from launcher.state import Stage
from launcher.system.machine import Machine

_log = logging.getLogger(__name__)
_THAWS = 3  # times that a guest is asked to thaw


class Quiet(StrEnum):
    """How a guest was kept quiet, in KubeVirt's words."""

    FROZEN = "GuestAgent"
    NO_AGENT = "NoGuestAgent"
    FAILED = "QuiesceFailed"
    PAUSED = "Paused"
    NOT_ASKED = ""


@asynccontextmanager
async def quiet(machine: Machine, *, wanted: bool = True) -> AsyncIterator[Quiet]:
    """Freeze the guest, and thaw it at the end whatever happens; how it went.

    A guest that somebody else froze stays so.
    """
    state = machine.ledger.state
    if not wanted:
        yield Quiet.NOT_ASKED
    elif state.stage is Stage.PAUSED:
        yield Quiet.PAUSED
    elif not state.agent.connected:
        yield Quiet.NO_AGENT
    elif state.agent.frozen:
        yield Quiet.FROZEN
    else:
        try:
            yield await _freeze(machine)
        finally:
            await asyncio.shield(_thaw(machine))


async def _freeze(machine: Machine) -> Quiet:
    try:
        await machine.agent.ask(commands.FREEZE)
    except LauncherError as error:
        _log.warning("the guest does not freeze: %s", error)
        return Quiet.FAILED
    return Quiet.FROZEN


async def _thaw(machine: Machine) -> None:
    for _ in range(_THAWS):
        try:
            await machine.agent.ask(commands.THAW)
        except LauncherError as error:
            _log.warning("the guest does not thaw: %s", error)
            continue
        await machine.poller.ask_freeze_status()
        return
