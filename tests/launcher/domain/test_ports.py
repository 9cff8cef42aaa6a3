"""Room for devices that come later."""

import pytest

from launcher.domain import builder, ports
from launcher.domain.element import element, render
from launcher.domain.inputs import Inputs
from launcher.spec import Elsewhere, Memory, PciPlacement
from tests.fakes.machines import disk, machine, nic

GIB = 1024**3


def domain(spec):
    return builder.domain(Inputs(spec))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"nics": (nic(),)}, 3),
        ({"nics": tuple(nic(str(n)) for n in range(5))}, 0),
        ({}, 0),
        ({"nics": (nic(),), "pci": PciPlacement(slots=8)}, 7),
        ({"pci": PciPlacement(slots=8)}, 8),
        ({"nics": (nic(), nic("b", binding=Elsewhere()))}, 2),
        ({"nics": (nic(),), "pci": PciPlacement(root_complex=True)}, 0),
        ({"nics": (nic(),), "pci": PciPlacement(root_complex=True, slots=3)}, 2),
        ({"nics": (nic(),), "machine_type": "s390-ccw-virtio"}, 0),
    ],
)
def test_placeholders(changes: dict, expected: int) -> None:
    assert ports.placeholders(machine(**changes)) == expected


@pytest.mark.parametrize(
    ("guest", "disks", "expected"), [(GIB, 0, 0), (4 * GIB, 0, 8), (4 * GIB, 6, 3)]
)
def test_extra_ports(guest: int, disks: int, expected: int) -> None:
    listed = tuple(disk(f"d{n}") for n in range(disks))
    spec = machine(memory=Memory(guest=guest), nics=(nic(),), disks=listed)
    assert ports.extra_ports(spec, domain(spec)) == expected


def test_placeholders_are_of_the_virtio_that_all_devices_are_of() -> None:
    for transitional, model in ((True, "virtio-transitional"), (False, "virtio-non-transitional")):
        spec = machine(nics=(nic(),), virtio_transitional=transitional)
        assert ports.first_definition(domain(spec), spec).count(f'<model type="{model}"') == 4


def test_definitions() -> None:
    spec = machine(nics=(nic(),), memory=Memory(guest=4 * GIB))
    first = ports.first_definition(domain(spec), spec)
    assert first.count("placeholder-") == 3
    # What libvirt would say of it: a port for each NIC.
    read_back = render(
        element(
            "domain",
            None,
            element(
                "devices",
                None,
                port(1), port(2), port(3),
                placed(element("memballoon"), 1),
                placed(element("interface", None, element("alias", {"name": "ua-default"})), 2),
                placed(placeholder(), 3),
            ),
        )
    )  # fmt: skip
    last = ports.last_definition(domain(spec), spec, read_back)
    assert "placeholder-" not in last
    assert last.count('model="pcie-root-port"') == 3 + 8
    assert last.count('hotplug="off"') == 1
    assert "<name>shop_web</name>" in last


def port(index: int):
    attributes = {"type": "pci", "index": index, "model": "pcie-root-port"}
    return element("controller", attributes, element("target", {"chassis": index}))


def placed(device, bus: int):
    address = element("address", {"type": "pci", "bus": f"0x{bus:02x}"})
    return device.with_children((*device.children, address))


def placeholder():
    return element("interface", None, element("target", {"dev": "placeholder-0"}))


def test_no_more_ports_than_there_are_indexes() -> None:
    bare = element("domain", None, element("devices", None, port(30)))
    assert render(ports.finish(bare, bare, 5)).count("pcie-root-port") == 2


def test_root_complex() -> None:
    spec = machine(pci=PciPlacement(root_complex=True), nics=(nic(),), disks=(disk(),), rng=True)
    devices = domain(spec).find("devices")
    slots = [
        (each.tag, each.find("address").get("slot"))
        for each in devices.children
        if each.find("address")
    ]
    assert slots == [
        ("interface", "0x02"), ("controller", "0x03"), ("controller", "0x04"),
        ("controller", "0x05"), ("memballoon", "0x08"), ("disk", "0x06"), ("rng", "0x07"),
    ]  # fmt: skip
