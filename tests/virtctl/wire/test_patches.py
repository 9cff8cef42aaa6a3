from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtctl.errors import UnsupportedMediaType
from virtctl.wire import patches
from virtctl.wire.patches import PatchType

OLD = {"spec": {"a": 1, "list": [1, 2]}, "metadata": {"labels": {"x": "y"}}}


def keys(path):
    return {
        ("spec", "containers"): ("name",),
        ("spec", "containers", "ports"): ("containerPort", "protocol"),
        ("metadata", "finalizers"): (),
    }.get(path)


def test_merge_patch() -> None:
    body = {"spec": {"a": None, "list": [3], "new": {"b": {"c": None}}}}
    new = patches.apply_merge_patch(OLD, body)
    assert new == {"spec": {"list": [3], "new": {"b": {}}}, "metadata": {"labels": {"x": "y"}}}


POD = {
    "spec": {
        "containers": [
            {"name": "a", "image": "1", "ports": [{"containerPort": 80, "protocol": "TCP"}]},
            {"name": "b", "image": "1"},
        ],
        "args": ["x"],
    },
    "metadata": {"finalizers": ["f1"]},
}


@pytest.mark.parametrize(
    ("patch", "names"),
    [
        ([{"name": "a", "image": "2"}], ["a", "b"]),
        ([{"name": "c"}], ["a", "b", "c"]),
        ([{"name": "a", "$patch": "delete"}], ["b"]),
        ([{"$patch": "replace"}, {"name": "d"}], ["d"]),
        ([{"name": "none", "$patch": "delete"}], ["a", "b"]),
    ],
)
def test_strategic_lists(patch, names) -> None:
    new = patches.apply_strategic_patch(POD, {"spec": {"containers": patch}}, keys)
    assert [item["name"] for item in new["spec"]["containers"]] == names


def test_strategic_merges_elements() -> None:
    patch = {
        "spec": {"containers": [{"name": "a", "ports": [{"containerPort": 81}]}], "args": ["y"]}
    }
    new = patches.apply_strategic_patch(POD, patch, keys)
    first = new["spec"]["containers"][0]
    assert first["image"] == "1"
    assert [port["containerPort"] for port in first["ports"]] == [80, 81]
    assert new["spec"]["args"] == ["y"]


def test_strategic_directives() -> None:
    patch = {
        "spec": {
            "$setElementOrder/containers": [{"name": "b"}, {"name": "a"}],
            "containers": [{"name": "b", "image": "2"}],
            "args": None,
        },
        "metadata": {"finalizers": ["f2"], "$deleteFromPrimitiveList/finalizers": ["f1"]},
    }
    new = patches.apply_strategic_patch(POD, patch, keys)
    assert [item["name"] for item in new["spec"]["containers"]] == ["b", "a"]
    assert "args" not in new["spec"]
    assert new["metadata"]["finalizers"] == ["f2"]
    replaced = patches.apply_strategic_patch(POD, {"spec": {"$patch": "replace", "z": 1}}, keys)
    assert replaced["spec"] == {"z": 1}
    deleted = patches.apply_strategic_patch(POD, {"spec": {"$patch": "delete"}}, keys)
    assert "spec" not in deleted
    kept = {"spec": {"$retainKeys": ["args"], "args": ["z"]}}
    assert patches.apply_strategic_patch(POD, kept, keys)["spec"] == {"args": ["z"]}


def test_types() -> None:
    assert patches.parse_type("application/merge-patch+json; charset=utf-8") is PatchType.MERGE
    with pytest.raises(UnsupportedMediaType):
        patches.parse_type("text/plain")
    assert patches.merge_patch({}).content_type == PatchType.MERGE
    assert patches.json_patch({"op": "x"}).body == [{"op": "x"}]


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=2)
NAMES = st.sampled_from("abc")
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=3)


def wanted_members(patch, result) -> bool:
    """Whether ``result`` has what an RFC 7386 ``patch`` says, member by member."""
    if not isinstance(patch, dict):
        return result == patch
    return isinstance(result, dict) and all(
        key not in result if value is None else wanted_members(value, result.get(key))
        for key, value in patch.items()
    )


@given(document=OBJECTS, patch=OBJECTS)
def test_merge_patches_say_what_is_then_there(document, patch) -> None:
    before = deepcopy(document)
    result = patches.apply_merge_patch(document, patch)
    assert wanted_members(patch, result)
    assert patches.apply_merge_patch(result, patch) == result
    assert {key: result[key] for key in document.keys() - patch.keys()} == {
        key: document[key] for key in document.keys() - patch.keys()
    }
    assert document == before


@given(document=OBJECTS, patch=OBJECTS)
def test_without_list_keys_a_strategic_patch_is_a_merge_patch(document, patch) -> None:
    result = patches.apply_strategic_patch(deepcopy(document), patch, lambda path: None)
    assert wanted_members(patch, result)
    assert patches.apply_strategic_patch(result, patch, lambda path: None) == result


ELEMENTS = st.lists(
    st.fixed_dictionaries({"name": NAMES}, optional={"x": st.integers(0, 3)}),
    max_size=3,
    unique_by=lambda element: element["name"],
)


@given(there=ELEMENTS, wanted=ELEMENTS)
def test_keyed_lists_keep_each_key_once(there, wanted) -> None:
    result = patches.apply_strategic_patch({"l": there}, {"l": wanted}, lambda path: ("name",))
    names = [element["name"] for element in result["l"]]
    assert sorted(names) == sorted({element["name"] for element in [*there, *wanted]})
    found = {element["name"]: element for element in result["l"]}
    assert all(element.items() <= found[element["name"]].items() for element in wanted)
