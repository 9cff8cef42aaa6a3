"""Host CPUs for guests that own theirs: which guest thread runs where, and NUMA cells after it.

A guest core goes to threads of one host core while there are host cores with enough of them left;
then to what is left in one NUMA cell; then, unless the guest is shown the host's cells, anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from launcher.domain import iothreads
from launcher.domain.element import Element, element
from launcher.domain.inputs import Inputs
from launcher.errors import SpecError
from launcher.facts import NumaCell

_PATH = "domain.cpu.dedicatedCpuPlacement"
_NUMA_PATH = "domain.cpu.numa.guestMappingPassthrough"


@dataclass(frozen=True)
class Pins:
    """Host CPU of each virtual CPU, of each pool I/O thread, and those of the emulator."""

    vcpus: tuple[int, ...]
    pool: tuple[int, ...] = ()
    emulator: tuple[int, ...] = ()


class _Cell:
    """What is free of one host cell: whole cores, which have room for a guest core, and the rest.

    Guest threads that are taken from a whole core leave a fragment when what remains of it is too
    little for another guest core.
    """

    def __init__(self, cores: Iterable[Sequence[int]], threads: int) -> None:
        self.threads = threads
        self.whole = [list(core) for core in cores if len(core) >= threads]
        self.fragments = [cpu for core in cores if len(core) < threads for cpu in core]

    def take_whole(self) -> list[int]:
        """Threads for one guest core from one host core; none when there is no such core."""
        return self._from_whole(self.threads) if self.whole else []

    def take_fragments(self) -> list[int]:
        """Threads for one guest core from several host cores; none when there are too few."""
        return self.take_up_to(self.threads) if len(self.fragments) >= self.threads else []

    def take_up_to(self, count: int) -> list[int]:
        """As many fragments as there are, ``count`` at most."""
        taken, self.fragments = self.fragments[:count], self.fragments[count:]
        return taken

    def take_one(self) -> list[int]:
        """One thread, rather a fragment than a part of a whole core."""
        if self.fragments:
            return self.take_up_to(1)
        return self._from_whole(1) if self.whole else []

    def _from_whole(self, count: int) -> list[int]:
        core = self.whole[0]
        taken, left = core[:count], core[count:]
        if len(left) >= self.threads:
            self.whole[0] = left
        else:
            self.whole.pop(0)
            self.fragments += left
        return taken


def _cells(inputs: Inputs) -> list[_Cell]:
    """The host's cells, in its order; all of the pod's CPUs as one when it shows none."""
    allowed, threads = set(inputs.facts.cpuset), inputs.spec.cpu.topology.threads
    if not inputs.facts.numa_cells:
        return [_Cell([[cpu] for cpu in inputs.facts.cpuset], threads)]
    seen: set[int] = set()
    return [_Cell(_cores(cell, allowed, seen), threads) for cell in inputs.facts.numa_cells]


def _cores(cell: NumaCell, allowed: set[int], seen: set[int]) -> list[list[int]]:
    """The cell's cores, each as the list of its threads that may be used."""
    cores = []
    for cpu in cell.cpus:
        if cpu.id not in seen:
            siblings = cpu.siblings or (cpu.id,)
            seen.update(siblings)
            cores.append([sibling for sibling in siblings if sibling in allowed])
    return cores


def pins(inputs: Inputs) -> Pins | None:
    """Where everything runs; None for guests that share their CPUs. Raises ``SpecError``."""
    cpu = inputs.spec.cpu
    if not cpu.dedicated:
        return None
    cells = _cells(inputs)
    vcpus = _place_cores(cells, inputs)
    pool: tuple[int, ...] = ()
    if inputs.spec.io_threads.policy == "supplementalPool":
        pool = tuple(_one(cells, "the iothread") for _ in range(inputs.spec.io_threads.pool))
    emulator: tuple[int, ...] = ()
    if cpu.isolate_emulator:
        even = (cpu.topology.count + len(pool)) % 2 == 0
        number = 2 if cpu.even_emulator and even else 1
        which = ("", "second ")
        emulator = tuple(_one(cells, "the emulation thread", which[n]) for n in range(number))
    return Pins(vcpus, pool, emulator)


def _one(cells: Sequence[_Cell], what: str, which: str = "") -> int:
    for cell in cells:
        for cpu in cell.take_one():
            return cpu
    raise SpecError(_PATH, f"no {which}CPU allocated for {what}: no remaining unassigned threads")


def _place_cores(cells: Sequence[_Cell], inputs: Inputs) -> tuple[int, ...]:
    cpu = inputs.spec.cpu
    wanted, threads = cpu.topology.sockets * cpu.topology.cores, cpu.topology.threads
    placed: list[int] = []
    for take in (_Cell.take_whole, _Cell.take_fragments):
        for cell in cells:
            while len(placed) < wanted * threads and (taken := take(cell)):
                placed += taken
    if not cpu.numa_passthrough:
        for cell in cells:
            placed += cell.take_up_to(wanted * threads - len(placed))
    missing = (wanted * threads - len(placed)) // threads
    if not missing:
        return tuple(placed)
    if cpu.numa_passthrough and len(inputs.facts.cpuset) >= wanted * threads:
        raise SpecError(
            _PATH,
            f"could not fit {missing} core(s) without crossing numa cell boundaries "
            "for individual cores",
        )
    raise SpecError(
        _PATH, f"not enough exclusive threads provided, could not fit {missing} core(s)"
    )


