import pytest

from tests.fakes.service import USER, make_service
from virtctl.errors import ApiError
from virtctl.local.api.verbs.moves import Moves
from virtctl.models.kinds import (
    KUBEVIRT,
    MIGRATION,
    NODE,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)


@pytest.fixture
def service():
    made = make_service()
    made.create(VIRTUAL_MACHINE, "default", {"metadata": {"name": "web"}})
    return made


def run(service, **status):
    vmi = {"metadata": {"name": "web"}, "spec": {}, "status": {"phase": "Running", **status}}
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)


def ask(service, verb, name="web", **body) -> str:
    try:
        getattr(Moves(service), verb)("default", name, body, USER)
    except ApiError as error:
        return f"{error.code} {error.message.rpartition(': ')[2]}"
    return "ok"


def test_migrations_are_made(service) -> None:
    assert ask(service, "migrate", "none").startswith("404")
    assert ask(service, "migrate").startswith('404 virtualmachineinstance.kubevirt.io "web"')
    run(service)
    assert ask(service, "migrate", dryRun=["All"]) == "ok"
    assert service.list(MIGRATION).items == []
    assert ask(service, "migrate", addedNodeSelector={"zone": "a"}) == "ok"
    (made,) = service.list(MIGRATION).items
    assert made["metadata"]["name"].startswith("kubevirt-migrate-vm-")
    assert made["spec"] == {"vmiName": "web", "addedNodeSelector": {"zone": "a"}}


def test_machines_move_while_they_run(service) -> None:
    run(service, phase="Scheduling")
    assert ask(service, "migrate") == "409 VM is not running"


class Refusing:
    """A service that admits no migration."""

    def __init__(self, service):
        self.get = service.get

    def create(self, *_):
        raise ApiError("not now", code=400, reason="")


def test_a_migration_that_is_not_admitted_is_a_failure_within(service) -> None:
    run(service)
    with pytest.raises(ApiError) as caught:
        Moves(Refusing(service)).migrate("default", "web", {}, USER)
    assert (caught.value.code, caught.value.reason) == (500, "InternalError")
    assert caught.value.message == "Internal error occurred: not now"
    assert [cause.message for cause in caught.value.details.causes] == ["not now"]


@pytest.mark.parametrize("verb", ["cancel_machine", "cancel_instance"])
def test_evacuations_are_cancelled(service, verb) -> None:
    there_is_none = "409 VMI is not started" if verb == "cancel_machine" else "404"
    assert ask(service, verb).startswith(there_is_none)
    run(service, evacuationNodeName="node1")

    def leaving():
        vmi = service.get(VIRTUAL_MACHINE_INSTANCE, "default", "web")
        return vmi["status"].get("evacuationNodeName")

    def draining(key, effect="NoSchedule"):
        found = service.get(NODE, None, "node1")
        taints = [{"key": key, "effect": effect}]
        service.update(NODE, None, "node1", {**found, "spec": {"taints": taints}})

    right = {"evacuationNodeName": "node1"}
    assert ask(service, verb, **right) == '500 nodes "node1" not found'
    service.create(NODE, None, {"metadata": {"name": "node1"}})
    assert ask(service, verb).startswith("500")
    assert ask(service, verb, evacuationNodeName="other").startswith("500")
    assert ask(service, verb, **right, dryRun=["All"]) == "ok"
    draining("kubevirt.io/drain")
    assert ask(service, verb, **right).endswith(
        'Node "node1" has NodeDrainTaintKey "kubevirt.io/drain:NoSchedule"'
    )
    assert leaving() == "node1"
    draining("kubevirt.io/drain", "NoExecute")
    assert ask(service, verb, **right) == "ok"
    assert leaving() is None


def test_the_taint_of_draining_is_configured(service) -> None:
    migrations = {"configuration": {"migrations": {"nodeDrainTaintKey": "gone"}}}
    service.create(KUBEVIRT, "default", {"metadata": {"name": "kv"}, "spec": migrations})
    run(service, nodeName="node1")
    taint = {"key": "gone", "effect": "NoSchedule"}
    service.create(NODE, None, {"metadata": {"name": "node1"}, "spec": {"taints": [taint]}})
    assert ask(service, "cancel_instance").startswith("400")


def test_machines_that_are_not_there(service) -> None:
    assert ask(service, "cancel_machine", "none").startswith("404")
