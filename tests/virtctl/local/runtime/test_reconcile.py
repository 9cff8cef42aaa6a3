import asyncio
import contextlib

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.waiting import until
from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import changes, reconcile
from virtctl.local.runtime.queue import Key, WorkQueue
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store
from virtctl.models.kinds import CONFIG_MAP, EVENT, SECRET, VIRTUAL_MACHINE


class Copier:
    """Copies each config map's ``data`` into a secret of its name; fails as often as told."""

    name = component = "copier"

    def __init__(self, failures=()):
        self.failures = list(failures)

    @property
    def watched(self):
        return (Watched(CONFIG_MAP, reconcile.itself),)

    def observe(self, service, key):
        try:
            return service.get(CONFIG_MAP, *key)
        except NotFound:
            return None

    def decide(self, seen, now):
        if self.failures:
            raise self.failures.pop()
        document = {"metadata": {"name": seen["metadata"]["name"], "namespace": "default"}}
        return [
            changes.Create(kind=SECRET, document=document),
            changes.Announce(about=seen, reason="Copied", message="copied"),
        ]


@pytest.fixture
def service():
    made = ApiService(Store(MemoryLog()))
    made.ensure_namespace("default")
    return made


async def copied(service, controller):
    task = asyncio.create_task(reconcile.run(controller, service, FakeClock()))
    service.create(CONFIG_MAP, "default", {"metadata": {"name": "a"}})
    await until(lambda: service.list(SECRET).items)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_what_is_decided_is_done(service):
    await copied(service, Copier())
    assert [one["reason"] for one in service.list(EVENT).items] == ["Copied"]


async def test_what_a_user_makes_waits_for_what_follows(service):
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "u"}
    task = asyncio.create_task(reconcile.run(Copier(), service, FakeClock(), lead=3600))

    def copies():
        return [one["metadata"]["name"] for one in service.list(SECRET).items]

    made = service.create(CONFIG_MAP, "default", {"metadata": {"name": "a"}})
    owned = {"metadata": {"name": "b", "ownerReferences": [owner]}}
    service.create(CONFIG_MAP, "default", owned)
    await until(lambda: "b" in copies())
    assert copies() == ["b"]
    service.update(CONFIG_MAP, "default", "a", {**made, "data": {"k": "v"}})
    await until(lambda: "a" in copies())
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_failures_are_tried_again(service, caplog):
    await copied(service, Copier([NotFound("later"), ValueError("a mistake")]))
    assert "copier default/a failed" in caplog.text


def test_what_is_gone_or_there_is_no_error(service):
    document = {"metadata": {"name": "a", "namespace": "default", "uid": "u"}}

    def done(change):
        reconcile.carry_out(service, change, "c", 0)

    done(changes.patch(SECRET, document, {"data": {}}))
    done(changes.delete(SECRET, document))
    done(changes.Create(kind=SECRET, document={"metadata": {"name": "b", "namespace": "default"}}))
    done(changes.Create(kind=SECRET, document={"metadata": {"name": "b", "namespace": "default"}}))
    done(
        changes.delete(SECRET, {"metadata": {"name": "b", "namespace": "default", "uid": "other"}})
    )
    assert [one["metadata"]["name"] for one in service.list(SECRET).items] == ["b"]


def test_owners_are_found_by_kind():
    document = {
        "metadata": {
            "namespace": "n",
            "ownerReferences": [
                {"kind": "VirtualMachine", "name": "vm1"},
                {"kind": "Other", "name": "x"},
            ],
        }
    }
    assert list(reconcile.owner(VIRTUAL_MACHINE)(document)) == [Key("n", "vm1")]


class Explainer(Copier):
    """Says why its secret is refused."""

    def decide(self, seen, now):
        document = {"metadata": {"name": "b", "namespace": "nowhere"}}
        return [changes.Create(kind=SECRET, document=document)]

    def refused(self, seen, change, error, now):
        return [changes.Announce(about=seen, reason="Refused", message=str(error), warning=True)]


async def test_refusals_are_explained_and_tried_again(service, caplog):
    queue = WorkQueue()
    service.create(CONFIG_MAP, "default", {"metadata": {"name": "a"}})
    reconcile.turn(Explainer(), service, FakeClock(), queue, Key("default", "a"))
    (event,) = service.list(EVENT).items
    assert (event["type"], event["reason"]) == ("Warning", "Refused")
    assert 'namespaces "nowhere" not found' in event["message"]
    assert len(queue) == 1
