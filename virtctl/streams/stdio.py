"""File descriptors as a stream: stdin and stdout of a proxy command or a console."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable

_CHUNK = 65536


class DescriptorDuplex:
    """Reads one descriptor and writes another; neither is closed.

    Pipes and sockets are made non-blocking while it is open, since a blocked write would stop the
    other direction too. Terminals are not, because others share them.
    """

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        self._restore: list[Callable[[], None]] = []
        self._selectable = _is_selectable(source)
        for descriptor in {source, sink}:
            if _is_pipe(descriptor) and os.get_blocking(descriptor):
                os.set_blocking(descriptor, False)
                self._restore.append(_blocking_again(descriptor))

    async def receive(self) -> bytes:
        """The next bytes; empty at the end."""
        if not self._selectable:
            return os.read(self._source, _CHUNK)  # files and /dev/null never block
        while True:
            await _ready(self._source, writing=False)
            try:
                return os.read(self._source, _CHUNK)
            except BlockingIOError:
                continue
            except OSError:
                return b""  # a terminal that went away

    async def send(self, data: bytes) -> None:
        """Write all of ``data``. Raises BrokenPipeError when the reader has gone."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._sink, view) :]
            except BlockingIOError:
                await _ready(self._sink, writing=True)

    async def close(self) -> None:
        """Make the descriptors blocking again; may be called twice."""
        while self._restore:
            self._restore.pop()()


async def reader_gone(descriptor: int) -> None:
    """Return when whoever reads the pipe ``descriptor`` has closed it; never for anything else."""
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        await asyncio.Event().wait()
    # a write end is "readable" for epoll only in its error state
    await _ready(descriptor, writing=False)


async def _ready(descriptor: int, *, writing: bool) -> None:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not future.done():
            future.set_result(None)

    add, remove = (
        (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
    )
    add(descriptor, wake)
    try:
        await future
    finally:
        remove(descriptor)


def _is_pipe(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _is_selectable(descriptor: int) -> bool:
    return _is_pipe(descriptor) or os.isatty(descriptor)


def _blocking_again(descriptor: int) -> Callable[[], None]:
    def restore() -> None:
        os.set_blocking(descriptor, True)

    return restore
