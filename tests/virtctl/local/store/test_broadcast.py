import asyncio

import pytest

from virtctl.local.store.broadcast import Broadcast, TooOld
from virtctl.local.store.log import Change, ChangeType, Key


def change(revision: int, collection: str = "c", namespace: str = "n") -> Change:
    return Change(revision, Key(collection, namespace, "a"), ChangeType.MODIFIED, b"", b"")


def revisions(subscription) -> list[int]:
    return [item.revision for item in subscription.pending()]


async def test_only_what_is_wanted_arrives() -> None:
    broadcast = Broadcast()
    every, one = broadcast.subscribe("c"), broadcast.subscribe("c", "n")
    for item in (change(1), change(2, namespace="m"), change(3, collection="d")):
        broadcast.publish(item)
    assert await every.wait()
    assert revisions(every) == [1, 2]
    assert revisions(one) == [1]
    assert revisions(one) == []


async def test_waiting_reader_is_woken() -> None:
    broadcast = Broadcast()
    subscription = broadcast.subscribe("c")
    waiting = asyncio.create_task(subscription.wait())
    await asyncio.sleep(0)
    broadcast.publish(change(1))
    assert await waiting


async def test_slow_reader_is_told() -> None:
    broadcast = Broadcast(limit=2)
    subscription = broadcast.subscribe("c")
    subscription.preload([change(1), change(2, "d")])
    for revision in (2, 3, 4):
        broadcast.publish(change(revision))
    assert revisions(subscription) == [1, 2]
    assert await subscription.wait()
    with pytest.raises(TooOld):
        subscription.pending()


async def test_close() -> None:
    broadcast = Broadcast()
    subscription = broadcast.subscribe("c")
    waiting = asyncio.create_task(subscription.wait())
    await asyncio.sleep(0)
    broadcast.close()
    assert not await waiting
    broadcast.publish(change(1))
    subscription.close()
    assert revisions(subscription) == []


async def test_a_listener_is_told_once_until_all_was_looked_at() -> None:
    broadcast = Broadcast()
    subscription = broadcast.subscribe("c")
    told = []
    subscription.listen(lambda: told.append("told"))
    for revision in (1, 2, 3):
        broadcast.publish(change(revision))
    assert told == ["told"]
    assert [item.revision for item in subscription.pending(2)] == [1, 2]
    assert subscription.ready
    assert [item.revision for item in subscription.pending(2)] == [3]
    assert not subscription.ready
    broadcast.publish(change(4))
    assert told == ["told", "told"]
    assert revisions(subscription) == [4]
    subscription.close()
    assert told == ["told"] * 3
    assert subscription.closed


async def test_a_late_listener_is_told_at_once() -> None:
    broadcast = Broadcast()
    subscription = broadcast.subscribe("c")
    broadcast.publish(change(1))
    told = []
    subscription.listen(lambda: told.append("told"))
    assert told == ["told"]
