"""Stand-ins for what nobody has resolved."""

import pytest

from tests.fakes.manifests import instance, with_disk
from virtctl.errors import ApiError
from virtctl.local.node.assumptions import admitted, instance_of, supposed
from virtctl.models import documents as doc

MACHINE = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachine",
    "metadata": {"name": "web"},
    "spec": {
        "template": {
            "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}},
            "spec": {"domain": {"devices": {}}},
        }
    },
}


def test_instance_of_a_machine() -> None:
    vmi = instance_of(MACHINE)
    assert vmi["kind"] == "VirtualMachineInstance"
    assert doc.namespace_of(vmi) == "default"
    assert doc.strings(vmi, "metadata", "labels") == {"a": "b"}
    assert doc.uid_of(vmi)
    assert doc.text(vmi, "spec", "domain", "firmware", "uuid")
    assert vmi == instance_of(MACHINE)
    assert "firmware" not in MACHINE["spec"]["template"]["spec"]["domain"]


def test_an_instance_keeps_what_it_has() -> None:
    assert instance_of(instance()) == instance()


def test_everything_is_supposed_to_be_there() -> None:
    facts = supposed(with_disk({"containerDisk": {"image": "tiny"}}))
    assert facts.images["v"].path == "<image tiny>"
    assert "any" in facts.secrets
    assert facts.secrets["any"]["key"] == b"<secret any>"
    assert facts.secrets["any"]["userdata"] == b"<userdata of secret any>"


def test_claims_are_supposed_to_be_files() -> None:
    facts = supposed(with_disk({"dataVolume": {"name": "d"}}))
    assert facts.claims["d"].path == "<claim d>/disk.img"


def test_defaults_are_those_of_a_fresh_cluster() -> None:
    vmi = with_disk({"emptyDisk": {"capacity": "1Mi"}}, {"cdrom": {}})
    del vmi["spec"]["domain"]["features"]
    filled = admitted(vmi)
    assert doc.flag(filled, "spec", "domain", "features", "acpi", "enabled")
    (disk,) = doc.objects(filled, "spec", "domain", "devices", "disks")
    assert doc.text(disk, "cdrom", "bus") == "sata"
    (nic,) = doc.objects(filled, "spec", "domain", "devices", "interfaces")
    assert "bridge" in nic


def test_what_a_cluster_would_refuse_is_refused() -> None:
    vmi = instance(metadata__labels={"kubevirt.io/created-by": "me"})
    with pytest.raises(ApiError, match="reserved"):
        admitted(vmi)
