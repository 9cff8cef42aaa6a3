"""Devices of the host that the guest is given whole: PCI, mediated, USB."""

from __future__ import annotations

from launcher.domain.addresses import pci_address
from launcher.domain.element import Element, element
from launcher.domain.inputs import Inputs
from launcher.spec import HostDevice

_ALIASES = {"gpu": "ua-gpu", "device": "ua-hostdevice", "sriov": "ua-sriov"}


def host_devices(inputs: Inputs) -> tuple[Element, ...]:
    """One ``<hostdev>`` for each device.

    The first mediated GPU is the guest's screen, unless somebody said which one is.
    """
    gpus = [device for device in inputs.spec.host_devices if device.kind == "gpu"]
    asked = any(gpu.display is not None for gpu in gpus)
    screen = next((gpu.name for gpu in gpus if gpu.bus == "mdev" and not asked), "")
    return tuple(_device(device, screen) for device in inputs.spec.host_devices)


def _device(device: HostDevice, screen: str) -> Element:
    alias = element("alias", {"name": f"{_ALIASES[device.kind]}-{device.name}"})
    match device.bus:
        case "mdev":
            return _mediated(device, alias, chosen=device.kind == "gpu" and device.name == screen)
        case "usb":
            bus, _, number = device.address.partition(":")
            source = element("source", None, element("address", {"bus": bus, "device": number}))
            alias = element("alias", {"name": f"ua-usb-host-{device.name}"})
            return element("hostdev", {"type": "usb", "mode": "subsystem"}, source, alias)
        case _:
            source = element("source", None, pci_address(device.address))
            boot = element("boot", {"order": device.boot_order}) if device.boot_order else None
            address = pci_address(device.guest_address)
            # A whole device is a screen only when that was said: it may be anything.
            attributes = {"type": "pci", "managed": "no", **_screen(device, on=False)}
            return element("hostdev", attributes, source, boot, alias, address)


def _mediated(device: HostDevice, alias: Element, *, chosen: bool) -> Element:
    attributes = {
        "type": "mdev",
        "mode": "subsystem",
        "model": "vfio-pci",
        **_screen(device, on=chosen),
    }
    address = element("address", {"uuid": device.address})
    return element("hostdev", attributes, element("source", None, address), alias)


def _screen(device: HostDevice, *, on: bool) -> dict[str, str | None]:
    """Attributes of a device that is the guest's screen; ``on`` where nothing was said."""
    display = on if device.display is None else device.display
    ramfb = display and device.ramfb is not False
    return {"display": "on" if display else None, "ramfb": "on" if ramfb else None}
