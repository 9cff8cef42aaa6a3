"""NICs, each plugged into a tap that is already there."""

from __future__ import annotations

from launcher.domain.addresses import pci_address
from launcher.domain.element import Element, element
from launcher.domain.inputs import Inputs
from launcher.layout import INSIDE_PASST_LOG
from launcher.spec import Elsewhere, Nic, Passt, Port

_MESH_PORTS = (15000, 15001, 15004, 15006, 15008, 15009, 15020, 15021, 15053, 15090)


def interfaces(inputs: Inputs) -> tuple[Element, ...]:
    """One ``<interface>`` for each NIC that is not absent and does not come in another way."""
    return tuple(
        _passt(inputs, nic) if isinstance(nic.binding, Passt) else _interface(inputs, nic)
        for nic in inputs.spec.nics
        if nic.state != "absent" and not isinstance(nic.binding, Elsewhere)
    )


def _interface(inputs: Inputs, nic: Nic) -> Element:
    wiring = inputs.wiring.of(nic.name)
    mac = wiring.mac or nic.mac
    virtio = nic.model in {"", "virtio"}
    return element(
        "interface",
        {"type": "ethernet"},
        pci_address(nic.pci_address),
        element("source"),
        element("target", {"dev": wiring.tap, "managed": "no"}) if wiring.tap else None,
        element("model", {"type": inputs.virtio_model if virtio else nic.model}),
        element("mac", {"address": mac}) if mac else None,
        element("mtu", {"size": wiring.mtu}) if wiring.mtu else None,
        None if nic.boot_order is None else element("boot", {"order": nic.boot_order}),
        element("link", {"state": "down"}) if nic.state == "down" else None,
        element("alias", {"name": f"ua-{nic.name}"}),
        _driver(inputs, nic) if virtio else None,
        # Without a boot order nobody boots from the NIC, and its ROM only costs time.
        element("rom", {"enabled": "no"}) if _no_rom(inputs, nic) else None,
        element("acpi", {"index": nic.acpi_index}) if nic.acpi_index > 0 else None,
    )


def _passt(inputs: Inputs, nic: Nic) -> Element:
    """A NIC for which a process speaks with the pod's addresses: launcher-network.md §8."""
    virtio = nic.model in {"", "virtio"}
    return element(
        "interface",
        {"type": "vhostuser"},
        pci_address(nic.pci_address),
        element("source", {"dev": nic.pod_nic}),
        element("model", {"type": inputs.virtio_model if virtio else nic.model}),
        element("mac", {"address": nic.mac}) if nic.mac else None,
        element("alias", {"name": f"ua-{nic.name}"}),
        _driver(inputs, nic) if virtio else None,
        element("backend", {"type": "passt", "logFile": str(INSIDE_PASST_LOG)}),
        *_forwards(nic, mesh=inputs.spec.pod.mesh),
        element("acpi", {"index": nic.acpi_index}) if nic.acpi_index > 0 else None,
    )


def _forwards(nic: Nic, *, mesh: bool) -> list[Element]:
    """Ports that lead to the guest: those declared, else all; not the service mesh's own."""
    ranges = {
        protocol: [
            _range(port) for port in nic.ports if (port.protocol or "TCP").lower() == protocol
        ]
        for protocol in ("tcp", "udp")
    }
    if mesh:
        spared = [element("range", {"start": port, "exclude": "yes"}) for port in _MESH_PORTS]
        ranges["tcp"] = spared + ranges["tcp"]
    everything = not any(ranges.values())
    return [
        element("portForward", {"proto": protocol}, *found)
        for protocol, found in ranges.items()
        if found or everything
    ]


def _range(port: Port) -> Element:
    return element("range", {"start": port.port, "end": port.last or None})


def _no_rom(inputs: Inputs, nic: Nic) -> bool:
    return not inputs.s390 and (nic.boot_order is None or inputs.shielded)


def _driver(inputs: Inputs, nic: Nic) -> Element | None:
    if not nic.queues and not inputs.shielded:
        return None
    iommu = "on" if inputs.shielded else None
    return element("driver", {"name": "vhost", "queues": nic.queues or None, "iommu": iommu})
