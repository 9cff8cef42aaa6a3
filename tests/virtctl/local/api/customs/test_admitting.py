"""Admission of definitions."""

import pytest

from tests.fakes.definitions import definition, version
from virtctl.local.api.customs.admitting import CLEANUP, default_definition, definition_causes

NOW = "2026-01-01T00:00:00Z"


def test_defaults():
    document = definition()
    names = document["spec"]["names"]
    del names["singular"], names["listKind"]
    default_definition(document, None, NOW)
    assert (names["singular"], names["listKind"]) == ("widget", "WidgetList")
    assert document["spec"]["conversion"] == {"strategy": "None"}
    assert document["metadata"]["finalizers"] == [CLEANUP]
    assert document["status"]["acceptedNames"]["kind"] == "Widget"
    assert document["status"]["storedVersions"] == ["v1"]
    types = [condition["type"] for condition in document["status"]["conditions"]]
    assert types == ["NamesAccepted", "Established"]


def test_another_stored_version_is_remembered():
    old = definition()
    default_definition(old, None, NOW)
    new = definition(version(storage=False), version("v2", storage=True))
    default_definition(new, old, NOW)
    assert new["status"]["storedVersions"] == ["v1", "v2"]
    assert CLEANUP not in new["metadata"].get("finalizers", [])


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"metadata": {"name": "gadgets.example.com"}}, "metadata.name", "must be spec.names"),
        ({"scope": "Global"}, "spec.scope", 'supported values: "Cluster", "Namespaced"'),
        ({"names": {"plural": "Widgets"}}, "spec.names.plural", "DNS-1035"),
        ({"names": {"listKind": "Widget"}}, "spec.names.listKind", "may not be the same"),
        (
            {"versions": [version(), version("v2", storage=True)]},
            "spec.versions",
            "exactly one version marked as storage",
        ),
        (
            {"versions": [version(), version(storage=False)]},
            "spec.versions",
            "must contain unique version names",
        ),
        ({"versions": [version("V1", storage=True)]}, "spec.versions[0].name", "DNS-1035"),
        (
            {"versions": [version(schema={})]},
            "spec.versions[0].schema.openAPIV3Schema",
            "Required value",
        ),
        (
            {"versions": [version(schema={"openAPIV3Schema": {"type": "string"}})]},
            "spec.validation.openAPIV3Schema.type",
            "must be object at the root",
        ),
        (
            {
                "versions": [
                    version(additionalPrinterColumns=[{"name": "A", "type": "x", "jsonPath": ".a"}])
                ]
            },
            "spec.additionalPrinterColumns[0].type",
            "must be one of",
        ),
        (
            {
                "versions": [
                    version(
                        additionalPrinterColumns=[{"name": "A", "type": "date", "jsonPath": "a"}]
                    )
                ]
            },
            "spec.additionalPrinterColumns[0].JSONPath",
            "simple json path",
        ),
    ],
)
def test_refusals(change, field, message):
    document = definition()
    document["metadata"].update(change.pop("metadata", {}))
    document["spec"]["names"].update(change.pop("names", {}))
    document["spec"].update(change)
    found = [(cause.field, cause.message) for cause in definition_causes(document, None)]
    assert any(where == field and message in text for where, text in found), found


def ready(document):
    """``document`` with its defaults, as it is judged."""
    default_definition(document, None, NOW)
    return document


def test_a_good_definition():
    assert list(definition_causes(ready(definition()), None)) == []


@pytest.mark.parametrize(
    ("names", "field", "message"),
    [
        ({"kind": "", "listKind": "L"}, "spec.names.kind", "Required value"),
        ({"kind": "W_x"}, "spec.names.kind", "may have mixed case"),
        ({"shortNames": ["W"]}, "spec.names.shortNames[0]", "DNS-1035"),
        ({"categories": [""]}, "spec.names.categories[0]", "DNS-1035"),
        ({"singular": "a" * 64}, "spec.names.singular", "no more than 63"),
    ],
)
def test_names(names, field, message):
    document = definition()
    document["spec"]["names"].update(names)
    (cause,) = definition_causes(ready(document), None)
    assert cause.field == field
    assert message in cause.message


