import pytest

from virtctl.local.api.rules.roles import role_causes
from virtctl.models.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING

GROUP = "rbac.authorization.k8s.io"
REFERENCE = {"apiGroup": GROUP, "kind": "ClusterRole", "name": "r"}
PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
URL = {"nonResourceURLs": ["/x"], "verbs": ["get"]}


def fields(kind, document, old=None) -> list[tuple[str, str]]:
    return [
        (cause.field, cause.message.partition(":")[0]) for cause in role_causes(kind, document, old)
    ]


@pytest.mark.parametrize(
    ("kind", "rule", "found"),
    [
        (ROLE, PODS, []),
        (CLUSTER_ROLE, URL, []),
        (ROLE, {**PODS, "verbs": []}, [("verbs", "Required value")]),
        (ROLE, URL, [("nonResourceURLs", "Invalid value")]),
        (ROLE, {**PODS, **URL}, [("nonResourceURLs", "Invalid value")] * 2),
        (CLUSTER_ROLE, {**PODS, **URL}, [("nonResourceURLs", "Invalid value")]),
        (
            CLUSTER_ROLE,
            {},
            [(name, "Required value") for name in ("verbs", "apiGroups", "resources")],
        ),
    ],
)
def test_rules(kind, rule, found) -> None:
    expected = [(f"rules[0].{name}", problem) for name, problem in found]
    assert fields(kind, {"rules": [rule]}) == expected


def test_what_roles_are_the_sum_of() -> None:
    where = "aggregationRule.clusterRoleSelectors"
    assert fields(CLUSTER_ROLE, {"aggregationRule": {}}) == [(where, "Required value")]
    known = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}}
    assert fields(CLUSTER_ROLE, known) == []
    wrong = {"matchExpressions": [{"key": "a", "operator": "Foo"}]}
    assert fields(CLUSTER_ROLE, {"aggregationRule": {"clusterRoleSelectors": [wrong]}}) == [
        (f"{where}[0].matchExpressions[0].operator", "Invalid value"),
        (f"{where}[0]", "Invalid value"),
    ]


@pytest.mark.parametrize(
    ("kind", "reference", "found"),
    [
        (ROLE_BINDING, {**REFERENCE, "kind": "Role"}, []),
        (
            CLUSTER_ROLE_BINDING,
            {**REFERENCE, "kind": "Role"},
            [("roleRef.kind", "Unsupported value")],
        ),
        (
            ROLE_BINDING,
            {"apiGroup": "x", "kind": "Zole", "name": "a/b%"},
            [
                ("roleRef.apiGroup", "Unsupported value"),
                ("roleRef.kind", "Unsupported value"),
                ("roleRef.name", "Invalid value"),
                ("roleRef.name", "Invalid value"),
            ],
        ),
        (
            ROLE_BINDING,
            None,
            [("roleRef.kind", "Unsupported value"), ("roleRef.name", "Required value")],
        ),
    ],
)
def test_references(kind, reference, found) -> None:
    assert fields(kind, {"roleRef": reference} if reference else {}) == found


@pytest.mark.parametrize(
    ("kind", "subject", "found"),
    [
        (ROLE_BINDING, {"kind": "ServiceAccount", "name": "a"}, []),
        (
            CLUSTER_ROLE_BINDING,
            {"kind": "ServiceAccount", "name": "a"},
            [("namespace", "Required value")],
        ),
        (
            ROLE_BINDING,
            {"kind": "ServiceAccount", "name": "A_", "apiGroup": "x"},
            [("name", "Invalid value"), ("apiGroup", "Unsupported value")],
        ),
        (ROLE_BINDING, {"kind": "User", "name": "x", "apiGroup": GROUP}, []),
        (
            ROLE_BINDING,
            {"kind": "Group", "name": "", "apiGroup": "x"},
            [("name", "Required value"), ("apiGroup", "Unsupported value")],
        ),
        (ROLE_BINDING, {"kind": "Foo", "name": "x"}, [("kind", "Unsupported value")]),
    ],
)
def test_subjects(kind, subject, found) -> None:
    expected = [(f"subjects[0].{name}", problem) for name, problem in found]
    assert fields(kind, {"roleRef": REFERENCE, "subjects": [subject]}) == expected


def test_a_binding_keeps_its_role() -> None:
    old, new = {"roleRef": REFERENCE}, {"roleRef": {**REFERENCE, "name": "other"}}
    assert fields(ROLE_BINDING, old, old) == []
    (cause,) = role_causes(ROLE_BINDING, new, old)
    assert (cause.field, cause.message) == (
        "roleRef",
        (
            f'Invalid value: {{"APIGroup":"{GROUP}","Kind":"ClusterRole","Name":"other"}}: '
            "cannot change roleRef"
        ),
    )
