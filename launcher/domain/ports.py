"""Where PCI devices sit, and room for those that are plugged in later.

On q35 a device can be plugged in only where a root port is free, and the ports must be there at
boot. libvirt makes one port per device, so the domain is first defined with placeholder NICs; what
libvirt made of it is kept without them, and more ports are added until a share is free.

The other way, ``place_on_root_complex``, needs no ports: every device sits on the root complex,
and nothing can be plugged in later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from launcher.domain.element import Element, element, parse, render
from launcher.errors import SpecError
from launcher.spec import MachineSpec

_Change: TypeAlias = Callable[[tuple[Element, ...]], tuple[Element, ...]]

_NIC_SLOTS = 4
_GIB = 1024**3
_LARGE = 2 * _GIB  # bytes of guest memory above which twice the ports are made
_TOTAL, _FREE = 8, 3
_LAST_INDEX = 31
_FIRST_SLOT, _LAST_SLOT = 0x02, 0x1F
_TAKEN_SLOTS = frozenset({0x1B, 0x1F})  # sound and the south bridge of q35
_ROOT_PORT = "pcie-root-port"
_BUSES = frozenset({"pci-root", "pcie-root", "pcie-expander-bus"})  # which sit on no other
_PCI_MACHINES = ("q35", "pc-q35", "virt")


def has_ports(spec: MachineSpec) -> bool:
    """Whether the machine has PCIe ports, so that anything may be plugged in later."""
    return _is_express(spec) and not spec.pci.root_complex


def _is_express(spec: MachineSpec) -> bool:
    return spec.machine_type.startswith(_PCI_MACHINES)


def placeholders(spec: MachineSpec) -> int:
    """How many NICs to leave room for, besides those of the manifest, whatever they are.

    A number of slots that was asked for counts even where nobody would leave room otherwise.
    """
    present = len(spec.nics)
    if spec.pci.slots is not None and _is_express(spec):
        return max(0, spec.pci.slots - present)
    return max(0, _NIC_SLOTS - present) if present and has_ports(spec) else 0


def with_placeholders(domain: Element, count: int, *, transitional: bool = False) -> Element:
    """The domain with so many NICs more, whose taps need not exist until it is started.

    They are ``transitional`` where all virtio devices are: those sit on ports of another kind.
    """
    model = "virtio-transitional" if transitional else "virtio-non-transitional"
    extra = tuple(
        element(
            "interface",
            {"type": "ethernet"},
            element("target", {"dev": f"placeholder-{number}", "managed": "no"}),
            element("model", {"type": model}),
        )
        for number in range(count)
    )
    return _with_devices(domain, lambda devices: (*devices, *extra))


def extra_ports(spec: MachineSpec, domain: Element) -> int:
    """How many ports to add so that enough are free after the placeholders have gone."""
    if not has_ports(spec):
        return 0
    large = spec.memory.guest > _LARGE
    total, free = (2 * _TOTAL, 2 * _FREE) if large else (_TOTAL, _FREE)
    wanted = max(total - len(list(pci_devices(domain))), free)
    return max(0, wanted - placeholders(spec))


def finish(domain: Element, defined: Element, extra: int) -> Element:
    """The domain to define at last.

    ``defined`` is what libvirt made of the domain with placeholders: its devices with their
    addresses and ports are kept, but NICs are taken from ``domain``, with the addresses found.
    """
    kept = [each for each in _devices(defined) if not _is_placeholder(each)]
    busy = {_bus(each) for each in kept if each.tag != "interface"}
    devices = tuple(_fixed(each, busy) for each in kept)
    last = max((int(each.get("index")) for each in devices if _is_pci_controller(each)), default=0)
    ports = tuple(
        element("controller", {"type": "pci", "index": index, "model": _ROOT_PORT})
        for index in range(last + 1, min(last + extra, _LAST_INDEX) + 1)
    )
    return _with_devices(domain, lambda _: (*devices, *ports))


def first_definition(domain: Element, spec: MachineSpec) -> str:
    """The text to define first, with placeholders."""
    count = placeholders(spec)
    return render(with_placeholders(domain, count, transitional=spec.virtio_transitional))


def last_definition(domain: Element, spec: MachineSpec, read_back: str) -> str:
    """The text to define at last, from what libvirt says of the first (its inactive XML)."""
    return render(finish(domain, parse(read_back), extra_ports(spec, domain)))


def _is_placeholder(device: Element) -> bool:
    target = device.find("target")
    return target is not None and target.get("dev").startswith("placeholder-")


def _is_pci_controller(device: Element) -> bool:
    return device.tag == "controller" and device.get("type") == "pci"


def _bus(device: Element) -> int:
    """The bus of a device, which is the index of the port that it sits in; 0 for none."""
    address = device.find("address")
    if address is None or address.get("type") != "pci":
        return 0
    return int(address.get("bus"), 16)


def _fixed(device: Element, busy: set[int]) -> Element:
    """A port with a device that stays says so, so that guests do not offer to eject it."""
    if device.get("model") != _ROOT_PORT or int(device.get("index")) not in busy:
        return device
    children = tuple(
        Element(each.tag, (*each.attributes, ("hotplug", "off"))) if each.tag == "target" else each
        for each in device.children
    )
    return device.with_children(children)


# --- the root complex -----------------------------------------------------------------------------


def place_on_root_complex(domain: Element) -> Element:
    """The domain with an address on bus 0 for each PCI device that has none.

    Raises ``SpecError`` when there are more devices than slots.
    """
    slots = (slot for slot in range(_FIRST_SLOT, _LAST_SLOT + 1) if slot not in _TAKEN_SLOTS)
    placed = {}
    for device in pci_devices(domain):
        if device.find("address") is None:
            slot = next(slots, None)
            if slot is None:
                raise SpecError("domain.devices", "no space is left on the root PCI bus")
            placed[id(device)] = _addressed(device, slot)
    return _with_devices(
        domain, lambda devices: tuple(placed.get(id(each), each) for each in devices)
    )


def _addressed(device: Element, slot: int) -> Element:
    where = {"type": "pci", "domain": "0x0000", "bus": "0x00", "slot": f"0x{slot:02x}"}
    address = element("address", {**where, "function": "0x0"})
    if device.tag == "interface":  # where the builder puts an address too
        return device.with_children((address, *device.children))
    return device.with_children((*device.children, address))


_PCI_ORDER = (
    "interface", "hostdev", "controller", "disk", "input", "watchdog", "rng", "memballoon",
)  # fmt: skip


def pci_devices(domain: Element) -> Iterator[Element]:
    """The devices that sit on PCI, in the order in which virt-launcher places them."""
    devices = _devices(domain)
    for tag in _PCI_ORDER:
        yield from (each for each in devices if each.tag == tag and _is_pci(each))


def _is_pci(device: Element) -> bool:
    match device.tag:
        case "hostdev":
            return device.get("type") == "pci"
        case "controller":
            return device.get("model") not in _BUSES
        case "disk":
            target = device.find("target")
            return target is not None and target.get("bus") == "virtio"
        case "input":
            return device.get("bus") == "virtio"
        case _:
            return True


def _devices(domain: Element) -> tuple[Element, ...]:
    found = domain.find("devices")
    return found.children if found else ()


def _with_devices(domain: Element, change: _Change) -> Element:
    return domain.with_children(
        tuple(
            each.with_children(change(each.children)) if each.tag == "devices" else each
            for each in domain.children
        )
    )
