from tests.fakes.service import make_service
from virtctl.local.controllers.template.controller import TemplateController
from virtctl.local.runtime.queue import Key, WorkQueue
from virtctl.local.runtime.reconcile import turn
from virtctl.models.documents import Document
from virtctl.models.kinds import TEMPLATE


class Clock:
    def now(self) -> float:
        return 1_767_225_600.0


def said(machine: Document, **spec: object) -> tuple[str, str]:
    service = make_service()
    document: Document = {"metadata": {"name": "t"}, "spec": {"virtualMachine": machine, **spec}}
    service.create(TEMPLATE, "default", document)
    turn(TemplateController(), service, Clock(), WorkQueue(), Key("default", "t"))
    (condition,) = service.get(TEMPLATE, "default", "t")["status"]["conditions"]
    assert condition["observedGeneration"] == 1
    return condition["status"], condition["message"]


def test_whether_it_can_be_filled_in() -> None:
    parameters = [{"name": "NAME", "value": "a"}]
    assert said({"name": "${NAME}"}, parameters=parameters)[0] == "True"
    assert said({"name": "${NAME}"}) == (
        "False", "the machine refers to parameter NAME, which is not declared",
    )  # fmt: skip
    assert said({"name": "a"}, parameters=[{"name": ["a"]}])[0] == "False"


def test_one_that_is_gone_or_going() -> None:
    controller = TemplateController()
    assert controller.observe(make_service(), Key("default", "t")) is None
    assert controller.decide({"metadata": {"deletionTimestamp": "now"}}, 0.0) == ()
