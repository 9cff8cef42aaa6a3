"""PCI devices beside the memory that is near them."""

import pytest

from launcher.domain import builder, ports
from launcher.domain.inputs import Inputs
from launcher.errors import SpecError
from launcher.facts import HostCpu, HostFacts, NumaCell
from launcher.spec import Cpu, HostDevice, Memory, PciPlacement, Topology
from tests.fakes.machines import machine

GIB = 1024**3
CELLS = tuple(
    NumaCell(id=number, cpus=tuple(HostCpu(id=cpu, siblings=(cpu,)) for cpu in cpus))
    for number, cpus in enumerate(((0, 1), (2, 3)))
)
NODES = {"0000:65:00.0": 1, "0000:66:00.0": 0, "0000:03:00.0": 0}


def devices(*addresses: str, **options) -> tuple[HostDevice, ...]:
    return tuple(
        HostDevice(name=f"d{number}", kind="device", bus="pci", address=address, **options)
        for number, address in enumerate(addresses)
    )


def built(*addresses: str, passthrough: bool = True, nodes=NODES, guest: dict | None = None):
    cpu = Cpu(topology=Topology(cores=4), dedicated=True, numa_passthrough=passthrough)
    spec = machine(
        cpu=cpu,
        memory=Memory(guest=4 * GIB, hugepage_size=2 * 1024**2),
        host_devices=devices(*addresses, **(guest or {})),
        pci=PciPlacement(numa_aware=True),
    )
    facts = HostFacts(cpuset=(0, 1, 2, 3), numa_cells=CELLS, pci_nodes=nodes)
    return builder.domain(Inputs(spec, facts))


def buses(domain):
    """Model, index, bus number and cell, or address, of each PCI controller."""
    found = []
    for each in domain.find("devices").all("controller"):
        target, address = each.find("target"), each.find("address")
        if target is not None:
            said = (target.get("busNr"), target.find("node").text)
            found.append((each.get("model"), each.get("index"), *said))
        elif address is not None:
            found.append(
                (each.get("model"), each.get("index"), address.get("bus"), address.get("slot"))
            )
    return found


def test_an_expander_bus_for_each_cell() -> None:
    made = built(*NODES)
    assert buses(made) == [
        ("pcie-expander-bus", "1", "253", "0"),
        ("pcie-root-port", "2", "1", "0x00"),
        ("pcie-root-port", "3", "1", "0x01"),
        ("pcie-expander-bus", "4", "251", "1"),
        ("pcie-root-port", "5", "4", "0x00"),
    ]
    places = [each.find("address").get("bus") for each in made.find("devices").all("hostdev")]
    assert places == ["5", "3", "2"]


def test_root_ports_of_ones_own_are_devices_too() -> None:
    bare, made = built(), built("0000:65:00.0")
    before, after = (len(list(ports.pci_devices(each))) for each in (bare, made))
    assert after == before + 2


def test_without_cells_there_is_one_for_all_that_is_pinned_near() -> None:
    assert buses(built("0000:65:00.0", passthrough=False))[0][3] == "0"
    assert buses(built("0000:65:00.0", passthrough=False, nodes={})) == []


@pytest.mark.parametrize(
    ("nodes", "guest", "said"),
    [
        ({}, {}, "no guest NUMA node mapping"),
        ({"0000:65:00.0": 7}, {}, "no guest NUMA node mapping"),
        (NODES, {"guest_address": "0000:05:00.0"}, "already has a guest PCI address"),
    ],
)
def test_a_guest_with_the_hosts_cells_has_its_devices_in_them(nodes, guest, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        built("0000:65:00.0", nodes=nodes, guest=guest)


def test_there_are_only_so_many_buses() -> None:
    many = [f"0000:{number:02x}:00.0" for number in range(140)]
    nodes = dict.fromkeys(many, 0) | {"0000:65:00.0": 1}
    assert buses(built(*many, passthrough=False, nodes=nodes))
    crowd = [f"0000:{number // 8:02x}:00.{number % 8}" for number in range(300)]
    nodes = dict.fromkeys(crowd, 0)
    assert buses(built(*crowd, passthrough=False, nodes=nodes)) == []
    with pytest.raises(SpecError, match="insufficient bus numbers"):
        built(*crowd, nodes=nodes)
