"""The served kinds."""

from tests.fakes.definitions import definition, version
from virtctl.local.api.registry import Registry
from virtctl.local.api.scales import ScalePaths
from virtctl.models import kinds


def test_the_table():
    registry = Registry()
    assert registry.kinds == kinds.KINDS
    assert registry.by_plural("kubevirt.io", "v1alpha3", "virtualmachines") == kinds.VIRTUAL_MACHINE
    assert registry.by_name("v1", "Pod") == kinds.POD
    assert registry.definition(kinds.POD) is None
    assert "spec" in registry.shape(kinds.POD).fields
    assert registry.columns(kinds.KUBEVIRT, "v1")[0].name == "Name"
    assert "deprecated" in registry.deprecation(kinds.KUBEVIRT, "v1alpha3")
    assert registry.scale(kinds.POOL) == ScalePaths()
    assert registry.is_stored_as(kinds.KUBEVIRT, "v1")
    assert not registry.is_stored_as(kinds.KUBEVIRT, "v1alpha3")
    assert registry.is_own("pods")
    assert not registry.is_own("widgets.example.com")


def test_kinds_come_and_go():
    registry = Registry()
    heard = []
    unsubscribe = registry.subscribe(lambda: heard.append(len(registry.kinds)))
    registry.put(definition(version(), version("v1beta1", deprecated=True)))
    kind = registry.by_plural("example.com", "v1beta1", "widgets")
    assert (kind.name, kind.version) == ("Widget", "v1")
    assert registry.by_name("example.com/v1", "Widget") == kind
    assert registry.definition(kind).shape is registry.shape(kind)
    assert [column.name for column in registry.columns(kind, "v1")] == ["Name", "Size"]
    said = registry.deprecation(kind, "v1beta1")
    assert said == "example.com/v1beta1 Widget is deprecated; use example.com/v1 Widget"
    assert registry.scale(kind).spec == ("spec", "size")
    assert registry.is_stored_as(kind, "v1")
    registry.drop("widgets.example.com")
    assert registry.by_name("example.com/v1", "Widget") is None
    registry.drop("widgets.example.com")
    unsubscribe()
    registry.put(definition())
    assert heard == [len(kinds.KINDS) + 1, len(kinds.KINDS)]


def test_a_definition_that_serves_nothing_is_no_kind():
    registry = Registry()
    registry.put(definition())
    registry.put(definition(version(served=False)))
    assert registry.by_name("example.com/v1", "Widget") is None


def test_our_own_kinds_stay_as_they_are():
    registry = Registry()
    document = definition(group="kubevirt.io")
    document["metadata"]["name"] = "virtualmachines.kubevirt.io"
    registry.put(document)
    assert registry.kinds == kinds.KINDS
