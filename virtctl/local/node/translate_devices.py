"""Host devices and confidential computing of a VirtualMachineInstance."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from launcher.spec import HostDevice, LaunchSecurity
from virtctl.errors import InvalidField
from virtctl.local.node.materials import TranslateFacts
from virtctl.models import documents as doc
from virtctl.models.documents import Document

_QUOTES = "kubevirt.io/qgs-socket-path"
_PREFIXES = {"pci": "PCI_RESOURCE_", "mdev": "MDEV_PCI_RESOURCE_", "usb": "USB_RESOURCE_"}
_NOUNS = {"gpu": ("GPU/s", "GPU"), "device": ("HostDevice/s", "generic")}


def host_devices(vmi: Document, facts: TranslateFacts) -> tuple[HostDevice, ...]:
    """GPUs and other devices of the host, with the addresses that device plugins gave.

    Raises ``InvalidField`` when fewer addresses were given than devices are asked for.
    """
    peripherals = doc.child(vmi, "spec", "domain", "devices")
    found = [
        *_devices(peripherals, "hostDevices", "device", facts),
        *_devices(peripherals, "gpus", "gpu", facts),
        *_sriov(vmi, facts),
    ]
    return tuple(found)


def _sriov(vmi: Document, facts: TranslateFacts) -> Iterator[HostDevice]:
    """NICs that are devices of the host, once the network's attachment has been reported."""
    reported = {
        doc.text(each, "name")
        for each in doc.objects(vmi, "status", "interfaces")
        if "multus-status" in doc.text(each, "infoSource").split(", ")
    }
    for each in doc.objects(vmi, "spec", "domain", "devices", "interfaces"):
        name = doc.text(each, "name")
        if doc.find(each, "sriov") is not None and name in reported:
            if name not in facts.nic_devices:
                field, problem = "spec.domain.devices.interfaces", "has no PCI address"
                raise InvalidField(f"{field}[{name}].sriov", name, problem)
            yield HostDevice(
                name=name,
                kind="sriov",
                bus="pci",
                address=facts.nic_devices[name],
                boot_order=doc.integer(each, "bootOrder") or None,
                guest_address=doc.text(each, "pciAddress"),
                tag=doc.text(each, "tag"),
            )


def resource_variable(prefix: str, resource: str) -> str:
    """The variable in which a device plugin leaves a resource's addresses."""
    return prefix + resource.upper().replace("/", "_").replace(".", "_")


def _devices(
    peripherals: Document, key: str, kind: str, facts: TranslateFacts
) -> Iterator[HostDevice]:
    """The devices of one list: first the whole ones, then the mediated ones, then those on USB."""
    asked = list(doc.objects(peripherals, key))
    buses = ("pci", "mdev") if kind == "gpu" else ("pci", "mdev", "usb")
    found = [each for bus in buses for each in _on_bus(asked, kind, bus, facts)]
    if asked and len(found) != len(asked):
        noun, what = _NOUNS[kind]
        raise InvalidField(
            f"spec.domain.devices.{key}",
            ", ".join(doc.text(each, "deviceName") for each in asked),
            f"failed to create {what} host-devices: the number of device plugin {noun} do not "
            "match the number of devices",
        )
    yield from found


def _on_bus(
    asked: list[Document], kind: str, bus: str, facts: TranslateFacts
) -> Iterator[HostDevice]:
    taken: set[str] = set()  # addresses may be offered under several names
    for each in asked:
        variable = resource_variable(_PREFIXES[bus], doc.text(each, "deviceName"))
        given = [one for one in facts.devices.get(variable, ()) if one and one not in taken]
        if given:
            taken.add(given[0])
            yield _device(each, kind, bus, given[0])


def _device(asked: Document, kind: str, bus: str, address: str) -> HostDevice:
    if bus == "usb" and address.count(":") != 1:
        raise InvalidField("spec.domain.devices.hostDevices", address, "must be `bus:device`")
    display = doc.find(asked, "virtualGPUOptions", "display")
    device = HostDevice(
        name=doc.text(asked, "name"),
        kind=kind,
        bus=bus,
        address=address,
        tag=doc.text(asked, "tag"),
    )
    if not isinstance(display, dict):
        return device
    return structs.replace(
        device,
        # A whole device must be said to be a screen; a part of one is, unless otherwise said.
        display=doc.flag(display, "enabled", default=bus == "mdev"),
        ramfb=doc.flag(display, "ramFB", "enabled", default=True),
    )


def launch_security(vmi: Document, architecture: str) -> LaunchSecurity | None:
    """How memory is hidden from the host."""
    asked = doc.find(vmi, "spec", "domain", "launchSecurity")
    if not isinstance(asked, dict):
        return None
    if doc.find(asked, "snp") is not None and doc.find(asked, "sev") is None:
        return LaunchSecurity(kind="sev-snp")
    if doc.find(asked, "tdx") is not None and doc.find(asked, "sev") is None:
        notes = doc.strings(vmi, "metadata", "annotations")
        return LaunchSecurity(kind="tdx", quote_socket=notes.get(_QUOTES, ""))
    if doc.find(asked, "sev") is None:
        return LaunchSecurity(kind="pv") if architecture == "s390x" else None
    sev = doc.child(asked, "sev")
    state = doc.find(sev, "policy", "encryptedState")
    return LaunchSecurity(
        kind="sev-es" if state is True else "sev",
        dh_cert=doc.text(sev, "dhCert"),
        session=doc.text(sev, "session"),
    )
