"""Definitions, read."""

import pytest

from tests.fakes.definitions import definition, version, widget
from virtctl.errors import InvalidField
from virtctl.local.api.customs.definition import read_definition
from virtctl.local.api.scales import ScalePaths


def test_the_kind():
    kind = read_definition(definition()).kind
    assert (kind.api_version, kind.name, kind.plural) == ("example.com/v1", "Widget", "widgets")
    assert (kind.namespaced, kind.short, kind.categories) == (True, ("wd",), ("all",))
    assert kind.subresources == ("scale", "status")


def test_versions():
    older = version("v1alpha1", deprecated=True, additionalPrinterColumns=[])
    gone = version("v1alpha2", served=False)
    warned = version("v1beta1", deprecated=True, deprecationWarning="use v1")
    found = read_definition(definition(older, gone, warned, version()))
    assert (found.kind.version, found.kind.also) == ("v1", ("v1beta1", "v1alpha1"))
    assert found.warning("v1") == ""
    assert found.warning("v1beta1") == "use v1"
    assert found.warning("v1alpha1") == (
        "example.com/v1alpha1 Widget is deprecated; use example.com/v1 Widget"
    )
    assert [column.name for column in found.columns("v1")] == ["Name", "Size"]
    assert [column.name for column in found.columns("v1alpha1")] == ["Name", "Age"]


def test_what_is_deprecated_without_a_better_version():
    found = read_definition(definition(version(deprecated=True)))
    assert found.warning("v1") == "example.com/v1 Widget is deprecated"


def test_columns_whose_path_cannot_be_read_are_not_printed():
    bad = {"name": "Bad", "type": "string", "jsonPath": ".spec.l[x]"}
    good = {"name": "Good", "type": "string", "jsonPath": ".spec.l"}
    found = read_definition(definition(version(additionalPrinterColumns=[bad, good])))
    assert [column.name for column in found.columns("v1")] == ["Name", "Good"]


def test_what_objects_are_selected_by_and_called():
    document = definition(version(selectableFields=[{"jsonPath": ".spec.size"}]))
    assert read_definition(document).kind.selectable == ("spec.size",)
    assert read_definition(document).kind.singular == "widget"
    document["spec"]["names"]["singular"] = "a-widget"
    assert read_definition(document).kind.singular == "a-widget"


def test_where_the_size_is():
    paths = ScalePaths(("spec", "size"), ("status", "replicas"), ())
    assert read_definition(definition()).scale == paths
    assert read_definition(definition(version(subresources={}))).scale is None


def test_objects_of_several_stored_versions():
    document = definition()
    assert read_definition(document).is_uniform
    document["status"] = {"storedVersions": ["v1alpha1", "v1"]}
    assert not read_definition(document).is_uniform


def test_objects():
    found = read_definition(definition())
    new = widget()
    found.fill(new)
    assert new["spec"]["limit"] == 10
    assert found.type_causes(new) == []
    assert [cause.field for cause in found.type_causes(widget(size="x"))] == ["spec.size"]
    new["spec"]["size"] = 11
    assert [cause.message for cause in found.rule_causes(new, None)] == [
        "Invalid value: is too large"
    ]


def test_a_definition_that_serves_nothing():
    with pytest.raises(InvalidField):
        read_definition(definition(version(served=False)))
    with pytest.raises(InvalidField):
        read_definition(definition(version(storage=False)))
