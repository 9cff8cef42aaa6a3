from pathlib import Path

import pytest

from tests.fakes.service import make_service
from tests.fakes.shelf import Shelf, cases, decided
from virtctl.local.controllers.quota import QuotaController, StoredObjects
from virtctl.local.runtime.queue import Key
from virtctl.models.kinds import CONFIG_MAP

CASES = cases(Path(__file__).parent / "cases", "quota")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(QuotaController(), case)
    assert found == wanted


def test_what_is_counted_wakes_the_quotas_of_its_namespace():
    controller = QuotaController()
    quotas, pods, *_ = (watched.keys for watched in controller.watched)
    key = Key("n", "q")
    pod = {"metadata": {"name": "p", "namespace": "n"}}
    assert list(pods(pod)) == []
    assert list(quotas({"metadata": {"name": "q", "namespace": "n"}})) == [key]
    assert list(pods(pod)) == [key]
    assert list(pods({"metadata": {"name": "p", "namespace": "m"}})) == []
    assert controller.observe(Shelf([]), key) is None
    assert list(pods(pod)) == []


def test_stored_objects_are_read():
    service = make_service()
    service.create(CONFIG_MAP, "default", {"metadata": {"name": "a"}})
    stored = StoredObjects(service)
    assert [one["metadata"]["name"] for one in stored.list(CONFIG_MAP, "default")] == ["a"]
    assert stored.get(CONFIG_MAP, "default", "a") is not None
    assert stored.get(CONFIG_MAP, "default", "b") is None
