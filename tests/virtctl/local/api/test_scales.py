import pytest

from virtctl.errors import BadRequest, Invalid
from virtctl.local.api.scales import ScalePaths, build_scale, patch_scale, scaled
from virtctl.models.kinds import DEPLOYMENT, INSTANCE_REPLICA_SET
from virtctl.wire.patches import PatchBody, json_patch, merge_patch

DOCUMENT = {
    "metadata": {"name": "rs1", "namespace": "n", "uid": "u", "resourceVersion": "7"},
    "spec": {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}},
    "status": {"replicas": 1, "labelSelector": "x=y"},
}


def test_a_scale_is_read_out_of_an_object():
    scale = build_scale(INSTANCE_REPLICA_SET, DOCUMENT)
    assert (scale["apiVersion"], scale["kind"]) == ("autoscaling/v1", "Scale")
    assert scale["metadata"]["resourceVersion"] == "7"
    assert scale["spec"] == {"replicas": 2}
    assert scale["status"] == {"replicas": 1, "selector": "x=y"}


def test_zero_is_left_out():
    scale = build_scale(INSTANCE_REPLICA_SET, {**DOCUMENT, "spec": {"replicas": 0}, "status": {}})
    assert scale["spec"] == {}
    assert scale["status"] == {"replicas": 0}


def test_kinds_of_kubernetes_spell_their_selector():
    assert build_scale(DEPLOYMENT, DOCUMENT)["status"]["selector"] == "a=b"


def test_other_paths():
    paths = ScalePaths(("spec", "size"), ("status", "size"), ())
    document = {"metadata": {"name": "c"}, "spec": {"size": 4}, "status": {"size": 3}}
    scale = build_scale(INSTANCE_REPLICA_SET, document, paths)
    assert (scale["spec"], scale["status"]) == ({"replicas": 4}, {"replicas": 3})
    assert scaled(INSTANCE_REPLICA_SET, document, {"spec": {"replicas": 5}}, paths)["spec"] == {
        "size": 5
    }


def test_patches():
    scale = build_scale(INSTANCE_REPLICA_SET, DOCUMENT)
    replaced = json_patch({"op": "replace", "path": "/spec/replicas", "value": 5})
    assert patch_scale(scale, replaced)["spec"] == {"replicas": 5}
    merged = patch_scale(scale, merge_patch({"spec": {"replicas": 6}}))
    assert scaled(INSTANCE_REPLICA_SET, DOCUMENT, merged)["spec"]["replicas"] == 6
    assert DOCUMENT["spec"]["replicas"] == 2
    with pytest.raises(BadRequest, match="object"):
        patch_scale(scale, PatchBody("application/merge-patch+json", 3))


def test_the_version_that_was_read_goes_along():
    scale = {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 1}}
    made = scaled(INSTANCE_REPLICA_SET, DOCUMENT, scale)
    assert made["metadata"]["resourceVersion"] == "1"


def test_what_cannot_be_a_number_of_replicas():
    with pytest.raises(Invalid, match="should be a non-negative integer") as caught:
        scaled(INSTANCE_REPLICA_SET, DOCUMENT, {"spec": {"replicas": -1}})
    assert caught.value.details.causes[0].field == ".spec.replicas"
    with pytest.raises(BadRequest, match="number"):
        scaled(INSTANCE_REPLICA_SET, DOCUMENT, {"spec": {"replicas": "3"}})
    with pytest.raises(BadRequest, match="does not match"):
        scaled(INSTANCE_REPLICA_SET, DOCUMENT, {"metadata": {"name": "other"}})
    with pytest.raises(BadRequest, match="expected a Scale"):
        scaled(INSTANCE_REPLICA_SET, DOCUMENT, {"kind": "Pod"})
