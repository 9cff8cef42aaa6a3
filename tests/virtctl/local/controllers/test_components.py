import asyncio
import contextlib

from tests.fakes.clock import FakeClock
from tests.fakes.waiting import until
from virtctl.local.api.service import ApiService
from virtctl.local.controllers.components import (
    COMPONENTS,
    ComponentController,
    Place,
    Seen,
    build_pod,
)
from virtctl.local.runtime.changes import Patch
from virtctl.local.runtime.health import SETTLED, Health
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store
from virtctl.models.kinds import POD


async def test_components_are_shown_and_come_back():
    service = ApiService(Store(MemoryLog()))
    places = (Place("node1", ("10.0.0.1",)), Place("node2", ("10.0.0.2",)))
    controller = ComponentController("kubevirt", places, "0.1.0")
    task = asyncio.create_task(controller.run(service, FakeClock()))

    def pods():
        return {pod["metadata"]["labels"]["kubevirt.io"]: pod for pod in service.list(POD).items}

    def all_run():
        found = service.list(POD).items
        expected = sum(len(places) if one.per_node else 1 for one in COMPONENTS)
        return len(found) == expected and all(pod["status"]["phase"] == "Running" for pod in found)

    await until(all_run)
    api = pods()["virt-api"]
    assert api["status"]["podIP"] == "10.0.0.1"
    assert api["metadata"]["annotations"]["local.virtctl.io/component"]
    service.delete(POD, "kubevirt", api["metadata"]["name"])
    await until(lambda: pods().get("virt-api", api)["metadata"]["uid"] != api["metadata"]["uid"])
    await until(all_run)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def status_of(controller, pod, now):
    (change,) = controller.decide(Seen(pod["metadata"]["name"], pod), now)
    assert isinstance(change, Patch)
    return change.body["status"]


def test_a_component_whose_worker_fails_is_not_ready_until_it_settles():
    health = Health()
    place = Place("node1", ())
    controller = ComponentController("kubevirt", (place,), "0.1.0", health)
    handler = next(each for each in COMPONENTS if each.name == "virt-handler")
    pod = build_pod(handler, place, "kubevirt", "0.1.0")
    health.failed("agent of node1", "no tun", 100.0)
    health.failed("agent of node2", "another node's", 100.0)
    health.failed("names", "no socket", 100.0)
    status = status_of(controller, pod, 101.0)
    ready = status["conditions"][-1]
    assert (ready["type"], ready["status"]) == ("Ready", "False")
    assert ready["message"] == "agent of node1: no tun; names: no socket"
    (container,) = status["containerStatuses"]
    assert (container["ready"], container["restartCount"]) == (False, 2)
    pod["status"] = status
    later = status_of(controller, pod, 100.0 + SETTLED)
    assert later["containerStatuses"][0]["ready"]
    assert later["conditions"][-1]["status"] == "True"


async def test_a_failure_is_shown_and_so_is_its_end():
    service, health, clock = ApiService(Store(MemoryLog())), Health(), FakeClock()
    controller = ComponentController("kubevirt", (Place("node1", ()),), "0.1.0", health)
    running = asyncio.create_task(controller.run(service, clock))
    following = asyncio.create_task(controller.follow(service, clock, 0.01))

    def unready() -> set[str]:
        return {
            pod["metadata"]["labels"]["kubevirt.io"]
            for pod in service.list(POD).items
            if not pod.get("status", {}).get("containerStatuses", [{"ready": False}])[0]["ready"]
        }

    try:
        await until(lambda: len(service.list(POD).items) == len(COMPONENTS) and not unready())
        before = service.revision
        health.failed("names", "no socket", clock.now())
        await until(lambda: "virt-handler" in unready())
        assert service.revision - before == len(unready())  # nobody else was touched
        clock.time += SETTLED
        await until(lambda: not unready())
    finally:
        for task in (running, following):
            task.cancel()
        await asyncio.gather(running, following, return_exceptions=True)
