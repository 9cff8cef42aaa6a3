"""Children are waited for, whatever comes meanwhile."""

import asyncio
import sys

import pytest

from virtctl.local.node import children


async def child() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=-1)


async def test_one_that_runs_and_one_that_has_ended() -> None:
    running = await child()
    await children.end(running)
    assert running.returncode == -9
    await children.end(running)


async def test_whoever_is_cancelled_twice_waits_all_the_same() -> None:
    running = await child()
    task = asyncio.create_task(children.end(running))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert running.returncode == -9
