from __future__ import annotations

from collections.abc import Iterable

import pytest

from virtctl.errors import Forbidden
from virtctl.local.api.podclaims import check_account, check_default, prioritize, tolerate
from virtctl.models.documents import Document, name_of
from virtctl.models.kinds import PRIORITY_CLASS, SERVICE_ACCOUNT, Kind


class Known:
    """What is stored."""

    def __init__(self, **found: list[Document]) -> None:
        self._found = {
            PRIORITY_CLASS: found.get("classes", []),
            SERVICE_ACCOUNT: found.get("accounts", []),
        }

    def list(self, kind: Kind, namespace: str) -> Iterable[Document]:
        return self._found[kind]

    def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        return next((one for one in self._found[kind] if name_of(one) == name), None)


def named(name: str, **fields) -> Document:
    return {"metadata": {"name": name}, **fields}


def pod(**spec) -> Document:
    return {"metadata": {"name": "p", "namespace": "a"}, "spec": spec}


HIGH = named("high", value=1000)
NEVER = named("never", value=5, preemptionPolicy="Never")
USUAL = named("usual", value=77, globalDefault=True)


@pytest.mark.parametrize(
    ("classes", "name", "found"),
    [
        ([], None, (None, 0, "PreemptLowerPriority")),
        ([HIGH], "high", ("high", 1000, "PreemptLowerPriority")),
        ([NEVER], "never", ("never", 5, "Never")),
        ([USUAL], None, ("usual", 77, "PreemptLowerPriority")),
        ([USUAL, HIGH], "high", ("high", 1000, "PreemptLowerPriority")),
        (
            [USUAL, named("lower", value=1, globalDefault=True)],
            None,
            ("lower", 1, "PreemptLowerPriority"),
        ),
    ],
)
def test_priorities(classes, name, found) -> None:
    document = pod(priorityClassName=name) if name else pod()
    prioritize(document, Known(classes=classes))
    spec = document["spec"]
    assert (spec.get("priorityClassName"), spec["priority"], spec["preemptionPolicy"]) == found


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"priorityClassName": "none"}, "no PriorityClass with name none was found"),
        (
            {"priority": 7},
            (
                "the integer value of priority (7) must not be provided in pod spec; priority "
                "admission controller computed 0 from the given PriorityClass name"
            ),
        ),
        (
            {"preemptionPolicy": "Never"},
            (
                "the string value of PreemptionPolicy (Never) must not be provided in pod spec; "
                "priority admission controller computed PreemptLowerPriority from the given "
                "PriorityClass name"
            ),
        ),
    ],
)
def test_refusals(spec, message) -> None:
    with pytest.raises(Forbidden) as caught:
        prioritize(pod(**spec), Known())
    assert str(caught.value) == f'pods "p" is forbidden: {message}'


def test_our_own_pods_go_without_their_class() -> None:
    document = pod(priorityClassName="none")
    prioritize(document, Known(), lenient=True)
    assert document == pod(priorityClassName="none")


def test_one_class_is_the_default() -> None:
    known = Known(classes=[USUAL])
    check_default(USUAL, USUAL, known)
    check_default(HIGH, None, known)
    with pytest.raises(Forbidden, match="PriorityClass usual is already marked as default"):
        check_default(named("other", globalDefault=True), None, known)


def test_accounts() -> None:
    known = Known(accounts=[named("robot")])
    for name in ("", "default", "robot"):
        check_account(pod(serviceAccountName=name), known)
    with pytest.raises(Forbidden) as caught:
        check_account(pod(serviceAccountName="nobody"), known)
    assert str(caught.value) == (
        'pods "p" is forbidden: error looking up service account a/nobody: '
        'serviceaccount "nobody" not found'
    )


def test_how_long_a_lost_node_is_borne() -> None:
    document = pod()
    tolerate(document)
    found = document["spec"]["tolerations"]
    assert [(one["key"], one["tolerationSeconds"]) for one in found] == [
        ("node.kubernetes.io/not-ready", 300),
        ("node.kubernetes.io/unreachable", 300),
    ]
    tolerate(document)
    assert document["spec"]["tolerations"] == found
    everything = pod(tolerations=[{"operator": "Exists"}])
    tolerate(everything)
    assert everything == pod(tolerations=[{"operator": "Exists"}])
