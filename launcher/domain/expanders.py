"""PCI devices beside the guest's memory that is near them on the host.

A guest with pinned CPUs may be shown which of its NUMA cells a device of the host belongs to: the
device sits behind a root port of a PCIe expander bus, and that bus names the cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from launcher.domain import pinning
from launcher.domain.element import Element, element
from launcher.domain.inputs import Inputs
from launcher.errors import SpecError
from launcher.spec import HostDevice

_HIGHEST_BUS = 255
_PATH = "domain.cpu.numa.guestMappingPassthrough"


def place(domain: Element, inputs: Inputs) -> Element:
    """The domain with its PCI devices of the host on expander buses, where that can be.

    Raises ``SpecError`` for a guest that is shown the host's cells, when a device has no place in
    one; for other guests such a device stays where it is.
    """
    if not (inputs.spec.pci.numa_aware and inputs.spec.cpu.dedicated) or inputs.s390:
        return domain
    strict = inputs.spec.cpu.numa_passthrough
    cells, problems = _cells(inputs)
    if strict and problems:
        raise _refusal("; ".join(problems))
    try:
        made = _layout(cells)
    except _Full as error:
        if strict:
            raise _refusal(str(error)) from error
        return domain
    found = domain.find("devices")
    devices = tuple(_moved(each, made.places) for each in (found.children if found else ()))
    return domain.with_children(
        tuple(
            each.with_children(_joined(devices, made)) if each.tag == "devices" else each
            for each in domain.children
        )
    )


def _refusal(problem: str) -> SpecError:
    said = "failed to process strict PCIe NUMA-aware topology: strict PCI NUMA-aware placement"
    return SpecError(_PATH, f"{said} failed: {problem}")


def _cells(inputs: Inputs) -> tuple[dict[int, list[str]], list[str]]:
    """By guest cell: the addresses of the devices near it. And what is wrong with the others."""
    near: dict[int, list[str]] = {}
    problems = []
    for device in sorted(_pci_devices(inputs), key=lambda each: each.address):
        cell = _cell_of(inputs, device.address)
        if device.guest_address:
            problems.append(f"device {device.address} already has a guest PCI address")
        elif cell is None:
            problems.append(
                f"device {device.address} cannot be placed on a NUMA-aware PCIe topology: "
                "no guest NUMA node mapping is available"
            )
        else:
            near.setdefault(cell, []).append(device.address)
    return near, problems


def _pci_devices(inputs: Inputs) -> Iterator[HostDevice]:
    return (device for device in inputs.spec.host_devices if device.bus == "pci")


def _cell_of(inputs: Inputs, address: str) -> int | None:
    """The guest's cell for a device of the host; None when it has none that is near."""
    node = inputs.facts.pci_nodes.get(address)
    if node is None:
        return None
    if inputs.spec.cpu.numa_passthrough:
        cells = pinning.guest_cells(inputs)
        return next((cell.id for cell in cells if cell.host.id == node), None)
    where = pinning.pins(inputs)
    if where is None or not inputs.memfd or inputs.spec.cpu.own_numa:
        return None  # it is shown no cells at all
    near = {cpu.id for cell in inputs.facts.numa_cells if cell.id == node for cpu in cell.cpus}
    return 0 if near.intersection(where.vcpus) else None


class _Full(Exception):
    """There are no bus numbers left."""


@dataclass
class _Made:
    """Controllers by cell, in order, and the address of each device by that on the host."""

    controllers: list[Element] = field(default_factory=list)
    places: dict[str, Element] = field(default_factory=dict)


def _layout(cells: Mapping[int, list[str]]) -> _Made:
    """One expander bus for each cell; bus numbers count down from the highest one."""
    made, count, lowest = _Made(), 0, _HIGHEST_BUS
    for cell, addresses in sorted(cells.items()):
        count += 1
        bus, ports = count, []
        for slot, address in enumerate(addresses):
            if count >= lowest - 1:
                raise _Full(
                    "insufficient bus numbers for NUMA-aligned PCIe topology: current controller "
                    f"index {count}, last assigned expander bus number {lowest}"
                )
            count += 1
            ports.append(_controller(count, "pcie-root-port", _address(bus, slot)))
            made.places[address] = _address(count)
        lowest = _HIGHEST_BUS - count + 1
        target = element("target", {"busNr": lowest}, element("node", text=cell))
        made.controllers += [_controller(bus, "pcie-expander-bus", target), *ports]
    return made


def _controller(index: int, model: str, part: Element) -> Element:
    return element("controller", {"type": "pci", "index": index, "model": model}, part)


def _address(bus: int, slot: int = 0) -> Element:
    where: dict[str, str | int | None] = {"type": "pci", "domain": "0x0000", "bus": bus}
    return element("address", {**where, "slot": f"0x{slot:02x}", "function": "0x0"})


def _moved(device: Element, places: Mapping[str, Element]) -> Element:
    """A device of the host with its new address; any other as it is."""
    source = device.find("source", "address")
    if device.tag != "hostdev" or device.get("type") != "pci" or source is None:
        return device
    parts = (source.get(name).removeprefix("0x") for name in ("domain", "bus", "slot"))
    place = places.get(f"{':'.join(parts)}.{source.get('function').removeprefix('0x')}")
    return device if place is None else device.with_children((*device.children, place))


def _joined(devices: tuple[Element, ...], made: _Made) -> tuple[Element, ...]:
    """The new controllers behind those that there are."""
    last = max((n for n, each in enumerate(devices) if each.tag == "controller"), default=-1) + 1
    return (*devices[:last], *made.controllers, *devices[last:])