@pytest.mark.parametrize(
    ("parts", "fields"),
    [
        ({"conversion": {"strategy": "Other"}}, ["spec.conversion.strategy"]),
        (
            {"conversion": {"strategy": "Webhook"}},
            ["spec.conversion.conversionReviewVersions", "spec.conversion.webhookClientConfig"],
        ),
        (
            {
                "conversion": {
                    "strategy": "None",
                    "webhook": {
                        "clientConfig": {"url": "https://a"},
                        "conversionReviewVersions": ["v1"],
                    },
                }
            },
            ["spec.conversion.conversionReviewVersions", "spec.conversion.webhookClientConfig"],
        ),
        (
            {
                "conversion": {
                    "strategy": "Webhook",
                    "webhook": {
                        "clientConfig": {"url": "http://a"},
                        "conversionReviewVersions": ["v9", "v9"],
                    },
                }
            },
            [
                "spec.conversion.conversionReviewVersions",
                "spec.conversion.conversionReviewVersions[1]",
                "spec.conversion.webhookClientConfig.url",
            ],
        ),
        ({"preserveUnknownFields": True}, ["spec.preserveUnknownFields"]),
        ({"versions": []}, ["spec.versions", "status.storedVersions"]),
        (
            {"versions": [version(deprecationWarning="old")]},
            ["spec.versions[0].deprecationWarning"],
        ),
        (
            {"versions": [version(deprecated=True, deprecationWarning="a\nb")]},
            ["spec.versions[0].deprecationWarning"],
        ),
        (
            {"versions": [version(subresources={"scale": {"specReplicasPath": ".status.a"}})]},
            [
                "spec.subresources.scale.specReplicasPath",
                "spec.subresources.scale.statusReplicasPath",
            ],
        ),
    ],
)
def test_other_parts(parts, fields):
    found = definition_causes(ready(definition(**{"versions": [version()], **parts})), None)
    assert sorted(cause.field for cause in found) == fields


def test_versions_that_differ_are_spoken_of_one_by_one():
    bad = version("v2", additionalPrinterColumns=[{"name": "A", "type": "date"}])
    (cause,) = definition_causes(ready(definition(version(), bad)), None)
    assert cause.field == "spec.versions[1].additionalPrinterColumns[0].JSONPath"


@pytest.mark.parametrize(("group", "field"), [("plain", "spec.group"), ("x.k8s.io", "metadata")])
def test_groups(group, field):
    document = definition(group=group)
    document["metadata"]["name"] = f"widgets.{group}"
    (cause,) = definition_causes(ready(document), None)
    assert cause.field.startswith(field)
    if group == "x.k8s.io":
        document["metadata"]["annotations"] = {"api-approved.kubernetes.io": "https://x"}
        assert list(definition_causes(document, None)) == []
        document["metadata"]["annotations"] = {"api-approved.kubernetes.io": "yes"}
        assert len(list(definition_causes(document, None))) == 1


def test_what_may_not_change():
    old = definition()
    default_definition(old, None, NOW)
    new = definition(version("v2", storage=True), scope="Cluster", group="other.com")
    default_definition(new, old, NOW)
    fields = {cause.field for cause in definition_causes(new, old)}
    assert fields == {"spec.scope", "spec.group", "status.storedVersions[0]"}


@pytest.mark.parametrize(
    ("paths", "reasons"),
    [
        ([".spec.size"], []),
        ([""], ["FieldValueRequired"]),
        ([".spec.size[0]"], ["FieldValueInvalid"]),
        ([".spec"], ["FieldValueInvalid"]),
        ([".spec.size", ".spec.size"], ["FieldValueDuplicate"]),
        ([".spec.none"] * 9, ["FieldValueInvalid"]),
    ],
)
def test_fields_to_select_by(paths, reasons):
    fields = [{"jsonPath": path} for path in paths]
    found = definition_causes(ready(definition(version(selectableFields=fields))), None)
    assert list(dict.fromkeys(cause.reason for cause in found)) == reasons
