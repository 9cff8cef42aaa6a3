"""Screen and inputs."""

import pytest

from launcher.domain import graphics
from launcher.errors import SpecError
from launcher.spec import Accelerator, Efi, Firmware, Graphics, InputDevice
from tests.fakes.machines import UID, inputs

EFI = Firmware(uuid="u", bootloader=Efi())


def test_screen_on_a_socket() -> None:
    video, screen = graphics.graphics(inputs())
    assert screen.find("listen").get("socket") == (f"/var/run/kubevirt-private/{UID}/virt-vnc")
    assert video.find("model").get("vram") == "16384"


@pytest.mark.parametrize(
    ("changes", "model"),
    [
        ({}, "vga"),
        ({"firmware": EFI}, "bochs"),
        ({"firmware": EFI, "bochs_for_efi": False}, "vga"),
        ({"architecture": "arm64"}, "virtio"),
        ({"graphics": Graphics(video="cirrus")}, "cirrus"),
    ],
)
def test_video(changes: dict, model: str) -> None:
    video, _ = graphics.graphics(inputs(**changes))
    assert video.find("model").get("type") == model


def test_no_screen() -> None:
    assert graphics.graphics(inputs(graphics=Graphics(vnc=False))) == ()


def shown(**changes) -> list[tuple[str, str]]:
    found = graphics.input_devices(inputs(**changes))
    return [(each.get("type"), each.get("bus")) for each in found]


def test_inputs() -> None:
    assert shown() == []
    asked = (InputDevice(name="t", bus="virtio"), InputDevice(name="u"))
    assert shown(inputs=asked) == [("tablet", "virtio"), ("tablet", "usb")]


def test_inputs_that_a_screen_needs() -> None:
    assert shown(architecture="arm64") == [("tablet", "usb"), ("keyboard", "usb")]
    assert shown(architecture="s390x") == [("keyboard", "virtio")]
    assert shown(architecture="arm64", graphics=Graphics(vnc=False)) == []


def test_no_screen_for_a_foreign_architecture() -> None:
    changes = {"accelerator": Accelerator.TCG, "architecture": "arm64"}
    assert graphics.graphics(inputs(**changes)) == ()
    assert shown(**changes) == [("tablet", "usb"), ("keyboard", "usb")]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (InputDevice(name="k", type="keyboard"), "unsupported type keyboard"),
        (InputDevice(name="t", bus="ps2"), "unsupported bus ps2"),
    ],
)
def test_inputs_that_there_are_not(asked: InputDevice, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        graphics.input_devices(inputs(inputs=(asked,)))
