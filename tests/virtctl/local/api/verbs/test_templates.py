import pytest

from tests.fakes.service import USER, make_service
from virtctl.errors import BadRequest, NotFound
from virtctl.local.api.verbs.templates import Templates
from virtctl.models.documents import Document
from virtctl.models.kinds import TEMPLATE, VIRTUAL_MACHINE


def store(vm: Document, message: str = ""):
    service = make_service()
    parameters = [{"name": "NAME", "generate": "expression", "from": "vm-[ab]{3}"}]
    spec: Document = {"virtualMachine": vm, "parameters": parameters, "message": message}
    service.create(TEMPLATE, "default", {"metadata": {"name": "t"}, "spec": spec})
    return service, Templates(service, lambda count: bytes(range(count)))


def test_a_template_is_filled_in() -> None:
    _, templates = store({"metadata": {"name": "${NAME}"}}, "made ${NAME}")
    assert templates.process("default", "t", {}) == {
        "apiVersion": "subresources.template.kubevirt.io/v1beta1",
        "kind": "ProcessedVirtualMachineTemplate",
        "templateRef": {"namespace": "default", "name": "t"},
        "virtualMachine": {"metadata": {"name": "vm-aba"}},
        "message": "made vm-aba",
    }
    given = templates.process("default", "t", {"parameters": {"NAME": "db"}})
    assert given["message"] == "made db"


def test_what_cannot_be_filled_in() -> None:
    _, templates = store({"metadata": {"name": "${OTHER}"}})
    with pytest.raises(BadRequest, match=r"cannot process template default/t: .* OTHER"):
        templates.process("default", "t", {})
    with pytest.raises(NotFound):
        templates.process("other", "t", {})


def test_the_machine_is_made() -> None:
    service, templates = store({"metadata": {"name": "${NAME}"}})
    answer = templates.create("default", "t", {}, USER, [])
    assert answer["virtualMachine"] == service.get(VIRTUAL_MACHINE, "default", "vm-aba")
    assert "message" not in answer


def test_no_machine_is_made_elsewhere() -> None:
    _, templates = store({"metadata": {"name": "a", "namespace": "${NAME}"}})
    with pytest.raises(BadRequest, match="in namespace other, not in default"):
        templates.create("default", "t", {"parameters": {"NAME": "other"}}, USER, [])
