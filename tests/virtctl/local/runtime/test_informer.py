import pytest

from tests.fakes.background import background
from tests.fakes.waiting import until
from virtctl.errors import InternalError
from virtctl.local.api.service import ApiService
from virtctl.local.runtime.informer import Informer
from virtctl.local.store.log import Unwritable
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store
from virtctl.models.kinds import CONFIG_MAP
from virtctl.wire.patches import merge_patch


@pytest.fixture
async def world():
    service = ApiService(Store(MemoryLog()))
    for namespace in ("n", "m"):
        service.ensure_namespace(namespace)
    seen = []
    informer = Informer(service, CONFIG_MAP, seen.append)
    async with background(informer.run()):
        yield service, informer, seen


def config_map(name, **metadata):
    return {"metadata": {"name": name, **metadata}}


def names(seen):
    """What was seen of each object last: None when it is gone."""
    return {one.latest["metadata"]["name"]: one.new and one.new["metadata"]["name"] for one in seen}


async def test_what_is_there_and_what_comes_is_seen(world):
    service, _, seen = world
    service.create(CONFIG_MAP, "n", config_map("a"))
    await until(lambda: names(seen) == {"a": "a"})
    service.create(CONFIG_MAP, "m", config_map("b"))
    await until(lambda: names(seen) == {"a": "a", "b": "b"})
    assert [one.old for one in seen] == [None, None]
    service.patch(CONFIG_MAP, "n", "a", merge_patch({"data": {"k": "v"}}))
    await until(lambda: len(seen) == 3)
    assert "data" not in seen[-1].old
    assert seen[-1].latest["data"] == {"k": "v"}
    service.delete(CONFIG_MAP, "n", "a")
    await until(lambda: names(seen) == {"a": None, "b": "b"})
    assert seen[-1].latest["data"] == {"k": "v"}


async def test_owners_are_indexed(world):
    service, informer, _ = world
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u1"}
    for name in ("b", "a"):
        service.create(CONFIG_MAP, "n", config_map(name, ownerReferences=[owner]))
    await until(lambda: len(list(informer.owned_by("u1"))) == 2)
    assert [one["metadata"]["name"] for one in informer.owned_by("u1")] == ["a", "b"]
    document = service.get(CONFIG_MAP, "n", "a")
    document["metadata"]["ownerReferences"] = []
    service.update(CONFIG_MAP, "n", "a", document)
    await until(lambda: len(list(informer.owned_by("u1"))) == 1)
    service.delete(CONFIG_MAP, "n", "b")
    await until(lambda: not list(informer.owned_by("u1")))


async def test_a_watch_that_fell_behind_is_a_new_list(world):
    service, _, seen = world
    service.create(CONFIG_MAP, "n", config_map("first"))
    await until(lambda: "first" in names(seen))  # it watches now
    for number in range(5000):
        service.create(CONFIG_MAP, "n", config_map(f"c{number}"))
    await until(lambda: len(seen) >= 5001)
    assert len(names(seen)) == 5001


async def test_a_list_shows_what_was_missed(world):
    """Gone, changed, and made anew under the same name."""
    service, informer, seen = world
    for name in ("gone", "changed", "anew"):
        service.create(CONFIG_MAP, "n", config_map(name))
    await until(lambda: len(seen) == 3)
    service.delete(CONFIG_MAP, "n", "gone")
    service.patch(CONFIG_MAP, "n", "changed", merge_patch({"data": {"k": "v"}}))
    service.delete(CONFIG_MAP, "n", "anew")
    service.create(CONFIG_MAP, "n", config_map("anew"))
    known = seen[:]
    informer._listed().close()
    new = [(one.latest["metadata"]["name"], one.before is None, one.new is None) for one in seen]
    assert new[len(known) :] == [
        ("anew", False, True),
        ("anew", True, False),
        ("changed", False, False),
        ("gone", False, True),
    ]


async def test_after_a_failed_commit_everything_is_looked_at_again(world, monkeypatch):
    monkeypatch.setattr("virtctl.local.runtime.informer.RELIST_DELAY", 0.0)
    service, _, seen = world
    service.create(CONFIG_MAP, "n", config_map("a"))
    await until(lambda: names(seen) == {"a": "a"})
    service.group()
    service._store._log.append = broken
    service.create(CONFIG_MAP, "n", config_map("b"))
    before = len(seen)
    with pytest.raises(InternalError, match="cannot be written: full; nothing was changed"):
        await service.settled()
    await until(lambda: len(seen) > before)
    assert seen[-1].old == seen[-1].new == service.get(CONFIG_MAP, "n", "a")
    assert names(seen).get("b") is None


def broken(changes):
    raise Unwritable("full")
