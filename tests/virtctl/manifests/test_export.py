import pytest

from virtctl.manifests.export import Wish, build, build_secret


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("vm", {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": "x"}),
        ("pvc", {"kind": "PersistentVolumeClaim", "name": "x"}),
        (
            "snapshot",
            {"apiGroup": "snapshot.kubevirt.io", "kind": "VirtualMachineSnapshot", "name": "x"},
        ),
        (
            "vmtemplate",
            {"apiGroup": "template.kubevirt.io", "kind": "VirtualMachineTemplate", "name": "x"},
        ),
    ],
)
def test_sources(source: str, wanted: object) -> None:
    made = build("e", "ns", Wish(source, "x"))
    assert made["spec"] == {"source": wanted, "tokenSecretRef": "secret-e"}


def test_what_else_it_says() -> None:
    made = build("e", "ns", Wish("vm", "x", "1h0m0s", {"a": "b"}, {"c": "d"}))
    metadata = {"name": "e", "namespace": "ns", "labels": {"a": "b"}, "annotations": {"c": "d"}}
    assert made["metadata"] == metadata
    assert isinstance(made["spec"], dict)
    assert made["spec"]["ttlDuration"] == "1h0m0s"


def test_the_token_goes_with_the_export() -> None:
    secret = build_secret({"metadata": {"name": "e", "uid": "u"}}, "ns", "tok")
    assert secret["data"] == {"token": "dG9r"}
    owner = {
        "apiVersion": "export.kubevirt.io/v1", "kind": "VirtualMachineExport", "name": "e",
        "uid": "u", "controller": True, "blockOwnerDeletion": False,
    }  # fmt: skip
    metadata = {"name": "secret-e", "namespace": "ns", "ownerReferences": [owner]}
    assert secret["metadata"] == metadata
