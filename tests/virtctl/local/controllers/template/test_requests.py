import pytest

from tests.fakes.service import make_service
from virtctl.local.controllers.template.requests import TemplateRequestController
from virtctl.local.runtime.queue import Key, WorkQueue
from virtctl.local.runtime.reconcile import turn
from virtctl.models.documents import Document
from virtctl.models.kinds import PVC, TEMPLATE, TEMPLATE_REQUEST, VIRTUAL_MACHINE

KEY = Key("default", "r")


class Clock:
    def __init__(self) -> None:
        self.moment = 1_767_225_600.0

    def now(self) -> float:
        return self.moment


@pytest.fixture
def service():
    made = make_service()
    volumes = [{"name": "root", "persistentVolumeClaim": {"claimName": "root"}}]
    vm: Document = {
        "metadata": {"name": "db"},
        "spec": {"template": {"spec": {"volumes": volumes}}},
    }
    made.create(VIRTUAL_MACHINE, "default", vm)
    made.create(PVC, "default", {"metadata": {"name": "root"}, "spec": {"volumeMode": "Block"}})
    return made


def ask(service, clock=None, **spec: object) -> dict[str, object]:
    reference = {"namespace": "default", "name": "db"}
    document: Document = {
        "metadata": {"name": "r"}, "spec": {"virtualMachineRef": reference, **spec},
    }  # fmt: skip
    service.create(TEMPLATE_REQUEST, "default", document)
    return look(service, clock or Clock())


def look(service, clock) -> dict[str, object]:
    turn(TemplateRequestController(), service, clock, WorkQueue(), KEY)
    found = service.find(TEMPLATE_REQUEST, *KEY)
    return {} if found is None else found.get("status", {})


def test_a_template_is_made(service) -> None:
    status = ask(service, templateName="gold", templateLabels={"tier": "a"})
    assert status["templateRef"] == {"name": "gold"}
    assert [(one["type"], one["status"]) for one in status["conditions"]] == [
        ("Ready", "True"), ("Progressing", "False"),
    ]  # fmt: skip
    made = service.get(TEMPLATE, "default", "gold")
    assert made["metadata"]["labels"]["tier"] == "a"
    (disk,) = made["spec"]["virtualMachine"]["spec"]["dataVolumeTemplates"]
    assert disk["spec"]["storage"] == {"volumeMode": "Block"}
    assert look(service, Clock()) == status


def test_it_has_the_requests_name_unless_it_says_one(service) -> None:
    assert ask(service)["templateRef"] == {"name": "r"}


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"virtualMachineRef": {"namespace": "default", "name": "no"}}, "there is no machine no"),
        ({"virtualMachineRef": {"namespace": "other", "name": "db"}}, "is in namespace other"),
        ({"templateName": "taken"}, "there is a template taken already"),
    ],
)
async def test_what_cannot_be_made(service, spec: Document, why: str) -> None:
    service.create(TEMPLATE, "default", {"metadata": {"name": "taken"}, "spec": {}})
    ready, _ = ask(service, **spec)["conditions"]
    assert (ready["status"], ready["reason"], why in ready["message"]) == ("False", "Failed", True)


async def test_one_that_is_done_goes_after_its_time(service) -> None:
    clock = Clock()
    ask(service, clock, ttlSecondsAfterFinished=10)
    clock.moment += 5
    assert look(service, clock)
    clock.moment += 6
    assert look(service, clock) == {}
    assert service.exists(TEMPLATE, "default", "r")
