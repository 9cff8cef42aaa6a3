import asyncio

import pytest

from tests.fakes.duplexes import FakeDuplex
from tests.fakes.waiting import until
from virtctl.errors import StreamError
from virtctl.streams.pump import pump


async def test_copies_both_ways_and_closes_both() -> None:
    left, right = FakeDuplex(b"a", b"b"), FakeDuplex(b"c")
    task = asyncio.create_task(pump(left, right))
    await until(lambda: (left.sent, right.sent) == ([b"c"], [b"a", b"b"]))
    left.feed(b"")
    await task
    assert (left.sent, right.sent) == ([b"c"], [b"a", b"b"])
    assert left.closed
    assert right.closed


async def test_a_break_is_told() -> None:
    left, right = FakeDuplex(), FakeDuplex()
    right.feed(None)
    with pytest.raises(StreamError, match="broken"):
        await pump(left, right)
    assert left.closed


async def test_a_cancelled_pump_closes_too() -> None:
    left, right = FakeDuplex(), FakeDuplex()
    task = asyncio.create_task(pump(left, right))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left.closed
    assert right.closed
