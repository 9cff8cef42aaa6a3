from virtctl.manifests.claim import APPLY_PROFILE, Wish, build


def test_a_claim_leaves_the_rest_to_the_cluster() -> None:
    made = build("c", "ns", Wish("1Gi"))
    assert made["metadata"] == {"name": "c", "namespace": "ns", "labels": {APPLY_PROFILE: "true"}}
    storage = {"requests": {"storage": "1Gi"}}
    assert made["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": storage}


def test_all_that_can_be_said() -> None:
    wish = Wish("1Gi", "fast", "ReadWriteMany", "Block", {"l": "1"}, {"a": "2"})
    made = build("c", "ns", wish)
    assert made["spec"] == {
        "accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "fast", "volumeMode": "Block",
    }  # fmt: skip
    assert made["metadata"] == {
        "name": "c", "namespace": "ns", "labels": {APPLY_PROFILE: "true", "l": "1"},
        "annotations": {"a": "2"},
    }  # fmt: skip
