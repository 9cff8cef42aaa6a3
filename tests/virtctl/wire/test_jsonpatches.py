import pytest

from virtctl.errors import ApiError, BadRequest, Invalid
from virtctl.wire.jsonpatches import apply_json_patch

OLD = {"spec": {"a": 1, "list": [1, 2]}, "metadata": {"labels": {"x": "y"}}}


def test_json_patch() -> None:
    operations = [
        {"op": "test", "path": "/spec/a", "value": 1},
        {"op": "replace", "path": "/spec/a", "value": 2},
        {"op": "remove", "path": "/metadata/labels/x"},
    ]
    new = apply_json_patch(OLD, operations)
    assert new["spec"]["a"] == 2
    assert new["metadata"]["labels"] == {}
    assert OLD["spec"]["a"] == 1


def test_json_patch_of_what_an_object_has_not() -> None:
    """evanphx/json-patch, which kube-apiserver uses, replaces what is not there, and finds null."""
    operations = [
        {"op": "test", "path": "/metadata/annotations", "value": None},
        {"op": "replace", "path": "/metadata/annotations", "value": {"a": "b"}},
    ]
    assert apply_json_patch(OLD, operations)["metadata"]["annotations"] == {"a": "b"}
    for operation in (
        {"op": "replace", "path": "/spec/none/a", "value": 1},
        {"op": "replace", "path": "/spec/list/7", "value": 1},
        {"op": "test", "path": "/metadata/annotations", "value": {}},
    ):
        with pytest.raises(Invalid):
            apply_json_patch(OLD, [operation])


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/spec/a", "value": 9},
        {"op": "remove", "path": "/spec/none"},
        {"op": "paint", "path": "/spec/a"},
        {"op": "replace", "path": "", "value": []},
        {"path": "/spec/a"},
    ],
)
def test_json_patch_that_does_not_fit(operation) -> None:
    with pytest.raises(Invalid, match="the server rejected our request"):
        apply_json_patch(OLD, [operation])


@pytest.mark.parametrize("body", [{}, ["x"], None])
def test_json_patch_that_is_none(body) -> None:
    with pytest.raises(BadRequest):
        apply_json_patch(OLD, body)


@pytest.mark.parametrize(
    ("operation", "spec"),
    [
        ({"op": "add", "path": "/spec/list/-1", "value": 3}, {"a": 1, "list": [1, 2, 3]}),
        ({"op": "add", "path": "/spec/list/0", "value": 0}, {"a": 1, "list": [0, 1, 2]}),
        ({"op": "add", "path": "/spec/list/-", "value": 3}, {"a": 1, "list": [1, 2, 3]}),
        ({"op": "remove", "path": "/spec/list/-1"}, {"a": 1, "list": [1]}),
        ({"op": "replace", "path": "/spec/list/-2", "value": 7}, {"a": 1, "list": [7, 2]}),
        ({"op": "add", "path": "/spec/b"}, {"a": 1, "list": [1, 2], "b": None}),
        ({"op": "copy", "from": "/spec/no", "path": "/spec/a"}, {"a": None, "list": [1, 2]}),
        ({"op": "move", "from": "/spec/a", "path": "/spec/a~1b"}, {"list": [1, 2], "a/b": 1}),
        ({"op": "copy", "from": "/spec/list", "path": "/spec/a"}, {"a": [1, 2], "list": [1, 2]}),
    ],
)  # fmt: skip
def test_json_patch_as_the_library_reads_it(operation, spec) -> None:
    assert apply_json_patch(OLD, [operation])["spec"] == spec
    assert OLD["spec"] == {"a": 1, "list": [1, 2]}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "/spec/list/9", "value": 1},
        {"op": "add", "path": "/spec/list/x", "value": 1},
        {"op": "remove", "path": "/spec/list/-3"},
        {"op": "add", "path": "", "value": {}},
        {"op": "add", "path": "spec", "value": {}},
        {"op": "add", "path": "/spec/a/b", "value": 1},
        {"op": "add", "value": 1},
        {"op": "move", "path": "/spec/b"},
        {"op": "move", "from": "/spec/no", "path": "/spec/b"},
        {"op": "test", "path": "/spec/a", "value": True},
        {"op": "test", "path": "", "value": {}},
    ],
)
def test_json_patch_that_the_library_refuses(operation) -> None:
    with pytest.raises(Invalid):
        apply_json_patch(OLD, [operation])


def test_json_patch_of_nothing_to_do() -> None:
    with pytest.raises(Invalid):
        apply_json_patch(OLD, [None])
    assert apply_json_patch(OLD, []) == OLD


def test_json_patch_of_other_types() -> None:
    with pytest.raises(BadRequest, match=r"number into Go struct field jsonPatchOp\.op of type"):
        apply_json_patch(OLD, [{"op": 1, "path": "/a"}])
    with pytest.raises(BadRequest, match="array into Go value"):
        apply_json_patch(OLD, [[]])


def test_json_patch_too_long() -> None:
    many = [{"op": "test", "path": "/spec/a", "value": 1}] * 10_001
    with pytest.raises(ApiError) as refused:
        apply_json_patch(OLD, many)
    assert refused.value.code == 413


def test_copies_do_not_grow_without_end() -> None:
    double = {"op": "copy", "from": "", "path": "/a"}
    document = {"data": {"x": "y" * 1000}}
    copies = [{**double, "from": "/data", "path": f"/data/c{number}"} for number in range(10)]
    assert len(str(apply_json_patch(document, copies))) > 500_000
    more = [{**double, "from": "/data", "path": f"/data/c{number}"} for number in range(40)]
    with pytest.raises(Invalid):
        apply_json_patch(document, more)
