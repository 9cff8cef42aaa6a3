"""Disks."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.disks import Disk


def test_reads_target_and_boot_order():
    disk = read(Disk, {"name": "d", "cdrom": {"bus": "sata", "readonly": True}, "bootOrder": 1})
    assert disk.cdrom.bus == "sata"
    assert disk.boot_order == 1
    assert disk.disk is None


def test_fields_are_those_of_the_real_definition():
    schema = crds.real(crds.INSTANCE, "spec", "domain", "devices", "disks")
    assert crds.differences(Disk, schema) == []
