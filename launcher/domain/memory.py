"""Memory: its size and backing, and the balloon."""

from __future__ import annotations

from launcher.domain import pinning
from launcher.domain.element import Element, element, switch
from launcher.domain.inputs import Inputs


def size(inputs: Inputs) -> tuple[Element, ...]:
    """``<memory>``, and ``<maxMemory>`` when more may be plugged in later."""
    memory = inputs.spec.memory
    boot = element("memory", {"unit": "b"}, text=memory.guest)
    if memory.max_guest is None or memory.max_guest == memory.guest:
        return (boot,)
    return (boot, element("maxMemory", {"unit": "b", "slots": 0}, text=memory.max_guest))


def backing(inputs: Inputs) -> tuple[Element, ...]:
    """``<memoryBacking>``: huge pages, memfd, sharing."""
    memory, cpu = inputs.spec.memory, inputs.spec.cpu
    children = (
        _huge_pages(inputs) if memory.hugepage_size is not None else None,
        element("nosharepages") if cpu.realtime and cpu.numa_passthrough else None,
        element("source", {"type": "memfd"}) if inputs.memfd else None,
        element("access", {"mode": "shared"}) if inputs.shared_memory else None,
        element("allocation", {"mode": "immediate"}) if cpu.numa_passthrough else None,
    )
    return (element("memoryBacking", None, *children),) if any(children) else ()


def _huge_pages(inputs: Inputs) -> Element:
    pages = (
        element(
            "page",
            {"size": inputs.spec.memory.hugepage_size, "unit": "b", "nodeset": cell.id},
        )
        for cell in pinning.guest_cells(inputs)
    )
    return element("hugepages", None, *pages)


def balloon(inputs: Inputs) -> tuple[Element, ...]:
    """``<memballoon>``; libvirt adds one unless told ``none``."""
    spec = inputs.spec
    if not spec.balloon:
        return (element("memballoon", {"model": "none"}),)
    period = spec.balloon_stats_period
    reporting = "on" if spec.free_page_reporting else "off"
    return (
        element(
            "memballoon",
            {"model": inputs.virtio_model, "freePageReporting": reporting},
            element("stats", {"period": period}) if period else None,
            switch("driver", "iommu", state=True) if inputs.shielded else None,
        ),
    )
