import pytest

from virtctl.local.api.rules.priorities import priority_causes, security_causes


def priority(name: str, value: int, **fields) -> dict:
    return {"metadata": {"name": name}, "value": value, **fields}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (priority("a", 1_000_000_000), None),
        (priority("a", 1_000_000_001), "value"),
        (priority("system-cluster-critical", 2_000_000_000), None),
        (priority("system-cluster-critical", 1), "metadata.name"),
        (priority("system-other", 1), "metadata.name"),
        (priority("a", 1, preemptionPolicy="Never"), None),
        (priority("a", 1, preemptionPolicy="Foo"), "preemptionPolicy"),
    ],
)
def test_classes(document, field) -> None:
    assert [cause.field for cause in priority_causes(document, None)] == ([field] if field else [])


def test_what_stays() -> None:
    old = priority("a", 1)
    assert (
        list(priority_causes(priority("a", 1, preemptionPolicy="PreemptLowerPriority"), old)) == []
    )
    changed = priority_causes(priority("a", 2, preemptionPolicy="Never"), old)
    assert [cause.message for cause in changed] == [
        "Forbidden: may not be changed in an update.",
        'Invalid value: "Never": field is immutable',
    ]


@pytest.mark.parametrize(
    ("label", "value", "good"),
    [
        ("enforce", "restricted", True),
        ("enforce", "foo", False),
        ("warn", "baseline", True),
        ("audit", "", False),
        ("enforce-version", "latest", True),
        ("enforce-version", "v1.30", True),
        ("warn-version", "1.30", False),
        ("other", "foo", True),
    ],
)
def test_levels_of_security(label, value, good) -> None:
    key = f"pod-security.kubernetes.io/{label}"
    causes = list(security_causes({"metadata": {"labels": {key: value, "a": "b"}}}))
    assert [cause.field for cause in causes] == ([] if good else [f"metadata.labels[{key}]"])
