"""Waiting in tests for what nobody announces."""

import asyncio
from collections.abc import Callable


async def eventually(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return once something holds; ``TimeoutError`` when it does not in time."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
