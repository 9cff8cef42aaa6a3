"""Controllers."""

import pytest

from launcher.domain import controllers
from launcher.spec import DiskDevice, HostDevice, InputDevice, LaunchSecurity, PciPlacement
from tests.fakes.machines import disk, inputs


def found(**changes) -> dict[str, str]:
    made = controllers.controllers(inputs(**changes))
    return {each.get("type"): each.get("model") for each in made}


def test_the_usual_ones() -> None:
    virtio = "virtio-non-transitional"
    assert found() == {"usb": "none", "scsi": virtio, "virtio-serial": virtio}


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": (InputDevice(name="t"),)},
        {"disks": (disk(bus="usb"),)},
        {"usb_redirection": True},
        {"host_devices": (HostDevice(name="k", kind="device", bus="usb", address="1:2"),)},
        {"architecture": "arm64"},
    ],
    ids=("input", "disk", "redirection", "host-device", "arm64"),
)
def test_usb_when_something_needs_it(changes: dict) -> None:
    assert found(**changes)["usb"] == "qemu-xhci"


def test_s390x_has_no_usb() -> None:
    assert found(architecture="s390x", inputs=(InputDevice(name="t"),))["usb"] == "none"


def test_scsi_is_for_hotplug() -> None:
    assert "scsi" not in found(scsi_hotplug=False)
    assert "scsi" in found(scsi_hotplug=False, disks=(disk(bus="scsi"),))
    assert found(architecture="s390x")["scsi"] == "virtio-scsi"


def test_a_dedicated_thread_for_scsi() -> None:
    wanted = disk(bus="scsi", dedicated_io_thread=True)
    made = controllers.controllers(inputs(disks=(wanted, disk("other"))))
    assert dict(made[1].find("driver").attributes) == {"iothread": "1", "queues": "1"}
    hidden = LaunchSecurity(kind="sev")
    made = controllers.controllers(inputs(disks=(wanted, disk("other")), launch_security=hidden))
    assert made[1].find("driver").get("iommu") == "on"


def test_only_hard_disks_need_a_usb_controller() -> None:
    assert controllers.controllers(inputs(disks=(disk(bus="usb"),)))[0].get("model") == "qemu-xhci"
    drive = disk(bus="usb", device=DiskDevice.CDROM)
    assert controllers.controllers(inputs(disks=(drive,)))[0].get("model") == "none"


def test_no_serial_console_no_virtio_serial() -> None:
    assert "virtio-serial" not in found(serial_console=False)


def test_no_64_bit_hole() -> None:
    made = controllers.controllers(inputs(pci=PciPlacement(hole64_disabled=True)))
    assert made[2].find("pcihole64").text == "0"


def test_hidden_memory_needs_an_iommu() -> None:
    made = controllers.controllers(inputs(launch_security=LaunchSecurity(kind="sev")))
    assert made[1].find("driver").get("iommu") == "on"
