"""A local TCP connection and a ``Direct`` stream, joined without a task between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from virtctl.errors import StreamError
from virtctl.streams.duplex import Direct

_HIGH_WATER = 1 << 20  # bytes that may wait for a slow reader


class Accepted(asyncio.Protocol):
    """A connection that was accepted and waits for where it shall lead; ``taken`` is told of it."""

    def __init__(self, taken: Callable[[Accepted], None]) -> None:
        self._taken = taken
        self.early: list[bytes] = []
        """What came although it should not be read yet."""
        self.over = False
        """Whether nothing more will come."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.pause_reading()
        self._taken(self)

    def data_received(self, data: bytes) -> None:
        """Not every event loop heeds a pause this early."""
        self.early.append(data)

    def eof_received(self) -> bool:
        """Its peer sends no more."""
        self.over = True
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """It has gone already."""
        self.over = True


class Splice(asyncio.Protocol):
    """What comes on either side goes to the other, until either ends.

    The plain protocol has no half-close, so the end of one direction ends the other.
    """

    def __init__(self, local: Accepted, remote: Direct) -> None:
        self._local = local
        self._transport = local.transport
        self._remote = remote
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Copy to the end, then close both. Raises ``StreamError`` when the stream broke."""
        self._transport.set_protocol(self)
        self._transport.set_write_buffer_limits(high=_HIGH_WATER)
        for data in self._local.early:
            self._remote.push(data)
        self._remote.attach(self)
        if self._local.over:
            self._finish("")
        elif not self._transport.is_closing():
            self._transport.resume_reading()
        try:
            problem = await self._over
        finally:
            self._transport.close()
            await self._remote.close()
        if problem:
            raise StreamError(problem)

    def _finish(self, problem: str) -> None:
        if not self._over.done():
            self._over.set_result(problem)

    # -- the local side ---------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """The local program sent something."""
        self._remote.push(data)

    def eof_received(self) -> bool:
        """It will send no more."""
        self._finish("")
        return True  # what the other side still says is written out before the end

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """It has gone, however that came."""
        self._finish("")

    def pause_writing(self) -> None:
        """It is slow."""
        self._remote.hold(held=True)

    def resume_writing(self) -> None:
        """It has caught up."""
        self._remote.hold(held=False)

    # -- the remote side --------------------------------------------------------------------------

    def heard(self, data: bytes) -> None:
        """The machine sent something."""
        self._transport.write(data)

    def room(self, *, free: bool) -> None:
        """The machine's side is slow, or has caught up."""
        if self._transport.is_closing():
            return
        if free:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def ended(self, problem: str) -> None:
        """The machine's side has ended."""
        self._finish(problem)
