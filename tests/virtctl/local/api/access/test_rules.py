import pytest

from virtctl.local.api.access.rules import Asked, Rule, read_rules, spell, uncovered

VMS = Rule(("get", "list"), ("kubevirt.io",), ("virtualmachines",))
GET_VM = Asked("get", "kubevirt.io", "virtualmachines", name="web", namespace="a")


@pytest.mark.parametrize(
    ("rule", "asked", "allowed"),
    [
        (VMS, GET_VM, True),
        (VMS, Asked("delete", "kubevirt.io", "virtualmachines"), False),
        (VMS, Asked("get", "", "virtualmachines"), False),
        (VMS, Asked("get", "kubevirt.io", "virtualmachines", "status"), False),
        (Rule(("*",), ("*",), ("*",)), GET_VM, True),
        (Rule(("get",), ("",), ("pods/log",)), Asked("get", "", "pods", "log"), True),
        (Rule(("get",), ("",), ("*/log",)), Asked("get", "", "pods", "log"), True),
        (Rule(("get",), ("",), ("*/log",)), Asked("get", "", "pods"), False),
        (Rule(("get",), ("kubevirt.io",), ("virtualmachines",), ("web",)), GET_VM, True),
        (Rule(("get",), ("kubevirt.io",), ("virtualmachines",), ("db",)), GET_VM, False),
        (Rule(("get",), paths=("/metrics",)), Asked("get", path="/metrics"), True),
        (Rule(("get",), paths=("/apis/*",)), Asked("get", path="/apis/x"), True),
        (Rule(("get",), paths=("/apis/*",)), Asked("get", path="/api"), False),
        (VMS, Asked("get", path="/metrics"), False),
        (Rule(("get",), paths=("*",)), GET_VM, False),
    ],
)
def test_what_rules_allow(rule, asked, allowed) -> None:
    assert rule.allows(asked) is allowed


def test_rules_are_read_and_written_back() -> None:
    role = {
        "rules": [
            VMS.document(),
            {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
            {"apiGroups": [""], "resources": ["pods"], "resourceNames": ["p"], "verbs": ["get"]},
        ]
    }
    assert [rule.document() for rule in read_rules(role)] == role["rules"]


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        ([VMS], []),
        ([Rule(("*",), ("*",), ("*",))], []),
        ([Rule(("get",), ("kubevirt.io",), ("*",))], [Rule(("list",), VMS.groups, VMS.resources)]),
        ([Rule(("get", "list"), ("kubevirt.io",), ("virtualmachines",), ("web",))], [*VMS.parts()]),
        ([], [*VMS.parts()]),
    ],
)
def test_what_is_not_covered(held, missing) -> None:
    assert uncovered([VMS], held) == missing


@pytest.mark.parametrize(
    ("held", "wanted", "covered"),
    [
        (Rule(("get",), ("",), ("*/log",)), Rule(("get",), ("",), ("pods/log",)), True),
        (Rule(("get",), ("",), ("pods",)), Rule(("get",), ("",), ("pods",), ("p",)), True),
        (Rule(("get",), paths=("/a/*",)), Rule(("get",), paths=("/a/b",)), True),
        (Rule(("get",), paths=("/a/b",)), Rule(("get",), paths=("/a/*",)), False),
    ],
)
def test_covering(held, wanted, covered) -> None:
    assert (uncovered([wanted], [held]) == []) is covered


def test_spelling() -> None:
    rule = Rule(("get",), ("",), ("pods",), ("p",))
    assert spell(rule) == (
        '{APIGroups:[""], Resources:["pods"], ResourceNames:["p"], Verbs:["get"]}'
    )
