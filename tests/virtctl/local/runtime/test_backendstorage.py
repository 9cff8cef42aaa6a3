import pytest

from virtctl.local.runtime import backendstorage


def vmi(devices=None, firmware=None, owners=()):
    domain = {"devices": devices or {}, "firmware": firmware or {}}
    metadata = {"name": "web", "namespace": "shop", "uid": "i", "ownerReferences": list(owners)}
    return {"metadata": metadata, "spec": {"domain": domain}}


@pytest.mark.parametrize(
    ("machine", "needed"),
    [
        (vmi(), False),
        (vmi({"tpm": {}}), False),
        (vmi({"tpm": {"persistent": True}}), True),
        (vmi({"tpm": {"persistent": True, "enabled": False}}), False),
        (vmi(firmware={"bootloader": {"efi": {"persistent": True}}}), True),
        (vmi(firmware={"bootloader": {"efi": {}}}), False),
    ],
)
def test_who_needs_it(machine, needed):
    assert backendstorage.is_needed(machine) is needed


def test_the_claim_is_the_machines():
    owner = {"kind": "VirtualMachine", "name": "web", "uid": "m", "controller": True}
    made = backendstorage.build(vmi(owners=[owner]), {"vmStateStorageClass": "fast"})
    assert made["metadata"]["labels"] == {"persistent-state-for": "web"}
    assert made["metadata"]["name"].startswith("persistent-state-for-web-")
    (reference,) = made["metadata"]["ownerReferences"]
    assert reference == {"kind": "VirtualMachine", "name": "web", "uid": "m"}
    assert made["spec"]["storageClassName"] == "fast"
    again = backendstorage.build(vmi(owners=[owner]), {})
    assert again["metadata"]["name"] == made["metadata"]["name"]
    assert "storageClassName" not in again["spec"]


def test_an_instance_of_its_own_owns_it():
    (reference,) = backendstorage.build(vmi(), {})["metadata"]["ownerReferences"]
    assert (reference["kind"], reference["uid"]) == ("VirtualMachineInstance", "i")


def test_the_pod_has_it():
    assert backendstorage.pod_volume("c") == {
        "name": "vm-state", "persistentVolumeClaim": {"claimName": "c"},
    }  # fmt: skip
    assert [one["subPath"] for one in backendstorage.mounts("c")] == [
        "nvram", "swtpm", "swtpm-localca",
    ]  # fmt: skip
    assert backendstorage.mounts("") == []
