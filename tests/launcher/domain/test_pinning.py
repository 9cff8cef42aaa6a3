"""Host CPUs for guests that own theirs."""

import pytest

from launcher.domain import pinning
from launcher.errors import SpecError
from launcher.facts import HostCpu, HostFacts, NumaCell, NumaDistance
from launcher.spec import Cpu, IoThreads, Memory, Topology
from tests.fakes.machines import MIB, disk, inputs

# Two cells of four cores with two threads each: thread n and n + 8 share a core.
CELLS = tuple(
    NumaCell(
        id=cell,
        cpus=tuple(
            HostCpu(id=cpu, siblings=(cpu % 8, cpu % 8 + 8))
            for cpu in range(16)
            if cpu % 8 // 4 == cell
        ),
        distances=tuple(NumaDistance(id=n, value=10 if n == cell else 21) for n in (0, 1)),
    )
    for cell in (0, 1)
)


def given(*cpuset: int, sockets: int = 1, cores: int = 1, threads: int = 1, **changes):
    topology = Topology(sockets=sockets, cores=cores, threads=threads)
    options = {
        key: changes.pop(key)
        for key in ("isolate_emulator", "even_emulator", "numa_passthrough")
        if key in changes
    }
    cpu = Cpu(topology=topology, dedicated=True, **options)
    return inputs(HostFacts(cpuset=cpuset, numa_cells=CELLS), cpu=cpu, **changes)


def test_shared_cpus_are_not_pinned() -> None:
    assert pinning.pins(inputs()) is None
    assert pinning.cpu_tune(inputs()) == ()
    assert pinning.numa_tune(inputs()) == ()


def test_whole_cores_first() -> None:
    assert pinning.pins(given(0, 1, 2, 10, cores=1, threads=2)).vcpus == (2, 10)


def test_then_fragments_of_a_cell() -> None:
    assert pinning.pins(given(0, 5, 6, cores=1, threads=2)).vcpus == (5, 6)


def test_fragments_are_older_ones_first() -> None:
    # Core 0 has a thread too many, core 1 one too few: what was one before comes first.
    host = HostFacts(
        cpuset=(0, 1, 2, 4),
        numa_cells=(
            NumaCell(
                cpus=(
                    HostCpu(id=0, siblings=(0, 1, 2)),
                    HostCpu(id=3, siblings=(3, 4, 5)),
                )
            ),
        ),
    )
    cpu = Cpu(topology=Topology(cores=2, threads=2), dedicated=True)
    assert pinning.pins(inputs(host, cpu=cpu)).vcpus == (0, 1, 4, 2)


def test_single_threads_come_from_fragments() -> None:
    found = pinning.pins(given(0, 8, 1, 9, 2, cores=1, threads=2, isolate_emulator=True))
    assert found.vcpus == (0, 8)
    assert found.emulator == (2,)


def test_then_fragments_of_all() -> None:
    assert pinning.pins(given(0, 8, 1, 5, cores=2, threads=2)).vcpus == (0, 8, 1, 5)


def test_not_across_cells_that_the_guest_sees() -> None:
    with pytest.raises(SpecError, match=r"could not fit 1 core.*without crossing"):
        pinning.pins(given(0, 8, 1, 5, cores=2, threads=2, numa_passthrough=True))


def test_not_enough() -> None:
    with pytest.raises(SpecError, match="could not fit 2 core"):
        pinning.pins(given(1, 2, cores=4))


def test_a_host_without_topology() -> None:
    cpu = Cpu(topology=Topology(cores=2), dedicated=True)
    assert pinning.pins(inputs(HostFacts(cpuset=(3, 5)), cpu=cpu)).vcpus == (3, 5)


def test_emulator() -> None:
    assert pinning.pins(given(1, 2, 3, cores=2, isolate_emulator=True)).emulator == (3,)
    even = given(1, 2, 3, 4, cores=2, isolate_emulator=True, even_emulator=True)
    assert pinning.pins(even).emulator == (3, 4)
    pool = IoThreads(policy="supplementalPool", pool=1)
    odd = given(1, 2, 3, 4, cores=2, isolate_emulator=True, even_emulator=True, io_threads=pool)
    assert pinning.pins(odd).emulator == (4,)
    with pytest.raises(SpecError, match="no CPU allocated for the emulation thread"):
        pinning.pins(given(1, 2, cores=2, isolate_emulator=True))
    with pytest.raises(SpecError, match="no second CPU allocated for the emulation thread"):
        pinning.pins(given(1, 2, 3, cores=2, isolate_emulator=True, even_emulator=True))


def io_pins(*cpuset: int, **changes) -> list[str]:
    (made,) = pinning.cpu_tune(given(*cpuset, **changes))
    return [each.get("cpuset") for each in made.all("iothreadpin")]


def test_io_threads_are_spread() -> None:
    disks = tuple(disk(f"d{n}", dedicated_io_thread=n > 0) for n in range(3))
    shared = IoThreads(policy="shared")
    changes = {"disks": disks, "io_threads": shared}
    assert io_pins(2, 3, 4, 5, cores=4, **changes) == ["2,3", "4", "5"]
    assert io_pins(2, 3, cores=2, **changes) == ["3", "2", "3"]
    assert io_pins(1, 2, 3, cores=2, isolate_emulator=True, **changes) == ["3"]
    # They share the pod's CPUs in the order of its set, not in that of the guest's.
    assert io_pins(0, 1, 8, cores=2, threads=1, disks=disks[:1], io_threads=shared) == ["0,1"]


def test_a_pool_has_cpus_of_its_own() -> None:
    pool = IoThreads(policy="supplementalPool", pool=2)
    assert io_pins(1, 2, 3, cores=1, io_threads=pool) == ["2", "3"]


def numa(memory: int, *cpuset: int, **changes):
    asked = Memory(guest=memory, hugepage_size=2 * MIB)
    return given(*cpuset, numa_passthrough=True, memory=asked, **changes)


def test_guest_cells() -> None:
    found = pinning.guest_cells(numa(1026 * MIB, 1, 5, 6, cores=3))
    assert [(cell.id, cell.host.id, cell.vcpus) for cell in found] == [
        (0, 0, (0,)), (1, 1, (1, 2)),
    ]  # fmt: skip
    assert [cell.memory // MIB for cell in found] == [514, 512]


def test_a_cell_is_named_by_the_guest_and_filled_by_the_host() -> None:
    one = numa(1024 * MIB, 4, 5, cores=2)
    (tune,) = pinning.numa_tune(one)
    assert tune.find("memory").get("nodeset") == "1"
    assert dict(tune.find("memnode").attributes) == {
        "cellid": "0", "mode": "strict", "nodeset": "1",
    }  # fmt: skip
    cells = pinning.numa_cells(one)
    assert cells.find("cell").get("cpus") == "0,1"
    assert len(cells.find("cell", "distances").children) == 1
