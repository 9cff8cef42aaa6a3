"""Threads that do disk I/O: how many, and which disk uses which.

A disk may have a thread of its own; the others share a few, in turn. A supplemental pool instead
serves all disks with all its threads.
"""

from __future__ import annotations

from dataclasses import dataclass

from launcher.domain.element import Element, element
from launcher.domain.inputs import Inputs
from launcher.spec import MachineSpec


@dataclass(frozen=True)
class Threads:
    """Numbers of shared and of dedicated threads."""

    shared: int
    dedicated: int

    @property
    def total(self) -> int:
        return self.shared + self.dedicated


def count(spec: MachineSpec) -> Threads:
    """How many threads a machine has; none unless asked for."""
    asked = spec.io_threads
    dedicated = sum(disk.dedicated_io_thread for disk in spec.disks)
    if asked.policy == "supplementalPool":
        return Threads(asked.pool, 0)
    if not asked.policy and not dedicated:
        return Threads(0, 0)
    wanted = len(spec.disks) - dedicated
    limit = asked.limit if asked.policy == "auto" else 1
    if wanted + dedicated > limit:
        wanted = max(1, limit - dedicated)
    return Threads(wanted, dedicated)


def total(inputs: Inputs) -> tuple[Element, ...]:
    """``<iothreads>``."""
    number = count(inputs.spec).total
    return (element("iothreads", text=number),) if number else ()


def assign(inputs: Inputs) -> dict[str, tuple[Element | None, str]]:
    """By disk name: the list of pool threads for its driver, or the one thread's number."""
    spec, threads = inputs.spec, count(inputs.spec)
    served = [disk for disk in spec.disks if disk.bus == "virtio"]
    if spec.io_threads.policy == "supplementalPool":
        return {disk.name: (_pool(threads.total), "") for disk in served}
    if not threads.total:
        return {}
    found: dict[str, tuple[Element | None, str]] = {}
    turn, own = 0, threads.shared
    for disk in served:
        if disk.dedicated_io_thread:
            own += 1
            found[disk.name] = (None, str(own))
        else:
            found[disk.name] = (None, str(turn % threads.shared + 1))
            turn += 1
    return found


def _pool(size: int) -> Element:
    each = (element("iothread", {"id": number}) for number in range(1, size + 1))
    return element("iothreads", None, *each)


def scsi_controller_thread(spec: MachineSpec) -> str:
    """Thread of the SCSI controller when one of its disks is to have its own; else empty.

    It is the shared thread whose turn it would be after all the virtio disks.
    """
    shared = 0 if spec.io_threads.policy == "supplementalPool" else count(spec).shared
    wanted = any(disk.bus == "scsi" and disk.dedicated_io_thread for disk in spec.disks)
    if not wanted or not shared:
        return ""
    turns = sum(disk.bus == "virtio" and not disk.dedicated_io_thread for disk in spec.disks)
    return str(turns % shared + 1)
