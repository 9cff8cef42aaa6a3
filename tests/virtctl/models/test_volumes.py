"""Volumes."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.volumes import Volume


def test_one_source_is_set():
    volume = read(Volume, {"name": "v", "containerDisk": {"image": "tiny"}})
    assert volume.container_disk.image == "tiny"
    assert volume.persistent_volume_claim is None


def test_fields_are_those_of_the_real_definition():
    schema = crds.real(crds.INSTANCE, "spec", "volumes")
    assert crds.differences(Volume, schema) == []
