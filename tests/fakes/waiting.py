"""Wait for what a test expects, without knowing how long it takes."""

import asyncio


async def until(holds, seconds: float = 60.0):
    """What ``holds`` returns, once it is true."""
    async with asyncio.timeout(seconds):
        while not (found := holds()):  # noqa: ASYNC110 - polled, as clients do
            await asyncio.sleep(0.01)
        return found
