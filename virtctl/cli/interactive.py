"""A conversation: the user's terminal or pipes on one side, a console or program on the other."""

from __future__ import annotations

import asyncio

from virtctl.streams.duplex import Duplex
from virtctl.streams.stdio import reader_gone
from virtctl.streams.terminal import EscapeFilter

_QUIET = 1.0  # seconds of silence after stdin's end before a script's session ends


async def converse(local: Duplex, remote: Duplex, keys: EscapeFilter, out: int) -> None:
    """Copy both ways until either side ends, the escape key comes, or nobody reads ``out``.

    Raises what broke it.
    """
    heard = asyncio.Event()
    down = asyncio.create_task(_down(remote, local, heard))
    up = asyncio.create_task(_up(local, remote, keys, heard))
    gone = asyncio.create_task(reader_gone(out))
    tasks = (down, up, gone)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _down(remote: Duplex, local: Duplex, heard: asyncio.Event) -> None:
    while data := await remote.receive():
        heard.set()
        await local.send(data)


async def _up(local: Duplex, remote: Duplex, keys: EscapeFilter, heard: asyncio.Event) -> None:
    said = False
    while data := await local.receive():
        said = True
        kept, leave = keys.feed(data)
        if kept:
            await remote.send(kept)
        if leave:
            return
    if not said:
        await asyncio.Event().wait()  # no input at all, as from /dev/null: just listen
    while True:  # a script's last words deserve their answer
        heard.clear()
        try:
            await asyncio.wait_for(heard.wait(), _QUIET)
        except TimeoutError:
            return