def cpu_tune(inputs: Inputs) -> tuple[Element, ...]:
    """``<cputune>``."""
    where = pins(inputs)
    if where is None:
        return ()
    vcpus = (
        element("vcpupin", {"vcpu": number, "cpuset": cpu})
        for number, cpu in enumerate(where.vcpus)
    )
    emulator = element("emulatorpin", {"cpuset": _listed(where.emulator)})
    return (
        element(
            "cputune",
            None,
            *vcpus,
            *_io_pins(inputs, where),
            emulator if where.emulator else None,
        ),
    )


def _io_pins(inputs: Inputs, where: Pins) -> list[Element]:
    """Threads of the pool have CPUs of their own; others share those of the pod, or go with the
    emulator.
    """
    total = iothreads.count(inputs.spec).total
    cpuset, count = inputs.facts.cpuset, inputs.spec.cpu.topology.count
    sets: list[tuple[int, ...]]
    if where.pool:
        sets = [(cpu,) for cpu in where.pool]
    elif not total:
        sets = []
    elif where.emulator:
        sets = [where.emulator]
    elif total >= count:
        sets = [(cpuset[number % count],) for number in range(1, total + 1)]
    else:
        sets = list(_even_parts(cpuset[:count], total))
    return [
        element("iothreadpin", {"iothread": number, "cpuset": _listed(cpus)})
        for number, cpus in enumerate(sets, 1)
    ]


def _even_parts(cpus: tuple[int, ...], parts: int) -> Iterable[tuple[int, ...]]:
    """``cpus`` in so many runs, the first ones a little longer."""
    at = 0
    for number in range(parts):
        size = len(cpus) // parts + (number < len(cpus) % parts)
        yield cpus[at : at + size]
        at += size


def _listed(numbers: Iterable[int]) -> str:
    return ",".join(str(number) for number in numbers)


# --- NUMA -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GuestCell:
    """A NUMA cell of the guest, after one of the host. ``memory`` is in bytes."""

    id: int
    host: NumaCell
    vcpus: tuple[int, ...]
    memory: int


def guest_cells(inputs: Inputs) -> tuple[GuestCell, ...]:
    """The cells of a guest that is shown the host's; none for other guests."""
    where = pins(inputs) if inputs.spec.cpu.numa_passthrough else None
    if where is None:
        return ()
    involved = []
    for cell in inputs.facts.numa_cells:
        cpus = {cpu.id for cpu in cell.cpus}
        vcpus = tuple(number for number, cpu in enumerate(where.vcpus) if cpu in cpus)
        if vcpus:
            involved.append((cell, vcpus))
    page, count = inputs.spec.memory.hugepage_size or 0, len(involved)
    _check_memory(inputs, page, count)
    pages = inputs.spec.memory.guest // page if page else 0
    return tuple(
        GuestCell(
            id=number,
            host=cell,
            vcpus=vcpus,
            memory=(pages // count + (number < pages % count)) * page,
        )
        for number, (cell, vcpus) in enumerate(involved)
    )


def _check_memory(inputs: Inputs, page: int, cells: int) -> None:
    """Raises ``SpecError`` unless the cells can share the guest's huge pages out."""
    guest = inputs.spec.memory.guest
    if not cells:
        return
    if not page:
        raise SpecError(
            _NUMA_PATH,
            "passing through a numa topology is restricted to VMIs with hugepages enabled",
        )
    if guest < cells * page:
        raise SpecError(
            _NUMA_PATH,
            "not enough memory requested to allocate at least one hugepage per numa node: "
            f"{guest} < {cells * page}",
        )
    if guest % page:
        raise SpecError(
            _NUMA_PATH,
            "requested memory can't be divided through the numa page size: "
            f"{guest} mod {page} != 0",
        )


def numa_tune(inputs: Inputs) -> tuple[Element, ...]:
    """``<numatune>``: each guest cell's memory from its host cell."""
    cells = guest_cells(inputs)
    if not cells:
        return ()
    hosts = _listed(cell.host.id for cell in cells)
    each = (
        element("memnode", {"cellid": cell.id, "mode": "strict", "nodeset": cell.host.id})
        for cell in cells
    )
    return (
        element("numatune", None, element("memory", {"mode": "strict", "nodeset": hosts}), *each),
    )


def numa_cells(inputs: Inputs) -> Element | None:
    """``<numa>`` of ``<cpu>`` for such a guest."""
    cells = guest_cells(inputs)
    return element("numa", None, *(_cell(cell, cells) for cell in cells)) if cells else None


def _cell(cell: GuestCell, cells: tuple[GuestCell, ...]) -> Element:
    guest_ids = {each.host.id: each.id for each in cells}
    siblings = [
        element("sibling", {"id": guest_ids[distance.id], "value": distance.value})
        for distance in cell.host.distances
        if distance.id in guest_ids
    ]
    return element(
        "cell",
        {"id": cell.id, "cpus": _listed(cell.vcpus), "memory": cell.memory, "unit": "b"},
        element("distances", None, *siblings) if siblings else None,
    )
