import asyncio
import contextlib

import pytest

from tests.fakes.waiting import until
from virtctl.errors import InternalError
from virtctl.local.api.service import ApiService
from virtctl.local.runtime.informer import Informer
from virtctl.local.runtime.queue import Key
from virtctl.local.store.log import Unwritable
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store
from virtctl.models.kinds import CONFIG_MAP


@pytest.fixture
async def world():
    service = ApiService(Store(MemoryLog()))
    for namespace in ("n", "m"):
        service.ensure_namespace(namespace)
    seen = []
    informer = Informer(service, CONFIG_MAP, seen.append)
    task = asyncio.create_task(informer.run())
    yield service, informer, seen
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def config_map(name, **metadata):
    return {"metadata": {"name": name, **metadata}}


async def test_what_is_there_and_what_comes_is_seen(world):
    service, informer, seen = world
    service.create(CONFIG_MAP, "n", config_map("a"))
    await until(lambda: informer.get(Key("n", "a")))
    service.create(CONFIG_MAP, "m", config_map("b"))
    await until(lambda: informer.get(Key("m", "b")))
    assert [key["metadata"]["name"] for key in informer.all()] == ["b", "a"]
    assert [one["metadata"]["name"] for one in informer.in_namespace("n")] == ["a"]
    service.delete(CONFIG_MAP, "n", "a")
    await until(lambda: informer.get(Key("n", "a")) is None)
    assert seen[-1].new is None
    assert seen[-1].latest["metadata"]["name"] == "a"


async def test_owners_are_indexed(world):
    service, informer, _ = world
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u1"}
    service.create(CONFIG_MAP, "n", config_map("a", ownerReferences=[owner]))
    await until(lambda: list(informer.owned_by("u1")))
    document = service.get(CONFIG_MAP, "n", "a")
    document["metadata"]["ownerReferences"] = []
    service.update(CONFIG_MAP, "n", "a", document)
    await until(lambda: not list(informer.owned_by("u1")))


async def test_a_watch_that_fell_behind_is_a_new_list(world):
    service, informer, _ = world
    await informer.synced.wait()
    for number in range(5000):
        service.create(CONFIG_MAP, "n", config_map(f"c{number}"))
    await until(lambda: len(list(informer.all())) == 5000)


async def test_after_a_failed_commit_everything_is_looked_at_again(world, monkeypatch):
    monkeypatch.setattr("virtctl.local.runtime.informer.RELIST_DELAY", 0.0)
    service, informer, seen = world
    service.create(CONFIG_MAP, "n", config_map("a"))
    await until(lambda: informer.get(Key("n", "a")))
    service.group()
    service._store._log.append = broken
    service.create(CONFIG_MAP, "n", config_map("b"))
    before = len(seen)
    with pytest.raises(InternalError, match="cannot be written: full; nothing was changed"):
        await service.settled()
    await until(lambda: len(seen) > before)
    assert seen[-1].old == seen[-1].new == informer.get(Key("n", "a"))
    assert informer.get(Key("n", "b")) is None


def broken(changes):
    raise Unwritable("full")
