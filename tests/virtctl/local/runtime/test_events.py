from tests.fakes.shelf import NOW
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import events
from virtctl.local.runtime.changes import Announce
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store
from virtctl.models.kinds import EVENT

VMI = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachineInstance",
    "metadata": {"name": "vm1", "namespace": "default", "uid": "u", "resourceVersion": "7"},
}


def test_an_event_points_at_its_object():
    said = Announce(about=VMI, reason="Started", message="it started")
    made = events.build(said, "virt-handler", NOW, "node1")
    assert made["involvedObject"] == {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "name": "vm1",
        "namespace": "default",
        "uid": "u",
        "resourceVersion": "7",
    }
    assert made["type"] == "Normal"
    assert made["source"] == {"component": "virt-handler", "host": "node1"}


def test_the_same_said_again_is_counted():
    service = ApiService(Store(MemoryLog()))
    service.ensure_namespace("default")
    said = Announce(about=VMI, reason="Started", message="it started")
    events.record(service, said, "virt-handler", NOW)
    events.record(service, said, "virt-handler", NOW + 60)
    events.record(service, Announce(about=VMI, reason="Stopped", message="x"), "c", NOW)
    found = {one["reason"]: one for one in service.list(EVENT).items}
    assert found["Started"]["count"] == 2
    assert found["Started"]["firstTimestamp"] == "2026-01-01T00:00:00Z"
    assert found["Started"]["lastTimestamp"] == "2026-01-01T00:01:00Z"
    assert found["Stopped"]["count"] == 1


def test_a_namespace_that_is_gone_is_nobodys_failure():
    service = ApiService(Store(MemoryLog()))
    events.record(service, Announce(about=VMI, reason="R", message="m"), "c", NOW)
    assert service.list(EVENT).items == []


def test_events_are_listed_in_the_order_in_which_they_came():
    service = ApiService(Store(MemoryLog()))
    service.ensure_namespace("default")
    for number in range(20):
        said = Announce(about=VMI, reason=f"Reason{number}", message="m")
        events.record(service, said, "c", NOW)
    assert [one["reason"] for one in service.list(EVENT).items] == [
        f"Reason{number}" for number in range(20)
    ]


def test_counting_goes_on_after_a_start_and_anew_when_the_event_is_gone():
    log = MemoryLog()
    first = ApiService(Store(log))
    first.ensure_namespace("default")
    said = Announce(about=VMI, reason="Started", message="it started")
    events.record(first, said, "c", NOW)
    second = ApiService(Store(log))
    events.record(second, said, "c", NOW + 1)
    (event,) = second.list(EVENT).items
    assert event["count"] == 2
    second.delete(EVENT, "default", event["metadata"]["name"])
    events.record(second, said, "c", NOW + 2)
    (again,) = second.list(EVENT).items
    assert again["count"] == 1
    assert again["metadata"]["name"] > event["metadata"]["name"]
