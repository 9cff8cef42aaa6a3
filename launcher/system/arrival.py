"""A guest that comes from another launcher of this host, at the end of its way.

libvirt's driver in a process cannot be the target of libvirt's own migration, but it can start a
guest from a stream that somebody else writes (``launcher.domain.savefile``). Here that stream is a
pipe with a name: the other launcher hands its end to its QEMU, which copies memory into it while
the guest goes on there. The guest stands still here when all of it has come, until it is told to
go on: by then the other one has stopped for good.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import suppress
from pathlib import Path

from launcher import layout
from launcher.domain import savefile
from launcher.errors import HypervisorError, LauncherError
from launcher.state import Stage
from launcher.system.hypervisor import Hypervisor
from launcher.system.ledger import Ledger

STREAM = layout.INSIDE_MACHINE / layout.STREAM_NAME
PATIENCE = 60.0
"""Seconds in which whoever sends must take the stream's end, and say that the guest may go on."""

_LOOK_AGAIN = 0.02
_NOTHING_WAITS = "this machine does not wait for a guest"
_log = logging.getLogger(__name__)


class Arrival:
    """One guest that is to come. The order is ``receive``, ``arrive``, ``take_over``."""

    def __init__(self, ledger: Ledger, stream: Path = STREAM) -> None:
        self._ledger, self._stream = ledger, stream
        self._offered = stream.with_suffix(".offered")
        self._hypervisor: Hypervisor | None = None
        self._writer = -1
        self._coming: asyncio.Task[None] | None = None
        self._over: asyncio.Future[None] | None = None

    async def wait(self, hypervisor: Hypervisor) -> None:
        """Wait until the guest has come and goes on. Raises ``HypervisorError`` when it does not.

        Cancelling it gives the guest up.
        """
        self._hypervisor = hypervisor
        self._over = asyncio.get_running_loop().create_future()
        self._ledger.update(stage=Stage.WAITING)
        try:
            await self._over
        finally:
            self._hypervisor = None
            self._close()
            if self._coming is not None:
                await asyncio.wait({self._coming}, timeout=_LOOK_AGAIN)
            self._forget()

    async def receive(self, xml: str) -> None:
        """Get ready for a guest; when this returns, the pipe waits for QEMU's stream."""
        hypervisor = self._waiting()
        if self._coming is not None:
            raise HypervisorError("a guest is coming already")
        self._forget()
        os.mkfifo(self._offered, 0o600)
        await asyncio.to_thread(hypervisor.define, xml)
        self._coming = asyncio.create_task(self._come(hypervisor))
        offering = asyncio.create_task(self._offer_always(savefile.head(xml)))
        try:
            async with asyncio.timeout(PATIENCE):
                await self._until_read(hypervisor, self._coming)
        except TimeoutError:
            error = HypervisorError("libvirt does not take the stream")
            self._fail(error)
            raise error from None
        finally:
            offering.cancel()
            await asyncio.wait({offering})

    async def arrive(self) -> None:
        """Wait until all of the guest has come; whoever asks has the pipe's end by now."""
        if self._coming is None or self._over is None or self._over.done():
            raise HypervisorError(_NOTHING_WAITS)
        self._close()
        await asyncio.shield(self._coming)

    async def take_over(self, *, running: bool) -> None:
        """The guest is ours now, and goes on if it ran before.

        Before it does, the state on disk says that it has come, so that it never runs twice.
        """
        hypervisor, over = self._waiting(), self._over
        if self._coming is None or not self._coming.done() or over is None or over.done():
            raise HypervisorError(_NOTHING_WAITS)
        await self._coming
        self._ledger.update(came=time.time())
        try:
            if running:
                await asyncio.to_thread(hypervisor.resume)
        except LauncherError as error:
            self._fail(error)
            raise
        over.set_result(None)

    def _waiting(self) -> Hypervisor:
        if self._hypervisor is None:
            raise HypervisorError(_NOTHING_WAITS)
        return self._hypervisor

    async def _come(self, hypervisor: Hypervisor) -> None:
        try:
            await asyncio.to_thread(hypervisor.receive, str(self._offered))
        except LauncherError as error:
            self._fail(error)
            raise

    async def _until_read(self, hypervisor: Hypervisor, coming: asyncio.Task[None]) -> None:
        """Wait until QEMU has the stream. Raises ``HypervisorError`` when libvirt gives up."""
        while self._writer < 0 or not await asyncio.to_thread(hypervisor.running):
            if coming.done():
                await coming
            await asyncio.sleep(_LOOK_AGAIN)

    async def _offer_always(self, head: bytes) -> None:
        # Beside the looks at the domain, which may have to wait for libvirt to read.
        while True:
            self._offer(head)
            await asyncio.sleep(_LOOK_AGAIN)

    def _offer(self, head: bytes) -> None:
        """Write the stream's head to whoever opens the pipe.

        libvirt opens it once to read the head and again for the rest, or only once, by its version:
        so whoever has opened a pipe keeps it, and the next one finds another at the same place.
        """
        try:
            writer = os.open(self._offered, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return  # nobody reads it yet
        self._close()
        self._writer = writer
        self._stream.unlink(missing_ok=True)
        os.link(self._offered, self._stream)
        fresh = self._stream.with_suffix(".fresh")
        os.mkfifo(fresh, 0o600)
        fresh.replace(self._offered)
        with suppress(BrokenPipeError):  # was only looked at
            os.write(writer, head)  # last: who has read it may come back at once

    def _forget(self) -> None:
        for path in (self._stream, self._offered):
            path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1

    def _fail(self, error: LauncherError) -> None:
        _log.warning("the guest did not come: %s", error)
        self._close()
        if self._over is not None and not self._over.done():
            self._over.set_exception(error)
