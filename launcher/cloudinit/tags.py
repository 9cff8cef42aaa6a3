"""What a config drive says of the devices that have tags, so that a guest finds them by those.

GPUs' tags are left out, as virt-launcher leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

import msgspec

from launcher.facts import HostFacts
from launcher.spec import MachineSpec

_KEYS = {"numa_node": "numaNode", "aligned_cpus": "alignedCPUs"}
_HOST_ALIASES = {"device": "ua-hostdevice-", "sriov": "ua-sriov-"}
_TYPES = {"device": "hostdev", "sriov": "nic"}


class Device(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename=_KEYS):
    """One device: where the guest sees it, and which of its CPUs or of the host's cells is near."""

    type: str
    bus: str
    address: str
    mac: str = ""
    numa_node: int = 0
    aligned_cpus: tuple[int, ...] = ()
    tags: tuple[str, ...]


def devices(spec: MachineSpec, facts: HostFacts, domain: str) -> tuple[Device, ...]:
    """Those of the domain, by libvirt's XML of it, that have a tag: first NICs, then the host's."""
    root = ET.fromstring(domain)  # noqa: S314 - libvirt's own output
    return (*_nics(spec, root), *_host_devices(spec, facts, root))


def _nics(spec: MachineSpec, root: ET.Element) -> Iterator[Device]:
    tags = {f"ua-{nic.name}": nic.tag for nic in spec.nics if nic.tag}
    for each in root.iterfind("devices/interface"):
        tag, place = tags.get(_of(each, "alias", "name")), each.find("address")
        if tag and place is not None:
            yield Device(
                type="nic",
                bus=place.get("type", ""),
                address=_address(place),
                mac=_of(each, "mac", "address"),
                tags=(tag,),
            )


def _host_devices(spec: MachineSpec, facts: HostFacts, root: ET.Element) -> Iterator[Device]:
    tagged = {
        f"{_HOST_ALIASES[device.kind]}{device.name}": device
        for device in spec.host_devices
        if device.tag and device.kind in _HOST_ALIASES
    }
    for each in root.iterfind("devices/hostdev"):
        device, place = tagged.get(_of(each, "alias", "name")), each.find("address")
        if device is not None and place is not None:
            node = facts.pci_nodes.get(device.address)
            yield Device(
                type=_TYPES[device.kind],
                bus=place.get("type", ""),
                address=_address(place),
                numa_node=node if node is not None and spec.cpu.numa_passthrough else 0,
                aligned_cpus=_near(spec, facts, root, node),
                tags=(device.tag,),
            )


def _near(
    spec: MachineSpec, facts: HostFacts, root: ET.Element, node: int | None
) -> tuple[int, ...]:
    """The guest's CPUs on the host's cell ``node``, when they are pinned and it is not shown it."""
    if node is None or not spec.cpu.dedicated or spec.cpu.numa_passthrough:
        return ()
    pinned = {
        each.get("cpuset"): int(each.get("vcpu", "0")) for each in root.iterfind("cputune/vcpupin")
    }
    cells = (cell for cell in facts.numa_cells if cell.id == node)
    cpus = (str(cpu.id) for cell in cells for cpu in cell.cpus)
    return tuple(pinned[cpu] for cpu in cpus if cpu in pinned)


def _of(device: ET.Element, part: str, name: str) -> str:
    found = device.find(part)
    return "" if found is None else found.get(name, "")


def _address(place: ET.Element) -> str:
    """As guests write it: ``0000:01:00.0``."""
    domain, bus, slot, function = (
        place.get(name, "0x0").removeprefix("0x") for name in ("domain", "bus", "slot", "function")
    )
    return f"{domain}:{bus}:{slot}.{function}"
