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
    assert feed.take() == []
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


async def test_a_few_at_a_time() -> None:
    service = make_service()
    for name in "abc":
        service.create(CONFIG_MAP, "default", config(name))
    feed = service.feed(CONFIG_MAP, None, Selection(), since=None)
    told = []
    feed.listen(lambda: told.append("told"))
    service.create(CONFIG_MAP, "default", config("d"))
    names = []
    while feed.more:
        names.append([msgspec.json.decode(one.value)["metadata"]["name"] for one in feed.take(2)])
    assert names == [["a", "b"], ["c"], ["d"]]
    assert told
    feed.close()
    assert feed.more
    assert feed.take() is None


async def test_watchers_with_selectors_share_what_was_decoded() -> None:
    service = make_service()
    document = {**config("a"), "metadata": {"name": "a", "labels": {"l": "x"}}}
    service.create(CONFIG_MAP, "default", document)
    feeds = [
        service.feed(CONFIG_MAP, None, select(CONFIG_MAP, "l=x", ""), since=service.revision)
        for _ in range(2)
    ]
    changed = service.get(CONFIG_MAP, "default", "a")
    changed["metadata"]["labels"] = {"l": "y"}
    service.update(CONFIG_MAP, "default", "a", changed)
    (one,), (other,) = [feed.take() for feed in feeds]
    assert one.value is other.value
    last = msgspec.json.decode(one.value)["metadata"]
    assert (one.type, last["labels"]) == ("DELETED", {"l": "x"})
    assert last["resourceVersion"] == str(service.revision)
    for feed in feeds:
        feed.close()
