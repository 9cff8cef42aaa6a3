import msgspec
import pytest

from tests.fakes.service import make_service
from virtctl.local.api.feed import Feed, bookmark
from virtctl.local.api.service import select
from virtctl.local.store.broadcast import Broadcast
from virtctl.local.store.log import Change, ChangeType, Key
from virtctl.models.kinds import CONFIG_MAP
from virtctl.wire.selectors import Selection


def config(name: str):
    return {"metadata": {"name": name}}


async def test_batches() -> None:
    service = make_service()
    service.create(CONFIG_MAP, "default", config("a"))
    feed = service.feed(CONFIG_MAP, None, Selection(), since=None)
    (first,) = await feed.batch()
    assert first.type == "ADDED"
    assert await feed.batch(0) == []
    service.create(CONFIG_MAP, "default", config("b"))
    service.create(CONFIG_MAP, "default", config("c"))
    assert len(await feed.batch()) == 2
    feed.close()
    assert await feed.batch() is None


async def test_change_is_shared_between_watchers() -> None:
    service = make_service()
    feeds = [service.feed(CONFIG_MAP, None, Selection(), since=service.revision) for _ in range(2)]
    service.create(CONFIG_MAP, "default", config("a"))
    (one,), (other,) = [await feed.batch() for feed in feeds]
    assert one.change is other.change
    for feed in feeds:
        feed.close()


async def test_selection() -> None:
    service = make_service()
    selection = select(CONFIG_MAP, "", "metadata.name=b")
    feed = service.feed(CONFIG_MAP, None, selection, since=service.revision)
    service.create(CONFIG_MAP, "default", config("a"))
    service.create(CONFIG_MAP, "default", config("b"))
    service.delete(CONFIG_MAP, "default", "b")
    assert [found.type for found in await feed.batch()] == ["ADDED", "DELETED"]
    feed.close()


async def test_slow_watcher_gets_an_error_and_the_end() -> None:
    broadcast = Broadcast(limit=1)
    feed = Feed(broadcast.subscribe("c"), Selection(), [])
    for revision in (1, 2):
        change = Change(revision, Key("c", "", "a"), ChangeType.MODIFIED, b"{}", b"{}")
        broadcast.publish(change)
    assert len(await feed.batch()) == 1
    (error,) = await feed.batch()
    assert error.type == "ERROR"
    assert msgspec.json.decode(error.value)["code"] == 410
    assert await feed.batch() is None
    feed.close()


@pytest.mark.parametrize("end", [True, False])
def test_bookmark(end) -> None:
    mark = msgspec.json.decode(bookmark(CONFIG_MAP, 7, initial_end=end).value)
    assert (mark["kind"], mark["metadata"]["resourceVersion"]) == ("ConfigMap", "7")
    assert ("annotations" in mark["metadata"]) is end


async def test_one_timer_serves_many_waits() -> None:
    service = make_service()
    feed = service.feed(CONFIG_MAP, None, Selection(), since=service.revision)
    timers = set()
    for number in range(3):
        service.create(CONFIG_MAP, "default", config(f"c{number}"))
        assert len(await feed.batch(60)) == 1
        timers.add(feed._timer)
    assert len(timers) == 1
    assert await feed.batch(0.01) == []  # an earlier end replaces it
    assert feed._timer is None
    feed.close()
