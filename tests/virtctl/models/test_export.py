"""Exports."""

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.export import VirtualMachineExport


def test_reads_an_export():
    source = {"apiGroup": "", "kind": "PersistentVolumeClaim", "name": "p1"}
    volume = {"name": "p1", "formats": [{"format": "raw", "url": "https://x/disk.img"}]}
    status = {"phase": "Ready", "links": {"internal": {"cert": "C", "volumes": [volume]}}}
    found = read(VirtualMachineExport, {"spec": {"source": source}, "status": status})
    assert found.status.links.internal.volumes[0].formats[0].format == "raw"
    assert found.status.links.external is None


def test_fields_are_those_of_the_real_definition():
    assert crds.typed_differences(kinds.EXPORT) == []
