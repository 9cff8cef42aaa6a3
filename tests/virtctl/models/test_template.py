"""Templates of machines and requests for them."""

import pytest

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.template import VirtualMachineTemplate, VirtualMachineTemplateRequest


def test_reads_a_template():
    name = {"name": "NAME", "generate": "expression", "from": "vm-[a-z]{5}"}
    spec = {"virtualMachine": {"kind": "VirtualMachine"}, "parameters": [name]}
    found = read(VirtualMachineTemplate, {"spec": spec})
    assert found.spec.parameters[0].from_ == "vm-[a-z]{5}"
    assert found.spec.virtual_machine == {"kind": "VirtualMachine"}


def test_reads_a_request():
    spec = {"virtualMachineRef": {"name": "vm1", "namespace": "n1"}, "templateName": "t1"}
    found = read(VirtualMachineTemplateRequest, {"spec": spec})
    assert (found.spec.virtual_machine_ref.name, found.spec.template_name) == ("vm1", "t1")


@pytest.mark.parametrize(
    "kind", [kinds.TEMPLATE, kinds.TEMPLATE_REQUEST], ids=lambda kind: kind.name
)
def test_fields_are_those_of_the_real_definition(kind):
    assert crds.typed_differences(kind) == []
