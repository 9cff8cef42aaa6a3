"""A guest that goes to another launcher of this host, at the beginning of its way.

QEMU copies the guest's memory into the pipe of the other launcher while the guest goes on, and
stops it for the last of it. Then the other one is told to go on with it, and this one ends. Until
that moment whatever fails leaves the guest here, where it goes on; the state that the other one
keeps on disk decides when its word is missing.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from launcher import state as states
from launcher.errors import HypervisorError, LauncherError
from launcher.layout import MachineLayout
from launcher.spec import MachineSpec
from launcher.state import Move, Stage
from launcher.system.control import Command, Control
from launcher.system.hypervisor import Hypervisor, Sending
from launcher.system.ledger import Ledger

_LOOK = 0.1  # seconds between looks at QEMU's progress
_TELL = 1.0  # seconds between two reports of it
_STAY = 10.0  # seconds in which a guest that stays must go on again
_PIPE = 1 << 20  # bytes; the most that a pipe of ours may hold
_F_SETPIPE_SZ = 1031  # fcntl(2)
_log = logging.getLogger(__name__)


class MoveOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Where a guest goes, and how. ``target`` is the machine's directory on the host.

    ``bandwidth`` is in bytes a second, 0 for as much as there is; ``completion`` and ``progress``
    are the seconds in which it must be over, and in which less must be left than before, 0 for
    any. With ``disrupt`` a guest that does not make it in time is stopped rather than kept.
    """

    id: str
    target: str
    bandwidth: int = 0
    completion: float = 0.0
    progress: float = 0.0
    auto_converge: bool = False
    disrupt: bool = False


class Leaving(Protocol):
    """The machine whose guest goes."""

    spec: MachineSpec
    ledger: Ledger

    @property
    def hypervisor(self) -> Hypervisor:
        """The domain; raises ``HypervisorError`` while there is none yet."""

    @property
    def still(self) -> asyncio.Lock:
        """Held while devices change."""

    async def leave(self) -> None:
        """The guest has gone: end what is left of it here."""

    def later(self, seconds: float, action: Callable[[], Awaitable[object]]) -> asyncio.Task[None]:
        """Do something after a while, unless the machine ends before."""


@dataclass
class _Watch:
    """What a guest's way is measured by; times are of the monotonic clock."""

    began: float
    least: int
    moved: float
    mode: str = "PreCopy"


