import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


_leaves = st.sampled_from([None, 0, 1, "a", "b", {}, []])
_elements = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("ab")}, optional={"size": _leaves}),
    max_size=2, unique_by=lambda one: one["name"],
)  # fmt: skip
_documents = st.fixed_dictionaries(
    {},
    optional={
        "kind": _leaves,
        "metadata": st.fixed_dictionaries(
            {}, optional={"name": _leaves, "finalizers": st.lists(st.sampled_from("ab"))}
        ),
        "spec": _leaves | st.fixed_dictionaries(
            {},
            optional={
                "volumes": _leaves | _elements,
                "selector": _leaves | st.fixed_dictionaries({}, optional={"a": _leaves}),
                "plain": _leaves | st.lists(_leaves, max_size=2),
            },
        ),
    },
)  # fmt: skip


@settings(deadline=None)
@given(_documents, _documents)
def test_what_changed_is_what_differs_between_all_fields(old, new) -> None:
    before, after = fieldsets.fields_of(old, keys), fieldsets.fields_of(new, keys)
    different, gone = fieldsets.changed(old, new, keys)
    assert gone == before - after
    for path in after:
        inner = any(other != path and other[: len(path)] == path for other in after)
        same = path in before and (
            (inner and not path[-1].startswith("f:"))
            or fieldsets.lookup(old, path) == fieldsets.lookup(new, path)
        )
        assert (path in different) is not same
    assert different <= after


def test_elements_that_cannot_be_told_apart() -> None:
    structure = FakeStructure({("l",): ("name",), ("p",): ("port", "protocol"), ("s",): ()})
    good = {"l": [{"name": "a"}, {"name": "b"}], "p": [{"port": 1}], "s": ["a"], "x": [1, 1]}
    assert [*fieldsets.misfits(good, structure)] == []
    bad = {"l": [{"name": "a"}, {"name": "a"}, {}], "p": [{}], "s": ["a", "a"]}
    assert [line.partition(":")[0] for line in fieldsets.misfits(bad, structure)] == [
        ".l", ".l", ".p", ".s",
    ]  # fmt: skip
