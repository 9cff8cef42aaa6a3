"""kill -9 of the API server in the middle of writes: what it acknowledged is there."""

import asyncio
import random

import pytest

from tests.fakes.killing import MAPS, Watcher, Writer, run_and_kill, serving, stored
from tests.fakes.waiting import until

WRITERS = 6


async def kill_often(home, moments: int, history: str) -> Watcher:
    chance = random.Random(moments)
    writers = [Writer(f"w{number}") for number in range(WRITERS)]
    watcher = Watcher()
    for _ in range(moments):
        await run_and_kill(home, chance.uniform(0.02, 0.4), [*writers, watcher], history)
        found = stored(home)
        for writer in writers:
            writer.check(found)
    async with serving(home, history) as client:
        task = asyncio.create_task(watcher.run(client))
        expected = stored(home)
        await until(lambda: watcher.seen == expected or task.done())
        assert watcher.seen == expected
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return watcher


async def test_nothing_acknowledged_is_lost_and_watches_resume(tmp_path) -> None:
    watcher = await kill_often(tmp_path, 4, "4096")
    assert watcher.lists == 1
    assert watcher.answered >= 4


async def test_watches_that_cannot_resume_are_told(tmp_path) -> None:
    watcher = Watcher()
    async with serving(tmp_path, "8") as client:
        for number in range(50):
            made = await client.post(MAPS, json={"metadata": {"name": f"c{number}"}})
            assert made.status_code == 201
    watcher.revision = 1
    async with serving(tmp_path, "8") as client:
        task = asyncio.create_task(watcher.run(client))
        await until(lambda: watcher.lists)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(watcher.seen) == 50


@pytest.mark.host
@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_three_hundred_moments(tmp_path) -> None:
    await kill_often(tmp_path, 300, "4096")
