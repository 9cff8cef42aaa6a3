"""Claims, volumes and storage classes."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.storage import ClaimSpec, PersistentVolume, PersistentVolumeClaim, StorageClass


def test_reads_a_claim():
    claim = read(
        PersistentVolumeClaim,
        {
            "metadata": {"name": "c"},
            "spec": {"resources": {"requests": {"storage": "1Gi"}}, "volumeMode": "Filesystem"},
            "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}},
        },
    )
    assert claim.spec.resources.requests == {"storage": "1Gi"}
    assert claim.status.phase == "Bound"


def test_reads_a_volume_and_a_class():
    volume = read(PersistentVolume, {"metadata": {}, "spec": {"hostPath": {"path": "/v"}}})
    assert volume.spec.host_path.path == "/v"
    made = read(StorageClass, {"metadata": {"name": "local"}, "provisioner": "virtctl"})
    assert made.provisioner == "virtctl"


def test_claims_are_those_of_the_real_definition():
    schema = crds.real(crds.MACHINE, "spec", "dataVolumeTemplates", "spec", "pvc")
    assert crds.differences(ClaimSpec, schema) == []
