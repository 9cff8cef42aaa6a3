"""Streams in memory."""

from __future__ import annotations

import asyncio

from virtctl.errors import StreamError


class FakeDuplex:
    """What is put in by ``feed`` is received; what is sent is kept. ``feed(None)`` breaks it."""

    def __init__(self, *chunks: bytes) -> None:
        self.sent: list[bytes] = []
        self.closed = False
        self._incoming: asyncio.Queue[bytes | None] = asyncio.Queue()
        for chunk in chunks:
            self.feed(chunk)

    def feed(self, chunk: bytes | None) -> None:
        self._incoming.put_nowait(chunk)

    async def receive(self) -> bytes:
        chunk = await self._incoming.get()
        if chunk is None:
            raise StreamError("broken")
        return chunk

    async def send(self, data: bytes) -> None:
        self.sent.append(data)

    async def close(self) -> None:
        self.closed = True


class EchoDuplex(FakeDuplex):
    """Sends everything back."""

    async def send(self, data: bytes) -> None:
        await super().send(data)
        self.feed(data)
