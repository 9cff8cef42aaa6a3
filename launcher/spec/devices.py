"""Screen, input, sound, watchdog, and devices of the host."""

from __future__ import annotations

from launcher.spec.base import Part


class Graphics(Part, frozen=True, kw_only=True):
    """Whether there is a VNC server, and the video model; empty for the usual one."""

    vnc: bool = True
    video: str = ""


class Watchdog(Part, frozen=True, kw_only=True):
    """``action`` is what happens when the guest is silent: reset, poweroff or shutdown."""

    name: str
    action: str = "reset"


class InputDevice(Part, frozen=True, kw_only=True):
    """``bus`` is usb or virtio, empty for the usual one."""

    name: str
    bus: str = ""
    type: str = "tablet"


class Sound(Part, frozen=True, kw_only=True):
    """``model`` is ich9 or ac97."""

    name: str
    model: str = "ich9"


class HostDevice(Part, frozen=True, kw_only=True):
    """A device of the host for the guest. ``kind`` is gpu, device or sriov.

    ``address`` is a PCI address, a mediated device's UUID or, for USB, ``bus:device``;
    ``guest_address`` is where the guest is to find a PCI device.
    """

    name: str
    kind: str
    bus: str  # pci, mdev or usb
    address: str
    display: bool | None = None
    ramfb: bool | None = None
    boot_order: int | None = None
    guest_address: str = ""
    tag: str = ""  # as of a NIC
