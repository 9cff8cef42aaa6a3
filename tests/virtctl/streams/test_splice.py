import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.fakes.eventually import eventually
from virtctl.errors import StreamError
from virtctl.streams.duplex import Listener
from virtctl.streams.splice import Accepted, Splice


class FakeDirect:
    """Keeps what is pushed and whether it is held; the test speaks through ``listener``."""

    def __init__(self) -> None:
        self.pushed = bytearray()
        self.held: list[bool] = []
        self.closed = asyncio.Event()
        self.listener: Listener | None = None

    def attach(self, listener: Listener) -> None:
        self.listener = listener
        listener.heard(b"hello")

    def push(self, data: bytes) -> None:
        self.pushed += data

    def hold(self, *, held: bool) -> None:
        self.held.append(held)

    async def close(self) -> None:
        self.closed.set()


@asynccontextmanager
async def joined() -> AsyncIterator[
    tuple[asyncio.StreamReader, asyncio.StreamWriter, FakeDirect, asyncio.Task[None]]
]:
    taken: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Accepted(taken.set_result), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        local = await taken
        local.early.append(b"early ")
        remote = FakeDirect()
        task = asyncio.create_task(Splice(local, remote).run())
        try:
            yield reader, writer, remote, task
        finally:
            writer.close()
            await writer.wait_closed()
            await asyncio.gather(task, return_exceptions=True)


async def test_both_ways_and_the_local_end() -> None:
    async with joined() as (reader, writer, remote, task):
        assert await reader.readexactly(5) == b"hello"
        writer.write(b"bytes")
        writer.write_eof()
        await task
        assert remote.pushed == b"early bytes"
        assert remote.closed.is_set()
        assert await reader.read() == b""


async def test_the_remote_end_is_told_and_what_it_said_arrives() -> None:
    async with joined() as (reader, _, remote, task):
        await reader.readexactly(5)
        assert remote.listener is not None
        remote.listener.heard(b"last words")
        remote.listener.ended("the connection was lost")
        with pytest.raises(StreamError, match="was lost"):
            await task
        assert await reader.read() == b"last words"


async def test_a_slow_reader_holds_the_remote_side() -> None:
    async with joined() as (reader, _, remote, _task):
        await reader.readexactly(5)
        assert remote.listener is not None
        total = 0
        while not remote.held:
            remote.listener.heard(bytes(1 << 20))
            total += 1 << 20
        assert remote.held == [True]
        await reader.readexactly(total)
        await eventually(lambda: len(remote.held) == 2)
        assert remote.held == [True, False]


async def test_a_slow_remote_side_stops_the_reading() -> None:
    async with joined() as (reader, writer, remote, _task):
        await reader.readexactly(5)
        assert remote.listener is not None
        remote.listener.room(free=False)
        writer.write(b"later")
        await writer.drain()
        for _ in range(10):
            await asyncio.sleep(0)
        assert remote.pushed == b"early "
        remote.listener.room(free=True)
        await eventually(lambda: remote.pushed == b"early later")
