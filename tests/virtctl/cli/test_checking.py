import json
from copy import deepcopy

import pytest

from virtctl.cli.checking import Finding, check
from virtctl.models.documents import Document, JsonValue, put

GOOD: Document = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachine",
    "metadata": {"name": "a"},
    "spec": {
        "runStrategy": "Always",
        "template": {
            "spec": {
                "domain": {"devices": {"disks": [{"name": "d"}]}, "memory": {"guest": "1Gi"}},
                "volumes": [{"name": "d", "containerDisk": {"image": "tiny"}}],
            }
        },
    },
}
SPEC = "spec.template.spec"


def changed(path: str, value: JsonValue) -> Document:
    document = deepcopy(GOOD)
    put(document, value, *path.split("."))
    return document


def test_names_may_be_generated() -> None:
    assert list(check(changed("metadata", {"generateName": "a-"}))) == []


def only(document: Document) -> Finding:
    (found,) = list(check(document))
    return found


def test_nothing_is_wrong_with_a_good_one() -> None:
    assert list(check(GOOD)) == []


@pytest.mark.parametrize(
    ("path", "value", "field", "message"),
    [
        ("spec.runstrategy", "Always", "spec.runstrategy", "did you mean `runStrategy`?"),
        ("spec.zzz", 1, "spec.zzz", "unknown field `zzz`"),
        (f"{SPEC}.domain.cpu", {"cores": "two"}, f"{SPEC}.domain.cpu.cores",
         "must be of type integer, not string"),
        (f"{SPEC}.domain.memory.guest", "1GB", f"{SPEC}.domain.memory.guest", "is no quantity"),
        ("spec.template", None, "spec.template", "it is missing"),
        (f"{SPEC}.volumes", [], f"{SPEC}.domain.devices.disks[0].name", "not found"),
        ("metadata.name", "a_b", "metadata.name", "RFC 1123"),
        ("metadata", {}, "metadata.name", "it is missing"),
        ("apiVersion", "kubevirt.io/v9", "apiVersion", "not in kubevirt.io/v9"),
        ("kind", "VirtualMachin", "kind", "did you mean VirtualMachine?"),
    ],
)  # fmt: skip
def test_errors(path: str, value: JsonValue, field: str, message: str) -> None:
    found = only(changed(path, value))
    assert (found.field, found.is_error) == (field, True)
    assert message in found.message


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (f"{SPEC}.domain.cpu", {"model": "Hasswell"}, "did you mean `Haswell`?"),
        ("kind", "Gadget", ""),
    ],
)
def test_doubts_are_warnings(path: str, value: JsonValue, message: str) -> None:
    document = changed(path, value)
    if path == "kind":
        document["apiVersion"] = "acme.example/v1"
    found = only(document)
    assert not found.is_error
    assert message in found.message


@pytest.mark.parametrize(
    ("data", "is_error", "message"),
    [
        ("users: []", False, "the first line must be"),
        ("#cloud-config\na: [b", True, "bad YAML in its line 2"),
        ("#cloud-config\n- a", True, "must be followed by a mapping"),
    ],
)
def test_user_data_is_looked_into(data: str, is_error: bool, message: str) -> None:
    volumes: JsonValue = [
        {"name": "d", "containerDisk": {"image": "tiny"}},
        {"name": "c", "cloudInitNoCloud": {"userData": data}},
    ]
    found = only(changed(f"{SPEC}.volumes", volumes))
    assert found.field == f"{SPEC}.volumes[1].cloudInitNoCloud.userData"
    assert (found.is_error, message in found.message) == (is_error, True)


def test_good_user_data() -> None:
    for data in ("#cloud-config\nusers: []", "#!/bin/sh\n", "#cloud-config\n"):
        volumes: JsonValue = [
            {"name": "d", "containerDisk": {"image": "tiny"}},
            {"name": "c", "cloudInitNoCloud": {"userData": data}},
        ]
        assert list(check(changed(f"{SPEC}.volumes", volumes))) == []


def test_rules_that_a_machine_carries() -> None:
    rule = {
        "name": "r", "rule": "integer", "path": "jsonpath::.spec.domain.memory.guest",
        "message": "little", "min": 1 << 31,
    }  # fmt: skip
    key = "vm.kubevirt.io/validations"
    found = only(changed("metadata.annotations", {key: json.dumps([rule])}))
    assert (found.field, found.is_error) == (f"{SPEC}.domain.memory.guest", True)
    assert found.message == "little: value 1073741824 is lower than minimum [2147483648]"
    weak = {key: json.dumps([{**rule, "justWarning": True}])}
    assert not only(changed("metadata.annotations", weak)).is_error
    assert "bad JSON" in only(changed("metadata.annotations", {key: "["})).message


def test_templates() -> None:
    machine: Document = {"metadata": {"name": "${NAME}"}}
    template: Document = {
        "apiVersion": "template.kubevirt.io/v1beta1",
        "kind": "VirtualMachineTemplate",
        "metadata": {"name": "t"},
        "spec": {"virtualMachine": machine},
    }
    assert only(template) == Finding(
        "spec", "the machine refers to parameter NAME, which is not declared"
    )
    template["spec"] = {"virtualMachine": machine, "parameters": [{"name": "NAME"}]}
    assert list(check(template)) == []
