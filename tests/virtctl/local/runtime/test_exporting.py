"""What exports offer, and the manifests that make it elsewhere."""

import base64

from virtctl.local.runtime import exporting

EXPORT = {
    "metadata": {"name": "e1", "namespace": "shop"},
    "spec": {"source": {"kind": "VirtualMachine", "name": "vm"}},
}
CLAIM = {
    "metadata": {"name": "c", "annotations": {}},
    "spec": {"resources": {"requests": {"storage": "1Gi"}}},
    "status": {"phase": "Bound"},
}
MACHINE = {
    "metadata": {"name": "vm", "namespace": "shop", "labels": {"a": "b"}},
    "spec": {
        "dataVolumeTemplates": [{"metadata": {"name": "c"}}],
        "template": {
            "spec": {
                "volumes": [
                    {"name": "root", "containerDisk": {"image": "tiny"}},
                    {"name": "one", "persistentVolumeClaim": {"claimName": "c"}},
                ]
            }
        },
    },
}


def test_a_machine_elsewhere():
    (volume,) = exporting.volumes(EXPORT, MACHINE, {"c": CLAIM})
    made = exporting.manifests("https://h:1/e", EXPORT, MACHINE, (volume,), "PEM")
    certificates, disk, machine = made
    assert certificates["data"] == {"ca.pem": "PEM"}
    source = disk["spec"]["source"]["http"]
    assert source["url"] == "https://h:1/e/volumes/c/disk.img.gz"
    assert source["secretExtraHeaders"] == ["header-secret-e1"]
    assert disk["spec"]["storage"] == {"resources": {"requests": {"storage": "1Gi"}}}
    assert "dataVolumeTemplates" not in machine["spec"]
    assert "namespace" not in machine["metadata"]
    assert machine["spec"]["template"]["spec"]["volumes"][1] == {
        "name": "one", "dataVolume": {"name": "c"},
    }  # fmt: skip
    held = exporting.header_manifest(EXPORT, "t")["data"]["token"]
    assert base64.b64decode(held) == b"x-kubevirt-export-token:t"


def test_claims_that_are_not_as_they_must_be():
    assert exporting.is_populated(CLAIM)
    assert not exporting.is_populated({**CLAIM, "status": {}})
    filling = {"cdi.kubevirt.io/storage.upload.target": ""}
    metadata = {"name": "c", "annotations": filling}
    assert not exporting.is_populated({**CLAIM, "metadata": metadata})
    going = {"name": "c", "deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert not exporting.is_populated({**CLAIM, "metadata": going})


def test_formats_and_tokens():
    files = {**CLAIM, "metadata": {"name": "c", "annotations": {exporting.MEMORY_DUMP: "f"}}}
    (volume,) = exporting.volumes(EXPORT, MACHINE, {"c": files})
    assert [form for form, _ in volume.formats()] == ["dir", "tar.gz"]
    assert exporting.token_secret(EXPORT) == "export-token-e1"
    assert exporting.build_token(EXPORT, "t", {})["metadata"]["name"] == "export-token-e1"
    assert not exporting.is_ready(EXPORT)


def test_services_have_names_without_dots():
    export = {"metadata": {"name": "of.a.machine", "namespace": "default"}}
    assert exporting.service_name(export) == "virt-export-of-a-machine"
    export["metadata"]["name"] = "n" * 53
    assert exporting.service_name(export) == "v-efa2f187-" + "n" * 52
