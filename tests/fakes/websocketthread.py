"""A websocket server in a thread of its own, for tests whose client waits in theirs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from websockets.asyncio.server import Server


@contextmanager
def served(start: Callable[[], Awaitable[Server]]) -> Iterator[int]:
    """The port where the server of ``start`` listens, on a loop that ends with the block."""
    ports: list[int] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def main() -> None:
        try:
            server = await start()
            ports.append(server.sockets[0].getsockname()[1])
        finally:
            ready.set()
        await stop.wait()
        server.close()
        await server.wait_closed()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    ready.wait()
    try:
        (port,) = ports
        yield port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
