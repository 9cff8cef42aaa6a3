import msgspec
import pytest

from launcher.lifecycle import Command
from launcher.state import Move, Stage
from tests.fakes.cluster import Cluster, machine
from virtctl.local.node import moving
from virtctl.local.node.books import Subject
from virtctl.local.runtime.queue import Key
from virtctl.models.kinds import MIGRATION, POD, VIRTUAL_MACHINE

NOW = 1_800_000_000.0
STAMP = "2027-01-15T08:00:00Z"
SUBJECT = Subject(
    pod=Key("default", "p2"),
    pod_uid="p2",
    vmi=Key("default", "web"),
    vmi_uid="v",
    migration="m",
)


def vmi(**state):
    return {
        "metadata": {"name": "web", "namespace": "default", "uid": "v"},
        "spec": {"domain": {"devices": {"interfaces": [{"name": "a"}, {"name": "b"}]}}},
        "status": {
            "nodeName": "node1",
            "activePods": {"p1": "node1"},
            "evacuationNodeName": "node1",
            "interfaces": [{"name": "a", "mac": "02:00:00:00:00:01"}],
            "migrationState": {"migrationUid": "m", **state},
        },
    }


def test_a_pod_of_a_migration_has_a_machine_of_its_own():
    assert SUBJECT.machine == "v.p2"
    first = Subject(pod=Key("d", "p"), pod_uid="p", vmi=Key("d", "w"), vmi_uid="v")
    assert first.machine == "v"


def test_the_start_and_the_failure_of_a_move_are_told():
    move = Move(id="m", began=NOW)
    state = moving.progress(vmi(), move, NOW)["migrationState"]
    assert (state["startTimestamp"], state["mode"]) == (STAMP, "PreCopy")
    broken = Move(id="m", began=NOW, failed=True, reason="broken")
    state = moving.progress(vmi(abortRequested=True), broken, NOW)["migrationState"]
    assert (state["failed"], state["failureReason"]) == (True, "broken")
    assert state["abortStatus"] == "Succeeded"
    other = Move(id="earlier", began=NOW)
    assert moving.progress(vmi(), other, NOW) == vmi()["status"]


def test_a_target_that_waits_is_told_once():
    status = moving.ready(vmi(), SUBJECT, "10.0.0.2")
    assert status["migrationState"]["targetNodeAddress"] == "10.0.0.2"
    assert len(moving.told_ready(vmi(), SUBJECT)) == 1
    told = {**vmi(), "status": status}
    assert moving.ready(told, SUBJECT, "10.0.0.3") == status
    assert moving.told_ready(told, SUBJECT) == []


def test_a_guest_that_came_is_on_the_new_node():
    status = moving.arrived(vmi(startTimestamp=STAMP), SUBJECT, "node2", NOW)
    assert (status["nodeName"], status["activePods"]) == ("node2", {"p2": "node2"})
    assert "evacuationNodeName" not in status
    assert status["migrationState"]["completed"] is True
    assert status["migrationState"]["targetNodeDomainDetected"] is True
    (event,) = moving.told_arrived(vmi(), SUBJECT, "node2")
    assert event.reason == "Migrated"
    again = {**vmi(), "status": status}
    assert moving.arrived(again, SUBJECT, "node2", NOW + 5) == status
    assert moving.told_arrived(again, SUBJECT, "node2") == []


def test_a_guest_keeps_its_macs():
    interfaces = moving.as_arriving(vmi())["spec"]["domain"]["devices"]["interfaces"]
    assert interfaces == [{"name": "a", "macAddress": "02:00:00:00:00:01"}, {"name": "b"}]


# --- the whole way, over a host in memory ------------------------------------------------------


@pytest.fixture
async def cluster():
    made = Cluster()
    made.start()
    made.start_agent("node2")
    made.service.create(VIRTUAL_MACHINE, "default", machine())
    await made.until(lambda: made.printable() == "Running")
    yield made
    await made.stop()


def migration(cluster):
    return cluster.service.get(MIGRATION, "default", "m1")


async def handed_over(cluster):
    """The guest's machine and the one that waits for it, when the move is ordered."""
    document = {"metadata": {"name": "m1"}, "spec": {"vmiName": "vm1"}}
    cluster.service.create(MIGRATION, "default", document)
    uid = cluster.vmi()["metadata"]["uid"]
    source = cluster.host.running[uid]
    await cluster.until(lambda: any(one is Command.MOVE for one, _ in source.asked))
    (name,) = [name for name in cluster.host.running if name.startswith(f"{uid}.")]
    target = cluster.host.running[name]
    (order,) = [given for command, given in source.asked if command is Command.MOVE]
    assert order["id"] == migration(cluster)["metadata"]["uid"]
    assert order["target"].endswith(name)
    assert target.beside == uid
    assert target.spec.nics[0].mac
    began = Move(id=order["id"], began=NOW)
    source.become(Stage.RUNNING, move=began)
    await cluster.until(lambda: migration(cluster)["status"]["phase"] == "Running")
    return source, target, began


async def test_a_guest_moves(cluster):
    source, target, began = await handed_over(cluster)
    first = cluster.vmi()["status"]
    assert first["nodeName"] == "node1"
    target.become(Stage.RUNNING, came=NOW)
    gone = msgspec.structs.replace(began, gone=True)
    source.become(Stage.SHUTTING_DOWN, move=gone)
    source.become(Stage.MIGRATED, move=gone)
    await cluster.until(lambda: migration(cluster)["status"]["phase"] == "Succeeded")
    await cluster.until(lambda: cluster.vmi()["status"]["nodeName"] == "node2")
    left = next(iter(first["activePods"]))

    def phases():
        pods = cluster.service.list(POD, "default").items
        return {one["metadata"]["uid"]: one["status"]["phase"] for one in pods}

    await cluster.until(lambda: phases()[left] == "Succeeded")
    vmi = cluster.vmi()
    assert vmi["status"]["phase"] == "Running"
    assert left not in vmi["status"]["activePods"]
    label = "kubevirt.io/nodeName"
    await cluster.until(lambda: cluster.vmi()["metadata"]["labels"][label] == "node2")
    assert ("Normal", "Migrated") in cluster.events()
    assert ("Normal", "ShuttingDown") not in cluster.events()
    assert cluster.printable() == "Running"


async def test_a_guest_whose_target_is_lost_stays(cluster):
    source, target, began = await handed_over(cluster)
    target.kill()
    await cluster.until(lambda: migration(cluster)["status"]["phase"] == "Failed")
    source.become(Stage.RUNNING, move=msgspec.structs.replace(began, failed=True, reason="lost"))
    await cluster.until(lambda: len(cluster.service.list(POD, "default").items) == 1)
    status = cluster.vmi()["status"]
    assert (status["phase"], status["nodeName"]) == ("Running", "node1")
    assert status["migrationState"]["failed"] is True


async def test_a_guest_is_kept_when_its_migration_is_deleted(cluster):
    source, _, began = await handed_over(cluster)
    cluster.service.delete(MIGRATION, "default", "m1")
    await cluster.until(lambda: any(one is Command.STAY for one, _ in source.asked))
    why = "migration aborted"
    source.become(Stage.RUNNING, move=msgspec.structs.replace(began, failed=True, reason=why))
    await cluster.until(lambda: not cluster.service.exists(MIGRATION, "default", "m1"))
    state = cluster.vmi()["status"]["migrationState"]
    assert (state["failureReason"], state["abortStatus"]) == (why, "Succeeded")
    assert cluster.vmi()["status"]["nodeName"] == "node1"
