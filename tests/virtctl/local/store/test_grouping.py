import asyncio
import threading

import pytest

from virtctl.local.store.broadcast import TooOld
from virtctl.local.store.log import Key, Unwritable
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store


class Disk(MemoryLog):
    """Counts commits, holds them up and fails when told."""

    def __init__(self) -> None:
        super().__init__()
        self.groups = []
        self.broken = False
        self.open = threading.Event()
        self.open.set()
        self.threads = set()

    def append(self, changes) -> None:
        self.threads.add(threading.current_thread())
        assert self.open.wait(60)
        if self.broken:
            raise Unwritable("database or disk is full")
        self.groups.append([change.key.name for change in changes])
        super().append(changes)


def key(name: str) -> Key:
    return Key("c", "n", name)


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
async def store(disk):
    made = Store(disk)
    made.group()
    yield made
    disk.open.set()
    made.close()


def make_slow(store: Store) -> None:
    store._group._seconds = 1e9


async def test_what_comes_together_is_committed_together(store, disk) -> None:
    watcher = store.subscribe("c")
    for name in "abc":
        store.create(key(name), b"1")
    assert store.get(key("b")).value == b"1"
    assert store.unsettled
    assert watcher.pending() == []
    await store.settled()
    assert disk.groups == [["a", "b", "c"]]
    assert not store.unsettled
    assert [change.key.name for change in watcher.pending()] == ["a", "b", "c"]
    assert disk.threads == {threading.main_thread()}


async def test_nothing_waits_when_nothing_is_written(store, disk) -> None:
    await store.settled()
    assert disk.groups == []


async def test_a_slow_disk_holds_up_writers_only(store, disk) -> None:
    make_slow(store)
    disk.open.clear()
    store.create(key("a"), b"1")
    first = asyncio.create_task(store.settled())
    await asyncio.sleep(0)  # the commit begins
    await asyncio.sleep(0)
    store.create(key("b"), b"1")
    store.create(key("c"), b"1")
    second = asyncio.create_task(store.settled())
    await asyncio.sleep(0)
    assert store.count("c") == 3
    assert not first.done()
    assert [change.key.name for change in store.since(1)] == ["b", "c"]
    disk.open.set()
    await asyncio.gather(first, second)
    assert disk.groups == [["a"], ["b", "c"]]
    assert threading.main_thread() not in disk.threads


async def test_a_failed_commit_takes_back_all_that_is_not_on_disk(disk) -> None:
    store = Store(disk)
    gone = []
    store.group(gone.extend)
    store.create(key("a"), b"1")
    store.create(key("b"), b"1")
    await store.settled()
    watcher = store.subscribe("c")
    then = store.changed("c")
    disk.broken = True
    store.update(key("a"), b"2")
    store.update(key("a"), b"3")
    store.delete(key("b"))
    store.create(key("d"), b"1")
    with pytest.raises(Unwritable, match="disk is full"):
        await store.settled()
    assert [(k.name, r.value, r.revision) for k, r in store.all("c")] == [
        ("a", b"1", 1), ("b", b"1", 2)
    ]  # fmt: skip
    assert [change.key.name for change in gone] == ["d", "b", "a", "a"]
    assert store.problem == "database or disk is full"
    assert store.changed("c") > then
    assert store.revision == 2
    with pytest.raises(TooOld):
        watcher.pending()
    disk.broken = False
    record = store.update(key("a"), b"4", expected=1)
    await store.settled()
    assert record.revision > 6  # none that somebody saw is given again
    assert store.problem == ""
    store.close()


async def test_what_builds_on_a_failed_commit_fails_with_it(store, disk) -> None:
    make_slow(store)
    disk.open.clear()
    disk.broken = True
    store.create(key("a"), b"1")
    first = asyncio.create_task(store.settled())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    store.update(key("a"), b"2")
    second = asyncio.create_task(store.settled())
    await asyncio.sleep(0)
    disk.open.set()
    found = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(each) for each in found] == [Unwritable, Unwritable]
    assert store.count("c") == 0


async def test_watchers_see_a_change_once(store, disk) -> None:
    store.create(key("a"), b"1")
    late = store.subscribe("c")  # has read the new record, which is not on disk yet
    since = store.subscribe("c", since=0)
    await store.settled()
    store.create(key("b"), b"1")
    await store.settled()
    assert [change.key.name for change in late.pending()] == ["b"]
    assert [change.key.name for change in since.pending()] == ["a", "b"]


async def test_closing_commits(disk) -> None:
    store = Store(disk)
    store.group()
    store.create(key("a"), b"1")
    store.close()
    assert disk.groups == [["a"]]


async def test_closing_waits_for_the_thread(disk) -> None:
    store = Store(disk)
    store.group()
    make_slow(store)
    store.create(key("a"), b"1")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    store.create(key("b"), b"1")
    store.close()
    assert disk.groups == [["a"], ["b"]]
    assert not store.unsettled


async def test_watches_of_the_future_wait_for_it(store) -> None:
    watcher = store.subscribe("c", since=2)
    for name in "abc":
        store.create(key(name), b"1")
    await store.settled()
    assert [change.key.name for change in watcher.pending()] == ["c"]
