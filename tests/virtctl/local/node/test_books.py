import pytest

from tests.fakes.clock import FakeClock
from virtctl.local.api.service import ApiService
from virtctl.local.node import pods, report
from virtctl.local.node.books import Books, Subject
from virtctl.local.runtime.changes import Announce
from virtctl.local.runtime.queue import Key
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store
from virtctl.models.kinds import EVENT, POD, VIRTUAL_MACHINE_INSTANCE


@pytest.fixture
def world():
    service = ApiService(Store(MemoryLog()))
    service.ensure_namespace("default")
    pod = {"metadata": {"name": "p"}, "spec": {"nodeName": "node1", "containers": []}}
    made = service.create(POD, "default", pod)
    vmi = service.create(VIRTUAL_MACHINE_INSTANCE, "default", {"metadata": {"name": "vm1"}})
    subject = Subject(
        pod=Key("default", "p"),
        pod_uid=made["metadata"]["uid"],
        vmi=Key("default", "vm1"),
        vmi_uid=vmi["metadata"]["uid"],
    )
    return service, Books(service, FakeClock(), "node1", ("10.0.0.1",)), subject


def test_statuses_are_written_and_events_said(world):
    service, books, subject = world
    books.set_pod(subject, lambda pod, host: pods.running(pod, host, ["10.1.1.1"]))
    assert books.pod(subject)["status"]["podIP"] == "10.1.1.1"
    assert books.pod(subject)["status"]["hostIP"] == "10.0.0.1"
    books.set_vmi(
        subject,
        lambda vmi, now: report.lost(vmi, "gone", now),
        lambda vmi: [Announce(about=vmi, reason="Stopped", message="m", warning=True)],
    )
    assert books.vmi(subject)["status"]["phase"] == "Failed"
    (event,) = service.list(EVENT).items
    assert event["source"] == {"component": "virt-handler", "host": "node1"}


def test_the_same_status_is_not_written_again(world):
    service, books, subject = world
    books.set_pod(subject, lambda pod, host: pods.running(pod, host, ["10.1.1.1"]))
    before = service.revision
    books.set_pod(subject, lambda pod, host: pods.running(pod, host, ["10.1.1.1"]))
    assert service.revision == before


def test_a_successor_is_not_taken_for_the_subject(world):
    service, books, subject = world
    service.delete(VIRTUAL_MACHINE_INSTANCE, "default", "vm1")
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", {"metadata": {"name": "vm1"}})
    assert books.vmi(subject) is None
    books.set_vmi(subject, lambda vmi, now: {"phase": "Failed"})
    found = service.get(VIRTUAL_MACHINE_INSTANCE, "default", "vm1")
    assert found.get("status", {}).get("phase") != "Failed"


def test_a_pod_is_let_go_at_once(world):
    service, books, subject = world
    books.remove_pod(books.pod(subject))
    assert books.pod(subject) is None
    books.say(None, "R", "nobody", warning=True)
    assert service.list(EVENT).items == []


def test_a_pod_can_be_rejected(world):
    _, books, subject = world
    books.reject(books.pod(subject), "UnsupportedPod", "no")
    assert books.pod(subject)["status"]["reason"] == "UnsupportedPod"
