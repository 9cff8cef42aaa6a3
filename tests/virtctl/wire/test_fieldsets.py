import pytest

from tests.fakes.structure import FakeStructure
from virtctl.wire import fieldsets

keys = FakeStructure(
    {
        ("spec", "volumes"): ("name",),
        ("metadata", "finalizers"): (),
        ("spec", "ports"): ("port", "protocol"),
    },
    atomic=[("spec", "selector")],
)

DOCUMENT = {
    "apiVersion": "v1",
    "kind": "Thing",
    "metadata": {"name": "a", "labels": {"x.y/z": "1"}, "finalizers": ["f"]},
    "spec": {"volumes": [{"name": "v", "size": 1}], "plain": [1, 2], "empty": {}, "none": None},
}
V1 = {
    "f:metadata": {"f:finalizers": {'v:"f"': {}}, "f:labels": {"f:x.y/z": {}}},
    "f:spec": {
        "f:empty": {},
        "f:plain": {},
        "f:volumes": {'k:{"name":"v"}': {".": {}, "f:name": {}, "f:size": {}}},
    },
}


def test_fields_round_trip() -> None:
    fields = fieldsets.fields_of(DOCUMENT, keys)
    assert fieldsets.encode(fields) == V1
    assert fieldsets.decode(V1) == fields


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("f:spec", "f:plain"), [1, 2]),
        (("f:spec", "f:volumes", 'k:{"name":"v"}', "f:size"), 1),
        (("f:metadata", "f:finalizers", 'v:"f"'), "f"),
        (("f:spec", "f:volumes", 'k:{"name":"w"}', "f:size"), fieldsets.Absent.ABSENT),
        (("f:spec", "f:nothing"), fieldsets.Absent.ABSENT),
    ],
)
def test_lookup(path, value) -> None:
    assert fieldsets.lookup(DOCUMENT, path) == value


def test_changed() -> None:
    new = {
        **DOCUMENT,
        "spec": {"volumes": [{"name": "v", "size": 2}, {"name": "w"}], "empty": {}},
    }
    changed, removed = fieldsets.changed(DOCUMENT, new, keys)
    assert {fieldsets.spell(path) for path in changed} == {
        '.spec.volumes[name="v"].size', '.spec.volumes[name="w"]', '.spec.volumes[name="w"].name'
    }  # fmt: skip
    assert {fieldsets.spell(path) for path in removed} == {".spec.plain"}


def test_remove() -> None:
    document = {"a": {"b": 1}, "spec": {"volumes": [{"name": "v"}, {"name": "w"}]}}
    fieldsets.remove(document, ("f:a", "f:b"))
    fieldsets.remove(document, ("f:spec", "f:volumes", 'k:{"name":"v"}'))
    fieldsets.remove(document, ("f:none", "f:b"))
    assert document == {"a": {}, "spec": {"volumes": [{"name": "w"}]}}


def test_merge() -> None:
    wanted = {
        "metadata": {"finalizers": ["g"]},
        "spec": {"volumes": [{"name": "v", "mode": "x"}, {"name": "w"}], "plain": [3], "n": None},
    }
    merged = fieldsets.merge(DOCUMENT, wanted, keys)
    assert merged["metadata"]["finalizers"] == ["f", "g"]
    assert merged["spec"]["volumes"] == [{"name": "v", "size": 1, "mode": "x"}, {"name": "w"}]
    assert merged["spec"]["plain"] == [3]
    assert "n" not in merged["spec"]


def test_spell_several_keys() -> None:
    part = fieldsets.element_part({"port": 80, "protocol": "TCP"}, ("port", "protocol"))
    assert fieldsets.spell(("f:spec", "f:ports", part)) == '.spec.ports[port=80,protocol="TCP"]'
    assert fieldsets.spell(("f:a", 'v:"x"')) == '.a[="x"]'


def test_atomic_objects_are_one_field() -> None:
    document = {"spec": {"selector": {"a": {"b": 1}}}}
    assert fieldsets.fields_of(document, keys) == {("f:spec", "f:selector")}
    wanted = {"spec": {"selector": {"c": 2}}}
    assert fieldsets.merge(document, wanted, keys) == wanted
    changed, _ = fieldsets.changed(document, wanted, keys)
    assert changed == {("f:spec", "f:selector")}
