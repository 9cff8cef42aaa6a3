"""Screen, and the devices to point and type with."""

from __future__ import annotations

from launcher.domain.element import Element, element
from launcher.domain.inputs import Inputs
from launcher.errors import SpecError
from launcher.layout import inside_private
from launcher.spec import InputDevice

_VIDEO_MEMORY = 16_384  # KiB
_INPUT_BUSES = ("usb", "virtio")


def graphics(inputs: Inputs) -> tuple[Element, ...]:
    """A video card, and VNC on a socket; neither for a guest of a foreign architecture."""
    if not _shown(inputs):
        return ()
    socket = str(inside_private(inputs.spec.uid) / "virt-vnc")
    listen = element("listen", {"type": "socket", "socket": socket})
    return (
        element("video", None, element("model", _video(inputs))),
        element("graphics", {"type": "vnc"}, listen),
    )


def _shown(inputs: Inputs) -> bool:
    return inputs.spec.graphics.vnc and not inputs.foreign


def _video(inputs: Inputs) -> dict[str, str | int | None]:
    asked = inputs.spec.graphics.video
    if asked:
        return {"type": asked, "heads": 1, "vram": _VIDEO_MEMORY}
    if not inputs.x86:
        return {"type": "virtio", "heads": 1}
    if inputs.efi and inputs.spec.bochs_for_efi:
        return {"type": "bochs", "heads": 1}
    return {"type": "vga", "heads": 1, "vram": _VIDEO_MEMORY}


def input_devices(inputs: Inputs) -> tuple[Element, ...]:
    """The inputs asked for, and those without which a screen is of no use."""
    asked = tuple(_input(each) for each in inputs.spec.inputs)
    if not inputs.spec.graphics.vnc:  # a foreign guest, which has no screen, gets them all the same
        return asked
    if inputs.s390:
        return (*asked, element("input", {"type": "keyboard", "bus": "virtio"}))
    if inputs.arm:
        tablet = element("input", {"type": "tablet", "bus": "usb"})
        keyboard = element("input", {"type": "keyboard", "bus": "usb"})
        missing = not any(each.type == "tablet" for each in inputs.spec.inputs)
        return (*asked, *((tablet,) if missing else ()), keyboard)
    return asked


def _input(asked: InputDevice) -> Element:
    """Raises ``SpecError`` for what is no tablet, or sits on no bus that has any."""
    bus = asked.bus or "usb"
    field = f"domain.devices.inputs[{asked.name}]"
    if bus not in _INPUT_BUSES:
        raise SpecError(f"{field}.bus", f"input contains unsupported bus {bus}")
    if asked.type != "tablet":
        raise SpecError(f"{field}.type", f"input contains unsupported type {asked.type}")
    return element(
        "input",
        {"type": asked.type, "bus": bus, "model": "virtio" if bus == "virtio" else None},
        element("alias", {"name": f"ua-{asked.name}"}),
    )
