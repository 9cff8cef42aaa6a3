"""Child processes of the daemon that are asyncio's."""

from __future__ import annotations

import asyncio
import contextlib


async def end(child: asyncio.subprocess.Process) -> None:
    """Kill ``child`` unless it has ended, and wait for its end.

    Whoever is cancelled meanwhile, again and again, still waits, and is cancelled then: a child
    that nobody waits for would be met by the garbage collector, after its event loop.
    """
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    waiting = asyncio.ensure_future(child.wait())
    cancelled: asyncio.CancelledError | None = None
    while not waiting.done():
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
