import json

import pytest

from virtctl.errors import VirtctlError
from virtctl.manifests.template import checked, convert, read_parameters, request
from virtctl.models.documents import Document

MACHINE: Document = {"kind": "VirtualMachine", "metadata": {"name": "${NAME}"}}


def test_converted() -> None:
    given: Document = {
        "kind": "Template",
        "metadata": {"name": "t", "namespace": "n", "labels": {"a": "b"}, "uid": "u"},
        "labels": {"dropped": "yes"},
        "message": "hello",
        "parameters": [{"name": "NAME", "required": False, "from": "x", "generate": "expression"}],
        "objects": [MACHINE],
    }
    assert convert(given) == {
        "apiVersion": "template.kubevirt.io/v1beta1",
        "kind": "VirtualMachineTemplate",
        "metadata": {"name": "t", "namespace": "n", "labels": {"a": "b"}},
        "spec": {
            "virtualMachine": MACHINE,
            "parameters": [{"name": "NAME", "generate": "expression", "from": "x"}],
            "message": "hello",
        },
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "VirtualMachine"}, "it is a VirtualMachine, not a Template"),
        ({"kind": "Template"}, "exactly one object, found 0"),
        ({"kind": "Template", "objects": [MACHINE, MACHINE]}, "found 2"),
        (
            {"kind": "Template", "objects": [MACHINE], "parameters": [{"name": ["a"]}]},
            "the value of `name` must be a word",
        ),
    ],
)
def test_what_cannot_be_converted(given: Document, message: str) -> None:
    with pytest.raises(VirtctlError, match=message):
        convert(given)


def test_any_one_object_is_taken_over() -> None:
    given: Document = {
        "kind": "Template",
        "objects": [{"kind": "Pod"}],
        "parameters": [{"name": "N", "value": 5, "required": False, "x": 1}, {}],
    }
    assert convert(given) == {
        "apiVersion": "template.kubevirt.io/v1beta1",
        "kind": "VirtualMachineTemplate",
        "spec": {
            "virtualMachine": {"kind": "Pod"},
            "parameters": [{"name": "N", "value": "5"}, {"name": ""}],
        },
    }


def test_requests() -> None:
    assert request("db", "lab", "gold")["spec"] == {
        "virtualMachineRef": {"namespace": "lab", "name": "db"},
        "templateName": "gold",
    }
    assert request("db", "lab", "")["metadata"] == {"generateName": "db-"}


def test_files_of_parameters() -> None:
    lines = "# sizes\n\nexport A=1\nB: two words\nC='quoted'\nD=\n"
    assert read_parameters(lines) == {"A": "1", "B": "two words", "C": "quoted", "D": ""}
    assert read_parameters('{"A": "x", "N": 2}') == {"A": "x", "N": "2"}
    with pytest.raises(VirtctlError, match="line 2: `what` is not KEY=VALUE"):
        read_parameters("A=1\nwhat\n")
    typed = '{"B": true, "F": 1.5, "E": null}'
    assert read_parameters(typed) == {"B": "true", "F": "1.5", "E": ""}
    with pytest.raises(VirtctlError, match="bad YAML"):
        read_parameters("{A")
    with pytest.raises(VirtctlError, match="the value of `A` must be a word"):
        read_parameters("A: [1]\n")
    with pytest.raises(VirtctlError, match="the file is empty"):
        read_parameters("")


def test_the_rules_that_a_machine_carries() -> None:
    def machine(rule: dict[str, object]) -> Document:
        path = "jsonpath::.spec.domain.cpu.cores"
        rules = [{"name": "r", "rule": "integer", "path": path, "message": "few", **rule}]
        annotations: Document = {"vm.kubevirt.io/validations": json.dumps(rules)}
        spec: Document = {"template": {"spec": {"domain": {"cpu": {"cores": 1}}}}}
        return {"metadata": {"annotations": annotations}, "spec": spec}

    assert checked(machine({"min": 1})) == []
    warned = checked(machine({"min": 2, "justWarning": True}))
    assert warned == ["Warning: few: value 1 is lower than minimum [2]"]
    with pytest.raises(VirtctlError, match=r"\.spec\.domain\.cpu\.cores: few: value 1"):
        checked(machine({"min": 2}))


def test_parameters_of_a_yaml_file() -> None:
    content = "---\n# sizes\nCPU: 4  # cores\nNAME: 'it is: web'\nLONG: >-\n  two\n  words\n"
    found = read_parameters(content)
    assert found == {"CPU": "4", "NAME": "it is: web", "LONG": "two words"}