class Departure:
    """Moves of one machine's guest, one at a time."""

    def __init__(self, machine: Leaving) -> None:
        self._machine = machine
        self._stay = False
        self.under_way = False
        """Whether a guest is being sent: it may stop without anybody's wish."""

    def begin(self, order: MoveOrder) -> None:
        """Begin to move the guest; the state tells how it goes. Raises ``HypervisorError``."""
        machine = self._machine
        _ = machine.hypervisor
        if self.under_way:
            raise HypervisorError("the guest is being moved already")
        stage = machine.ledger.state.stage
        if stage not in {Stage.RUNNING, Stage.PAUSED}:
            raise HypervisorError(f"the machine is {stage.value}, its guest cannot be moved")
        self._stay, self.under_way = False, True
        machine.ledger.update(move=Move(id=order.id, began=time.time()))
        machine.later(0, lambda: self._move(order))

    def stay(self) -> None:
        """Keep the guest here, if that is still possible. Raises ``HypervisorError``."""
        if not self.under_way:
            raise HypervisorError("the guest is not being moved")
        self._stay = True

    async def _move(self, order: MoveOrder) -> None:
        machine = self._machine
        gone = False
        try:
            async with machine.still:
                gone = await self._go(order)
        except (LauncherError, OSError) as error:
            self._tell(failed=True, reason=str(error), ended=time.time())
        finally:
            self.under_way = False
        if gone:
            self._tell(gone=True, ended=time.time())
            await machine.leave()

    async def _go(self, order: MoveOrder) -> bool:
        """The whole way; whether the guest is the other's now. Raises when it stays."""
        hypervisor = self._machine.hypervisor
        target = MachineLayout(root=Path(order.target), uid="", caps_cache=Path("/nowhere"))
        control = Control(target.control)
        runs = self._machine.ledger.state.stage is Stage.RUNNING
        await control.request(Command.RECEIVE, xml=await asyncio.to_thread(hypervisor.movable))
        fd = _open(target.stream)
        try:
            arriving = asyncio.ensure_future(control.request(Command.ARRIVE))
            await asyncio.to_thread(hypervisor.send, fd, order.bandwidth, order.auto_converge)
        finally:
            os.close(fd)
        try:
            await self._until_sent(order, hypervisor)
            await arriving
        except (LauncherError, OSError):
            arriving.cancel()
            await asyncio.wait({arriving})
            await self._go_on(hypervisor, runs=runs)
            raise
        try:
            await control.request(Command.TAKE_OVER, running=runs)
        except LauncherError:
            if not _has_come(target):
                await self._go_on(hypervisor, runs=runs)
                raise
        return True

    async def _until_sent(self, order: MoveOrder, hypervisor: Hypervisor) -> None:
        """Wait until QEMU has sent everything. Raises ``HypervisorError`` when it will not."""
        now = time.monotonic()
        watch, told, asked = _Watch(now, 1 << 62, now), 0.0, ""
        while True:
            seen = await asyncio.to_thread(hypervisor.sending)
            if seen.status == "completed":
                self._tell(**_progress(seen, watch))
                return
            if seen.status in {"failed", "cancelled"}:
                raise HypervisorError(asked or seen.error or "the migration was aborted")
            now = time.monotonic()
            if now - told > _TELL:
                told = now
                self._tell(**_progress(seen, watch))
            if not asked and (why := await self._too_long(order, seen, watch, hypervisor)):
                asked = why
                await asyncio.to_thread(hypervisor.stop_sending)
            await asyncio.sleep(_LOOK)

    async def _too_long(
        self, order: MoveOrder, seen: Sending, watch: _Watch, hypervisor: Hypervisor
    ) -> str:
        """Why the guest must stay; empty while it may go on."""
        now = time.monotonic()
        if self._stay:
            return "migration aborted"
        if seen.remaining < watch.least:
            watch.least, watch.moved = seen.remaining, now
        if order.progress and now - watch.moved > order.progress:
            return f"Live migration stuck for {order.progress:g} seconds and has been aborted"
        if order.completion and now - watch.began > order.completion:
            if order.disrupt and watch.mode == "PreCopy":
                watch.mode, watch.began, watch.moved = "Paused", now, now
                await asyncio.to_thread(hypervisor.suspend)
                return ""
            return (
                f"Live migration is not completed after {order.completion:g} seconds and has been "
                "aborted"
            )
        return ""

    async def _go_on(self, hypervisor: Hypervisor, *, runs: bool) -> None:
        """The guest stays; QEMU may have to wait for the other's to let go of the disks."""
        with suppress(LauncherError):
            await asyncio.to_thread(hypervisor.stop_sending)
        deadline, trouble = time.monotonic() + _STAY, ""
        while runs and time.monotonic() < deadline:
            try:
                if await asyncio.to_thread(hypervisor.run_status) == "running":
                    return
                await asyncio.to_thread(hypervisor.resume)
            except LauncherError as error:
                trouble = str(error)
                await asyncio.sleep(_LOOK)
        if runs:
            _log.error("the guest stays and does not go on: %s", trouble)

    def _tell(self, **changes: object) -> None:
        known = self._machine.ledger.state.move
        if known is not None:
            self._machine.ledger.update(move=msgspec.structs.replace(known, **changes))


def _progress(seen: Sending, watch: _Watch) -> dict[str, object]:
    return {
        "remaining": seen.remaining,
        "total": seen.total,
        "downtime": seen.downtime,
        "mode": watch.mode,
    }


def _open(stream: Path) -> int:
    try:
        fd = os.open(stream, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise HypervisorError(f"nobody waits for the guest at `{stream}`: {error}") from error
    with suppress(OSError):  # a user may have too many pipes
        fcntl.fcntl(fd, _F_SETPIPE_SZ, _PIPE)
    return fd


def _has_come(target: MachineLayout) -> bool:
    """Whether the other launcher wrote down that the guest is its own."""
    try:
        return states.decode(target.state.read_bytes()).came > 0
    except (OSError, msgspec.DecodeError):
        return False
