import asyncio

import pytest

from virtctl.local.runtime.queue import Key, WorkQueue

A, B = Key("n", "a"), Key("n", "b")


async def taken(queue):
    async with asyncio.timeout(60):
        return await queue.get()


async def test_keys_come_once_and_in_order():
    queue = WorkQueue()
    for key in (A, B, A):
        queue.add(key)
    assert [await taken(queue), await taken(queue)] == [A, B]
    assert len(queue) == 0


async def test_an_earlier_time_overtakes_a_later_one():
    queue = WorkQueue()
    queue.add(A, after=60)
    queue.add(A)
    assert await taken(queue) == A
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await queue.get()


async def test_a_delay_is_waited_for_and_a_new_key_interrupts():
    queue = WorkQueue()
    queue.add(A, after=1)
    asyncio.get_running_loop().call_later(0.01, queue.add, B)
    assert [await taken(queue), await taken(queue)] == [B, A]


async def test_retries_back_off_until_forgotten():
    queue = WorkQueue()
    assert [queue.retry(A) for _ in range(3)] == [0.05, 0.1, 0.2]
    queue.forget(A)
    assert queue.retry(A) == 0.05
