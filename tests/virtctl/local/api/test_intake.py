import pytest

from virtctl.errors import ApiError, BadRequest, Invalid
from virtctl.local.api import intake
from virtctl.models.kinds import CONFIG_MAP, VIRTUAL_MACHINE


def problem(metadata, kind=VIRTUAL_MACHINE):
    return intake.metadata_problem(kind, {"metadata": metadata})


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ("x", "cannot unmarshal string into Go value of type v1.ObjectMeta"),
        ({"name": 5}, "number into Go struct field ObjectMeta.name of type string"),
        ({"labels": {"a": 1}}, "number into Go struct field ObjectMeta.labels of type string"),
        ({"labels": "x"}, "string into Go struct field ObjectMeta.labels of type map[string]str"),
        ({"finalizers": "x"}, "string into Go struct field ObjectMeta.finalizers of type []string"),
        (
            {"ownerReferences": [{"controller": "yes"}]},
            "string into Go struct field ObjectMeta.ownerReferences.controller of type bool",
        ),
        ({"creationTimestamp": "soon"}, 'parsing time "soon" as "2006-01-02T15:04:05Z07:00"'),
    ],
)
def test_metadata_that_go_cannot_read(metadata, words):
    assert words in problem(metadata)


def test_metadata_of_kubernetes_own_kinds():
    assert "into Go struct field ConfigMap.metadata of" in problem(["x"], CONFIG_MAP)


def test_metadata_that_go_reads():
    assert problem(None) == ""
    assert problem({"labels": {}, "creationTimestamp": "2026-01-01T00:00:00Z", "x": 1}) == ""


def test_what_a_patch_makes_of_a_type():
    assert intake.type_problem(CONFIG_MAP, {"kind": "ConfigMap"}) == ""
    assert 'no kind "Other" is registered' in intake.type_problem(CONFIG_MAP, {"kind": "Other"})
    assert intake.type_problem(VIRTUAL_MACHINE, {"kind": "Other", "apiVersion": "v1"}) == ""
    assert "'Kind' is missing" in intake.type_problem(VIRTUAL_MACHINE, {"apiVersion": "v1"})
    assert "'apiVersion' is missing" in intake.type_problem(VIRTUAL_MACHINE, {"kind": "A"})


def test_a_custom_resource_keeps_its_type():
    with pytest.raises(Invalid) as refused:
        intake.check_kept_type(
            VIRTUAL_MACHINE, {"apiVersion": "a/v9", "kind": "B", "metadata": {"name": "n"}}
        )
    details = refused.value.details
    assert (details.group, details.kind, details.name) == ("a", "B", "n")
    assert [cause.field for cause in details.causes] == ["kind", "apiVersion"]
    intake.check_kept_type(VIRTUAL_MACHINE, {})


def test_a_body_is_of_the_version_of_its_path():
    with pytest.raises(BadRequest, match=r"API version in the data \(v1\) does not match"):
        intake.check_version(VIRTUAL_MACHINE, {"apiVersion": "v1"})
    intake.check_version(CONFIG_MAP, {"apiVersion": "v9"})


def test_a_body_has_the_name_of_its_path():
    with pytest.raises(BadRequest, match="n based on URL"):
        intake.check_named("n", {"metadata": {}})
    intake.check_named("n", {"metadata": {"name": "other"}})


def test_revisions():
    assert intake.revision_of({"metadata": {"resourceVersion": "12"}}) == "12"
    assert intake.revision_of({"metadata": {"resourceVersion": "0"}}) == ""
    assert intake.revision_of({}) == ""
    with pytest.raises(ApiError) as refused:
        intake.revision_of({"metadata": {"resourceVersion": "x"}})
    assert (refused.value.code, refused.value.reason) == (500, "")
