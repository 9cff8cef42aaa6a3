"""Devices of the node that machines ask for, and which of them the cluster permits."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.models.documents import Document, child, find, objects, text

_PERMITTED = ("pciHostDevices", "mediatedDevices", "usb")
_ASKED = (("gpus", "GPU"), ("hostDevices", "HostDevice"))


def _asked(vmi: Document) -> Iterator[tuple[str, str]]:
    """What a machine calls a device, and its resource name. Claimed ones are others' business."""
    devices = child(vmi, "spec", "domain", "devices")
    for group, called in _ASKED:
        for device in objects(devices, group):
            if device.get("claimName") is None and device.get("requestName") is None:
                yield called, text(device, "deviceName")


def resources(vmi: Document) -> tuple[str, ...]:
    """What a node must have for the devices of a machine, once for each."""
    return tuple(name for _, name in _asked(vmi) if name)


def unpermitted(vmi: Document, configuration: Document) -> str:
    """Why a machine must not have its devices; empty when it may.

    Where the KubeVirt object permits nothing in particular, nothing is forbidden.
    """
    permitted = find(configuration, "permittedHostDevices")
    if not isinstance(permitted, dict):
        return ""
    known = {
        text(device, "resourceName") for group in _PERMITTED for device in objects(permitted, group)
    }
    problems = [
        f"{called} {name} is not permitted in permittedHostDevices configuration"
        for called, name in _asked(vmi)
        if name not in known
    ]
    return " ".join(problems)
