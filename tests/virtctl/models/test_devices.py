"""Devices."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.devices import Devices


def test_absent_and_false_are_told_apart():
    devices = read(Devices, {"autoattachGraphicsDevice": False, "watchdog": {"name": "w"}})
    assert devices.autoattach_graphics_device is False
    assert devices.autoattach_serial_console is None
    assert devices.watchdog.name == "w"


def test_fields_are_those_of_the_real_definition():
    schema = crds.real(crds.INSTANCE, "spec", "domain", "devices")
    assert crds.differences(Devices, schema) == []
