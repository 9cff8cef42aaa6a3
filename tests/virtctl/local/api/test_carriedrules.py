import json

import pytest

from virtctl.errors import ApiError, Invalid
from virtctl.local.api.carriedrules import check
from virtctl.models.documents import Document

RULES: list[dict[str, object]] = [
    {
        "name": name, "rule": "integer", "path": f"jsonpath::.spec.domain.cpu.{name}",
        "message": f"few {name}", "min": 2, "justWarning": name == "threads",
    }
    for name in ("cores", "sockets", "threads")
]  # fmt: skip


def machine(rules: str = json.dumps(RULES), **cpu: int) -> Document:
    return {
        "metadata": {"name": "vm", "annotations": {"vm.kubevirt.io/validations": rules}},
        "spec": {"template": {"spec": {"domain": {"cpu": {**cpu}}}}},
    }


def test_what_holds_is_let_through_with_its_warnings() -> None:
    warnings: list[str] = []
    check(machine(cores=2, sockets=2), warnings)
    assert warnings == ["few threads: value 0 is lower than minimum [2]"]
    check({"metadata": {"name": "vm"}}, warnings)


def test_all_that_is_broken_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        check(machine(cores=1), [])
    assert refused.value.message == (
        'admission webhook "virt-template-admission.kubevirt.io" denied the request: '
        "few cores: value 1 is lower than minimum [2], "
        "few sockets: value 0 is lower than minimum [2]"
    )
    assert [cause.field for cause in refused.value.details.causes] == [
        ".spec.domain.cpu.cores", ".spec.domain.cpu.sockets",
    ]  # fmt: skip


def test_rules_that_are_none() -> None:
    with pytest.raises(ApiError, match="bad JSON") as refused:
        check(machine("["), [])
    assert refused.value.code == 400


def test_what_is_being_deleted_may_be_anything() -> None:
    going = machine(cores=1)
    going["metadata"] = {**machine()["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert check(going, []) is None


def pattern(regex: str) -> Document:
    rule = {
        "name": "r", "rule": "regex", "path": "jsonpath::.spec.hostname", "message": "bad",
        "regex": regex,
    }  # fmt: skip
    vm = machine(json.dumps([rule]))
    vm["spec"]["template"]["spec"]["hostname"] = "a" * 63 + "!"
    return vm


def test_no_expression_keeps_the_server_busy() -> None:
    with pytest.raises(Invalid, match="do not match"):
        check(pattern("^(a|a|aa)+$"), [])
    check(pattern("^a+!$"), [])
    with pytest.raises(Invalid, match="error parsing regexp: unclosed group"):
        check(pattern("("), [])
