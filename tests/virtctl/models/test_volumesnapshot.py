"""Snapshots of volumes."""

import pytest

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.volumesnapshot import VolumeSnapshot, VolumeSnapshotClass, VolumeSnapshotContent


def test_reads_a_snapshot():
    source = {"persistentVolumeClaimName": "p1"}
    found = read(VolumeSnapshot, {"spec": {"source": source}, "status": {"readyToUse": True}})
    assert found.spec.source.persistent_volume_claim_name == "p1"
    assert found.status.ready_to_use


def test_reads_content_and_class():
    spec = {
        "deletionPolicy": "Delete",
        "driver": "d",
        "source": {"volumeHandle": "h"},
        "volumeSnapshotRef": {"name": "s1"},
    }
    assert read(VolumeSnapshotContent, {"spec": spec}).spec.source.volume_handle == "h"
    assert read(VolumeSnapshotClass, {"deletionPolicy": "Retain", "driver": "d"}).driver == "d"


@pytest.mark.parametrize(
    "kind",
    [kinds.VOLUME_SNAPSHOT, kinds.VOLUME_SNAPSHOT_CLASS, kinds.VOLUME_SNAPSHOT_CONTENT],
    ids=lambda kind: kind.name,
)
def test_fields_are_those_of_the_real_definition(kind):
    assert crds.typed_differences(kind) == []
