import pytest

from virtctl.local.api.customs.versioning import conversion_causes, stored_causes, version_causes
from virtctl.models.documents import Document


def test_one_version_is_stored() -> None:
    one: Document = {"name": "v1", "storage": True}
    assert list(version_causes({"versions": [one]})) == []
    (cause,) = version_causes({"versions": [one, {"name": "v2", "storage": True}]})
    assert "must have exactly one version marked as storage version" in cause.message


def test_versions_are_named_once() -> None:
    versions: list[Document] = [{"name": "v1", "storage": True}, {"name": "v1"}]
    (cause,) = version_causes({"versions": list(versions)})
    assert cause.message.endswith("must contain unique version names")


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ({"deprecationWarning": "old"}, "only be set for deprecated versions"),
        ({"deprecated": True, "deprecationWarning": "x" * 257}, "must be <= 256 characters"),
        ({"deprecated": True, "deprecationWarning": ""}, "must not be an empty string"),
        ({"deprecated": True, "deprecationWarning": "a\nb"}, "found at index 1"),
    ],
)
def test_warnings_of_deprecated_versions(version: Document, problem: str) -> None:
    (cause,) = version_causes({"versions": [{"name": "v1", "storage": True, **version}]})
    assert cause.field == "spec.versions[0].deprecationWarning"
    assert problem in cause.message


def test_a_version_that_was_stored_stays() -> None:
    spec: Document = {"versions": [{"name": "v2", "storage": True}]}
    made: Document = {"spec": spec, "status": {"storedVersions": ["v1", "v2"]}}
    (cause,) = stored_causes(made)
    assert cause.field == "status.storedVersions[0]"
    assert "v1 was previously a storage version" in cause.message


@pytest.mark.parametrize(
    ("conversion", "field"),
    [
        ({}, "spec.conversion.strategy"),
        ({"strategy": "Magic"}, "spec.conversion.strategy"),
        (
            {"strategy": "None", "webhook": {"conversionReviewVersions": ["v1"]}},
            "spec.conversion.conversionReviewVersions",
        ),
        (
            {
                "strategy": "Webhook",
                "webhook": {
                    "clientConfig": {"url": "http://x"},
                    "conversionReviewVersions": ["v1"],
                },
            },
            "spec.conversion.webhookClientConfig.url",
        ),
    ],
)
def test_ways_between_versions_that_cannot_be(conversion: Document, field: str) -> None:
    assert [cause.field for cause in conversion_causes({"conversion": conversion})] == [field]
    assert list(conversion_causes({})) == []
