from virtctl.manifests.upload import (
    CONTENT_TYPE,
    TARGET,
    Wish,
    data_source,
    data_volume,
    default_labels,
    pointing,
    volume_claim,
)
from virtctl.models.documents import Document, child, strings


def test_a_data_volume() -> None:
    made = data_volume("d", "ns", Wish("1Gi"))
    storage = {"resources": {"requests": {"storage": "1Gi"}}}
    spec = {"source": {"upload": {}}, "storage": storage, "contentType": "kubevirt"}
    assert (made["kind"], made["spec"]) == ("DataVolume", spec)
    assert made["metadata"] == {"name": "d", "namespace": "ns"}


def test_a_data_volume_with_all_wishes() -> None:
    wish = Wish("1Gi", "fast", "ReadWriteMany", "block", archive=True, force_bind=True)
    made = data_volume("d", "ns", wish._replace(labels={"l": "1"}))
    assert child(made, "spec", "storage") == {
        "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "fast",
        "accessModes": ["ReadWriteMany"], "volumeMode": "Block",
    }  # fmt: skip
    assert child(made, "spec")["contentType"] == "archive"
    bind = {"cdi.kubevirt.io/storage.bind.immediate.requested": ""}
    assert strings(made, "metadata", "annotations") == bind
    assert strings(made, "metadata", "labels") == {"l": "1"}


def test_a_claim_waits_for_an_upload() -> None:
    made = volume_claim("c", "ns", Wish("1Gi", archive=True, force_bind=True))
    notes = strings(made, "metadata", "annotations")
    assert (notes[TARGET], notes[CONTENT_TYPE]) == ("", "archive")
    assert "cdi.kubevirt.io/storage.bind.immediate.requested" in notes


def test_a_data_source() -> None:
    made = data_source("d", "ns", {"l": "1"})
    assert made["spec"] == {"source": {"pvc": {"namespace": "ns", "name": "d"}}}
    assert made["metadata"] == {"name": "d", "namespace": "ns", "labels": {"l": "1"}}


def test_labels_of_what_was_given() -> None:
    assert default_labels(instancetype="u1", preference="", preference_kind="") == {
        "instancetype.kubevirt.io/default-instancetype": "u1"
    }


def test_a_data_source_that_is_there_is_led_elsewhere() -> None:
    claim: Document = {"name": "d", "namespace": "n"}
    held: Document = {"metadata": {"labels": {"k": "1"}}, "spec": {"source": {"pvc": {}}}}
    assert pointing(held, "d", "n", {"l": "2"}) == [
        {"op": "replace", "path": "/metadata/labels", "value": {"k": "1", "l": "2"}},
        {"op": "replace", "path": "/spec/source/pvc", "value": claim},
    ]
    assert pointing({"spec": {"source": {}}}, "d", "n", {}) == [
        {"op": "add", "path": "/spec/source", "value": {"pvc": claim}}
    ]
