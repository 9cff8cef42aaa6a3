"""Two-way copy between two streams."""

from __future__ import annotations

import asyncio

from virtctl.streams.duplex import Duplex


async def pump(left: Duplex, right: Duplex) -> None:
    """Copy both ways until either side ends, then close both.

    The plain protocol has no half-close, so the end of one direction ends the other. Raises the
    first ``StreamError`` of either side.
    """
    tasks = [asyncio.create_task(_copy(left, right)), asyncio.create_task(_copy(right, left))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(left.close(), right.close(), return_exceptions=True)
    for task in done:
        task.result()


async def _copy(source: Duplex, sink: Duplex) -> None:
    while data := await source.receive():
        await sink.send(data)
