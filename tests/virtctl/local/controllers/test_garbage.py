import pytest

from tests.fakes.cluster import Cluster
from virtctl.errors import NotFound
from virtctl.local.api.service import DeleteOptions
from virtctl.models.kinds import CONFIG_MAP, SECRET


@pytest.fixture
async def cluster():
    made = Cluster()
    made.start()
    yield made
    await made.stop()


def owned(cluster, block=True):
    owner = cluster.service.create(CONFIG_MAP, "default", {"metadata": {"name": "owner"}})
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner["metadata"]["uid"],
        "blockOwnerDeletion": block,
    }
    document = {"metadata": {"name": "child", "ownerReferences": [reference]}}
    return cluster.service.create(SECRET, "default", document)


def is_gone(cluster, kind, name):
    def holds():
        try:
            cluster.service.get(kind, "default", name)
        except NotFound:
            return True
        return False

    return holds


async def settle(cluster):
    await cluster.until(lambda: cluster.service.list(SECRET, "default").items)


def end(cluster, propagation):
    options = DeleteOptions(propagation=propagation)
    cluster.service.delete(CONFIG_MAP, "default", "owner", options)


async def test_what_lost_its_owner_goes(cluster):
    owned(cluster)
    end(cluster, "Background")
    await cluster.until(is_gone(cluster, SECRET, "child"))


async def test_foreground_waits_for_dependents(cluster):
    import asyncio

    child = owned(cluster)
    child["metadata"]["finalizers"] = ["example.com/hold"]
    cluster.service.update(SECRET, "default", "child", child)
    await asyncio.sleep(0.05)
    end(cluster, "Foreground")
    await cluster.until(
        lambda: cluster.service.get(SECRET, "default", "child")["metadata"].get("deletionTimestamp")
    )
    assert cluster.service.get(CONFIG_MAP, "default", "owner")["metadata"]["finalizers"]
    held = cluster.service.get(SECRET, "default", "child")
    held["metadata"]["finalizers"] = []
    cluster.service.update(SECRET, "default", "child", held)
    await cluster.until(is_gone(cluster, CONFIG_MAP, "owner"))


async def test_orphans_stay_without_their_owner(cluster):
    import asyncio

    owned(cluster)
    await asyncio.sleep(0.05)
    end(cluster, "Orphan")
    await cluster.until(is_gone(cluster, CONFIG_MAP, "owner"))
    assert "ownerReferences" not in cluster.service.get(SECRET, "default", "child")["metadata"]


async def test_what_has_an_owner_left_forgets_the_other(cluster):
    first = owned(cluster)["metadata"]["ownerReferences"][0]
    other = cluster.service.create(CONFIG_MAP, "default", {"metadata": {"name": "other"}})
    second = {**first, "name": "other", "uid": other["metadata"]["uid"]}
    shared = {"metadata": {"name": "shared", "ownerReferences": [first, second]}}
    cluster.service.create(SECRET, "default", shared)
    end(cluster, "Background")
    await cluster.until(is_gone(cluster, SECRET, "child"))

    def alone():
        found = cluster.service.get(SECRET, "default", "shared")
        return [one["name"] for one in found["metadata"]["ownerReferences"]] == ["other"]

    await cluster.until(alone)
    cluster.service.delete(CONFIG_MAP, "default", "other")
    await cluster.until(is_gone(cluster, SECRET, "shared"))
