"""What runs beside a test, and ends with it however the test ends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine


@contextlib.asynccontextmanager
async def background(*work: Coroutine[None, None, object]) -> AsyncIterator[list[asyncio.Task]]:
    """Run ``work`` until the block ends; what failed by itself fails the test."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
