"""What of a machine is copied, and by which names."""

from virtctl.local.runtime import volumecopies

SNAPSHOT = {
    "metadata": {"name": "s", "namespace": "n", "uid": "u"},
    "spec": {"source": {"name": "vm"}},
}
CLAIM = {
    "metadata": {"name": "c", "namespace": "n", "labels": {"a": "b"}, "uid": "x"},
    "spec": {"accessModes": ["ReadWriteOnce"]},
    "status": {"phase": "Bound"},
}


def test_disks_on_claims():
    volumes = [
        {"name": "root", "containerDisk": {}},
        {"name": "one", "persistentVolumeClaim": {"claimName": "c"}},
        {"name": "two", "dataVolume": {"name": "d"}},
    ]
    machine = {"spec": {"template": {"spec": {"volumes": volumes}}}}
    assert volumecopies.claims(machine) == {"one": "c", "two": "d"}
    assert volumecopies.claims({}) == {}


def test_a_backup_and_its_part():
    backup = volumecopies.build_backup("one", CLAIM, SNAPSHOT)
    assert backup["volumeSnapshotName"] == "vmsnapshot-u-volume-one"
    assert backup["persistentVolumeClaim"]["metadata"] == {
        "name": "c", "namespace": "n", "labels": {"a": "b"},
    }  # fmt: skip
    content = {"metadata": {"name": "content", "namespace": "n", "uid": "k"}}
    part = volumecopies.build_part(backup, content, SNAPSHOT)
    assert part["spec"]["source"] == {"persistentVolumeClaimName": "c"}
    assert part["metadata"]["annotations"][volumecopies.PART_OF] == "s"
    assert volumecopies.snapshot_class("d")["driver"] == "d"
