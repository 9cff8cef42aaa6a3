import json

import pytest

from virtctl.models.documents import Document, JsonValue
from virtctl.wire.validations import ANNOTATION, SKIP, BadRules, findings, read_rules, rules_of


def machine(**domain: JsonValue) -> Document:
    return {"spec": {"template": {"spec": {"domain": domain}}}}


BUSES: JsonValue = [{"disk": {"bus": "virtio"}}, {"disk": {"bus": "scsi"}}, {"cdrom": {}}]
VM = machine(
    cpu={"cores": 4, "model": "host-model"},
    memory={"guest": "2Gi"},
    devices={"disks": BUSES, "interfaces": []},
)
MEMORY, CORES = "jsonpath::.spec.domain.memory.guest", "jsonpath::.spec.domain.cpu.cores"
BUS = "jsonpath::.spec.domain.devices.disks[*].disk.bus"


def rule(kind: str, path: str, **more: JsonValue) -> Document:
    return {"name": "r", "rule": kind, "path": path, "message": "no", **more}


def said(*rules: Document, vm: Document = VM) -> list[str]:
    return [finding.message for finding in findings(rules, vm)]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (rule("integer", MEMORY, min=1 << 31), ""),
        (rule("integer", MEMORY, min=3 << 30), "value 2147483648 is lower than minimum [322"),
        (rule("integer", CORES, max=2), "value 4 is higher than maximum [2]"),
        (rule("integer", CORES, min=1, max=CORES), ""),
        (rule("integer", "jsonpath::.spec.domain.cpu.sockets", min=1), "value 0 is lower"),
        (rule("integer", "jsonpath::.spec.domain.none.x", min=1), "no values were found"),
        (rule("integer", BUS, min=1), "mismatching type: virtio"),
        (rule("integer", CORES, min="4"), "parameter is not JSONPath: 4"),
        (rule("integer", CORES, min=True), "unsupported type"),
        (rule("integer", CORES, min=BUS), "mismatching type"),
        (rule("string", "jsonpath::.spec.domain.cpu.model", minLength=3, maxLength=10), ""),
        (rule("string", "jsonpath::$.spec.domain.cpu.model", maxLength=4), "not in interval [N/A,"),
        (rule("string", CORES, maxLength=4), "mismatching type: 4, not string"),
        (rule("enum", BUS, values=["virtio", "scsi", "sata"]), ""),
        (rule("enum", BUS, values=["virtio"]), "Some of [virtio, scsi] are not in [virtio]"),
        (rule("enum", BUS, values=[BUS]), "expected one value, found 2"),
        (rule("enum", BUS, values=[1]), "unsupported type 1"),
        (rule("regex", BUS, regex="^(virtio|scsi)$"), ""),
        (rule("regex", BUS, regex="virt"), "Some of [virtio, scsi] do not match virt"),
        (rule("regex", BUS, regex="("), "error parsing regexp"),
        (rule("regex", "jsonpath::.spec.domain.devices.disks[0].disk.bus", regex="^virtio$"), ""),
        (rule("regex", "jsonpath::.spec.domain['cpu']['model']", regex="host"), ""),
        (rule("enum", "jsonpath::.spec.a..b", values=[]), "invalid JSONPath"),
        (rule("enum", "jsonpath::.spec.domain.devices.interfaces[*].m", values=[]), "no values"),
        (rule("dice", CORES), "unrecognized Rule type"),
        ({"name": "r", "rule": "integer", "path": CORES}, "missing required key"),
    ],
)
def test_rules(given: Document, problem: str) -> None:
    found = said(given)
    assert (len(found), problem in "".join(found)) == (1 if problem else 0, True)


def test_a_rule_applies_only_where_its_path_is_there() -> None:
    absent = rule("enum", BUS, values=["x"], valid="jsonpath::.spec.domain.clock")
    assert said(absent) == []
    assert len(said({**absent, "valid": BUS})) == 1


def test_a_failure_may_be_just_a_warning() -> None:
    found = list(findings([rule("integer", CORES, max=1, justWarning=True)], VM))
    assert [(one.field, one.is_warning) for one in found] == [(".spec.domain.cpu.cores", True)]


def test_names_are_not_used_twice() -> None:
    same = rule("integer", CORES, min=1)
    assert said(same, same) == ["no: duplicate Rule Name"]


def test_where_rules_come_from() -> None:
    carried: Document = {ANNOTATION: json.dumps([rule("integer", CORES)])}
    assert len(rules_of({"metadata": {"annotations": carried}})) == 1
    assert rules_of({"metadata": {"annotations": {**carried, SKIP: ""}}}) == []
    assert rules_of({}) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{", "bad JSON"),
        ("{}", "it is no list of rules"),
        ("[1]", "it is no list of rules"),
        ('[{"name": "r", "path": ".spec"}]', "rule r: path `.spec` does not begin with"),
        ('[{"name": "r", "path": "jsonpath::.a", "valid": "b"}]', "valid `b` does not begin"),
    ],
)
def test_what_are_no_rules(given: str, message: str) -> None:
    with pytest.raises(BadRules, match=message):
        read_rules(given)
