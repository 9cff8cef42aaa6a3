"""Controllers that other devices sit on."""

from __future__ import annotations

from launcher.domain import iothreads
from launcher.domain.element import Element, element, switch
from launcher.domain.inputs import Inputs
from launcher.spec import DiskDevice


def controllers(inputs: Inputs) -> tuple[Element, ...]:
    """USB, SCSI, PCI root and virtio-serial, in this order."""
    return tuple(
        each
        for each in (_usb(inputs), _scsi(inputs), _pci(inputs), _virtio_serial(inputs))
        if each is not None
    )


def _controller(kind: str, model: str, *children: Element | None) -> Element:
    return element("controller", {"type": kind, "index": 0, "model": model}, *children)


def _usb(inputs: Inputs) -> Element:
    return _controller("usb", "qemu-xhci" if _needs_usb(inputs) else "none")


def _needs_usb(inputs: Inputs) -> bool:
    spec = inputs.spec
    if not inputs.x86:
        return inputs.arm
    return (
        spec.usb_redirection
        or any(each.bus in {"", "usb"} for each in spec.inputs)
        or any(disk.bus == "usb" and disk.device is DiskDevice.DISK for disk in spec.disks)
        or any(device.bus == "usb" for device in spec.host_devices)
    )


def _scsi(inputs: Inputs) -> Element | None:
    spec = inputs.spec
    if not spec.scsi_hotplug and not any(disk.bus == "scsi" for disk in spec.disks):
        return None
    model = "virtio-scsi" if inputs.s390 else inputs.virtio_model
    return _controller("scsi", model, _scsi_driver(inputs))


def _scsi_driver(inputs: Inputs) -> Element | None:
    """The controller serves all its disks by one thread, so one disk's wish is everybody's."""
    thread = iothreads.scsi_controller_thread(inputs.spec)
    if not thread:
        return _iommu(inputs)
    return element(
        "driver",
        {
            "iothread": thread,
            "queues": inputs.vcpus,
            "iommu": "on" if inputs.shielded else None,
        },
    )


def _pci(inputs: Inputs) -> Element | None:
    if not (inputs.x86 and inputs.spec.pci.hole64_disabled):
        return None
    return _controller("pci", "pcie-root", element("pcihole64", {"unit": "KiB"}, text=0))


def _virtio_serial(inputs: Inputs) -> Element | None:
    if not inputs.spec.serial_console:
        return None
    return _controller("virtio-serial", inputs.virtio_model, _iommu(inputs))


def _iommu(inputs: Inputs) -> Element | None:
    return switch("driver", "iommu", state=True) if inputs.shielded else None
