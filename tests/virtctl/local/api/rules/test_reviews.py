import pytest

from virtctl.local.api.rules.reviews import access_causes, token_causes

RESOURCE = "spec.resourceAttributes"
PATH = {"path": "/x", "verb": "get"}


def fields(kind: str, spec: dict, **metadata) -> list[str]:
    review = {"spec": spec, "metadata": metadata}
    return [cause.field for cause in access_causes(kind, review)]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"resourceAttributes": {}}, []),
        ({"nonResourceAttributes": {}}, []),
        ({}, [RESOURCE]),
        ({"resourceAttributes": {}, "nonResourceAttributes": PATH}, ["spec.nonResourceAttributes"]),
    ],
)
def test_what_is_asked(spec, found) -> None:
    assert fields("SelfSubjectAccessReview", spec) == found
    assert fields("SubjectAccessReview", {**spec, "user": "x"}) == found
    assert fields("SubjectAccessReview", {**spec, "groups": ["x"]}) == found
    assert fields("SubjectAccessReview", spec) == [*found, "spec.user"]


def test_metadata_is_not_for_reviews() -> None:
    spec = {"resourceAttributes": {}}
    assert fields("SelfSubjectAccessReview", spec, name="x") == ["metadata"]
    assert fields("SelfSubjectAccessReview", spec, name="") == []


def test_local_reviews() -> None:
    here = {"user": "x", "resourceAttributes": {"namespace": "a"}}
    assert fields("LocalSubjectAccessReview", here, namespace="a") == []
    assert fields("LocalSubjectAccessReview", here, namespace="b") == [f"{RESOURCE}.namespace"]
    assert fields("LocalSubjectAccessReview", here, namespace="a", name="x") == ["metadata"]
    path = {"user": "x", "nonResourceAttributes": PATH}
    assert fields("LocalSubjectAccessReview", path, namespace="a") == ["spec.nonResourceAttributes"]


@pytest.mark.parametrize(
    ("field", "selector", "found"),
    [
        ("fieldSelector", {"rawSelector": "a=b"}, []),
        ("fieldSelector", {}, ["requirements"]),
        (
            "fieldSelector",
            {"rawSelector": "a", "requirements": [{"key": "a", "operator": "Exists"}]},
            ["rawSelector"],
        ),
        (
            "fieldSelector",
            {"requirements": [{"key": "", "operator": "In"}]},
            ["requirements[0].values", "requirements[0].key"],
        ),
        (
            "labelSelector",
            {"requirements": [{"key": "", "operator": "Exists", "values": ["x"]}]},
            ["requirements[0].values", "requirements[0].key", "requirements[0].key"],
        ),
        ("labelSelector", {"requirements": [{"key": "a", "operator": "Newer"}]}, []),
    ],
)
def test_selectors(field, selector, found) -> None:
    spec = {"resourceAttributes": {field: selector}}
    expected = [f"{RESOURCE}.{field}.{name}" for name in found]
    assert fields("SelfSubjectAccessReview", spec) == expected


@pytest.mark.parametrize(
    ("seconds", "count"), [(None, 0), (600, 0), (2**32, 0), (599, 1), (2**32 + 1, 1)]
)
def test_how_long_tokens_hold(seconds, count) -> None:
    assert len(list(token_causes({"spec": {"expirationSeconds": seconds}}))) == count
