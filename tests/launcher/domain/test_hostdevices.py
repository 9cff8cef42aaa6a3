"""Devices of the host."""

import pytest

from launcher.domain.hostdevices import host_devices
from launcher.spec import HostDevice
from tests.fakes.machines import inputs


def made(*listed: HostDevice):
    return host_devices(inputs(host_devices=listed))


def gpu(**changes) -> HostDevice:
    given = {"name": "g", "kind": "gpu", "bus": "mdev", "address": "uuid-1"}
    return HostDevice(**{**given, **changes})


def test_none() -> None:
    assert made() == ()


def test_pci() -> None:
    device = HostDevice(name="n", kind="sriov", bus="pci", address="0000:65:00.2", boot_order=1)
    (found,) = made(device)
    assert found.get("managed") == "no"
    assert found.find("source", "address").get("function") == "0x2"
    assert found.find("alias").get("name") == "ua-sriov-n"
    assert found.find("boot").get("order") == "1"


def test_usb() -> None:
    (found,) = made(HostDevice(name="k", kind="device", bus="usb", address="001:004"))
    assert found.find("source", "address").get("device") == "004"
    assert found.find("alias").get("name") == "ua-usb-host-k"


@pytest.mark.parametrize(
    ("changes", "display", "ramfb"),
    [
        ({}, "on", "on"),
        ({"display": True, "ramfb": False}, "on", ""),
        ({"display": False}, "", ""),
        ({"kind": "device"}, "", ""),
    ],
)
def test_mediated(changes: dict, display: str, ramfb: str) -> None:
    (found,) = made(gpu(**changes))
    assert (found.get("display"), found.get("ramfb")) == (display, ramfb)


def test_only_the_first_gpu_is_the_screen() -> None:
    first, second = made(gpu(), gpu(name="h", address="uuid-2"))
    assert (first.get("display"), second.get("display")) == ("on", "")
