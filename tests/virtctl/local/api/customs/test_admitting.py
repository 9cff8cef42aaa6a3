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
        ({"versions": [version(served=False)]}, "spec.versions", "at least one served"),
        (
            {"versions": [version(), version(storage=False)]},
            "spec.versions[1]",
            "must be unique",
        ),
        ({"versions": [version("V1", storage=True)]}, "spec.versions[0].name", "DNS-1035"),
        (
            {"versions": [version(schema={})]},
            "spec.versions[0].schema.openAPIV3Schema",
            "schemas are required",
        ),
        (
            {"versions": [version(schema={"openAPIV3Schema": {"type": "string"}})]},
            "spec.versions[0].schema.openAPIV3Schema.type",
            "must be object at the root",
        ),
        (
            {
                "versions": [
                    version(additionalPrinterColumns=[{"name": "A", "type": "x", "jsonPath": ".a"}])
                ]
            },
            "spec.versions[0].additionalPrinterColumns[0].type",
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
            "spec.versions[0].additionalPrinterColumns[0].jsonPath",
            "simple JSONPath",
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


def test_a_good_definition():
    assert list(definition_causes(definition(), None)) == []


@pytest.mark.parametrize(("group", "field"), [("plain", "spec.group"), ("x.k8s.io", "metadata")])
def test_groups(group, field):
    document = definition(group=group)
    document["metadata"]["name"] = f"widgets.{group}"
    (cause,) = definition_causes(document, None)
    assert cause.field.startswith(field)
    if group == "x.k8s.io":
        document["metadata"]["annotations"] = {"api-approved.kubernetes.io": "https://x"}
        assert list(definition_causes(document, None)) == []


def test_what_may_not_change():
    old = definition()
    default_definition(old, None, NOW)
    new = definition(version("v2", storage=True), scope="Cluster")
    fields = {cause.field for cause in definition_causes(new, old)}
    assert fields == {"spec.scope", "status.storedVersions[0]"}


@pytest.mark.parametrize(
    ("paths", "reasons"),
    [
        ([".spec.size"], []),
        ([""], ["FieldValueRequired"]),
        ([".spec.size[0]"], ["FieldValueInvalid"]),
        ([".spec"], ["FieldValueInvalid"]),
        ([".spec.size", ".spec.size"], ["FieldValueDuplicate"]),
        ([".spec.none"] * 9, ["FieldValueTooMany", "FieldValueInvalid", "FieldValueDuplicate"]),
    ],
)
def test_fields_to_select_by(paths, reasons):
    fields = [{"jsonPath": path} for path in paths]
    found = definition_causes(definition(version(selectableFields=fields)), None)
    assert list(dict.fromkeys(cause.reason for cause in found)) == reasons
