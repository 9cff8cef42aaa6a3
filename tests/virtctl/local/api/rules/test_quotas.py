import pytest

from virtctl.local.api.rules.quotas import limit_range_causes, quota_causes

OPERATOR = "spec.scopeSelector.matchExpressions.operator"
VALUES = "spec.scopeSelector.matchExpressions.values"


def quota(hard: dict, scopes=(), *conditions: dict) -> dict:
    spec: dict = {"hard": hard}
    if scopes:
        spec["scopes"] = [*scopes]
    if conditions:
        spec["scopeSelector"] = {"matchExpressions": [*conditions]}
    return {"spec": spec}


def said(causes) -> list[tuple[str, str]]:
    return [(cause.field, cause.message) for cause in causes]


def test_a_good_quota() -> None:
    hard = {"pods": "2", "requests.cpu": "500m", "count/configmaps": "3", "x.y/foo": 1}
    assert said(quota_causes(quota(hard), None)) == []
    assert said(quota_causes(quota({"hugepages-2Mi": "4Mi"}), None)) == []
    assert said(quota_causes({}, None)) == []


@pytest.mark.parametrize(
    ("hard", "problems"),
    [
        ({"pods": "-1"}, ['Invalid value: "-1": must be greater than or equal to 0']),
        ({"pods": "1.5"}, ['Invalid value: "1500m": must be an integer']),
        ({"count/pods": "1.5"}, ['Invalid value: "1500m": must be an integer']),
        (
            {"foo": "1"},
            [
                'Invalid value: "foo": must be a standard resource type or fully qualified',
                'Invalid value: "foo": must be a standard resource for quota',
            ],
        ),
        ({"storage": "1"}, ['Invalid value: "storage": must be a standard resource for quota']),
    ],
)
def test_resources(hard, problems) -> None:
    (name,) = hard
    expected = [(f"spec.hard[{name}]", problem) for problem in problems]
    assert said(quota_causes(quota(hard), None)) == expected


@pytest.mark.parametrize(
    ("hard", "scopes", "problem"),
    [
        ({"pods": "1"}, ["Foo"], "unsupported scope"),
        ({"services": "1"}, ["BestEffort"], "unsupported scope applied to resource"),
        ({"cpu": "1"}, ["BestEffort"], "unsupported scope applied to resource"),
        ({"pods": "1"}, ["BestEffort", "NotBestEffort"], "conflicting scopes"),
        ({"pods": "1"}, ["Terminating", "NotTerminating"], "conflicting scopes"),
    ],
)
def test_scopes(hard, scopes, problem) -> None:
    ((field, message),) = said(quota_causes(quota(hard, scopes), None))
    assert (field, message.rpartition(": ")[2]) == ("spec.scopes", problem)


def test_scopes_stay() -> None:
    old, new = quota({"pods": "1"}, ["BestEffort"]), quota({"pods": "1"})
    assert said(quota_causes(old, old)) == []
    assert said(quota_causes(new, old)) == [
        ("spec.scopes", "Invalid value: []: field is immutable")
    ]


@pytest.mark.parametrize(
    ("condition", "fields"),
    [
        ({"scopeName": "PriorityClass", "operator": "In", "values": ["a"]}, []),
        ({"scopeName": "Terminating", "operator": "Exists"}, []),
        ({"scopeName": "PriorityClass", "operator": "In"}, [VALUES]),
        ({"scopeName": "PriorityClass", "operator": "Exists", "values": ["a"]}, [VALUES]),
        ({"scopeName": "PriorityClass", "operator": "Foo"}, [OPERATOR]),
        ({"scopeName": "Terminating", "operator": "In", "values": ["a"]}, [OPERATOR]),
        (
            {"scopeName": "Foo", "operator": "Exists"},
            ["spec.scopeSelector.matchExpressions.scopeName"],
        ),
    ],
)
def test_selected_scopes(condition, fields) -> None:
    causes = quota_causes(quota({"pods": "1"}, (), condition), None)
    assert [field for field, _ in said(causes)] == fields


def test_a_selector_that_does_not_fit() -> None:
    conditions = [{"scopeName": name, "operator": "Exists"} for name in ("BestEffort",)]
    causes = said(quota_causes(quota({"services": "1"}, (), *conditions), None))
    assert [field for field, _ in causes] == ["spec.scopeSelector.matchExpressions"]
    both = [{"scopeName": name, "operator": "Exists"} for name in ("BestEffort", "NotBestEffort")]
    causes = said(quota_causes(quota({"pods": "1"}, (), *both), None))
    assert [message.rpartition(": ")[2] for _, message in causes] == ["conflicting scopes"]


@pytest.mark.parametrize(
    ("limit", "problems"),
    [
        ({"type": "Container", "min": {"cpu": "1"}, "max": {"cpu": "2"}}, []),
        ({"type": "x.y/Foo"}, []),
        (
            {"type": "Foo"},
            [("type", 'Invalid value: "Foo": must be a standard limit type or fully qualified')],
        ),
        (
            {
                "type": "Container",
                "min": {"cpu": "2"},
                "max": {"cpu": "1"},
                "default": {"cpu": "1"},
                "defaultRequest": {"cpu": "1"},
            },
            [
                ("min[cpu]", 'Invalid value: "2": min value 2 is greater than max value 1'),
                (
                    "defaultRequest[cpu]",
                    'Invalid value: "1": min value 2 is greater than default request value 1',
                ),
                ("default[cpu]", 'Invalid value: "2": min value 2 is greater than default value 1'),
            ],
        ),
        (
            {"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "2"}},
            [
                (
                    "defaultRequest[cpu]",
                    (
                        'Invalid value: "2": default request value 2 is greater than default limit '
                        "value 1"
                    ),
                )
            ],
        ),
        (
            {"type": "Pod", "maxLimitRequestRatio": {"cpu": "500m"}},
            [("maxLimitRequestRatio[cpu]", 'Invalid value: "500m": ratio 500m is less than 1')],
        ),
        (
            {
                "type": "Container",
                "min": {"cpu": "1"},
                "max": {"cpu": "3"},
                "maxLimitRequestRatio": {"cpu": "4"},
            },
            [
                (
                    "maxLimitRequestRatio[cpu]",
                    'Invalid value: "4": ratio 4 is greater than max/min = 3.000000',
                )
            ],
        ),
        (
            {"type": "PersistentVolumeClaim"},
            [
                (
                    "limits",
                    (
                        "Required value: either minimum or maximum storage value is required, but "
                        "neither was provided"
                    ),
                )
            ],
        ),
        (
            {"type": "Pod", "default": {"cpu": "1"}},
            [("default", "Forbidden: may not be specified when `type` is 'Pod'")],
        ),
    ],
)
def test_limits(limit, problems) -> None:
    expected = [(f"spec.limits[0].{field}", message) for field, message in problems]
    assert said(limit_range_causes({"spec": {"limits": [limit]}})) == expected


def test_a_type_twice() -> None:
    limits = [{"type": "Pod"}, {"type": "Pod"}]
    assert said(limit_range_causes({"spec": {"limits": limits}})) == [
        ("spec.limits[1].type", 'Duplicate value: "Pod"')
    ]
