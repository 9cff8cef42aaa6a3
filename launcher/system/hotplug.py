"""Disks, NICs, CPUs and memory that come to a running machine, and disks and NICs that go.

What is plugged in is first made reachable in the pod (a disk's file is bound, a NIC gets its tap),
then given to QEMU; when that fails it is taken back. What goes is asked of the guest, which may
take its time or never do it: the device is still there until an event says that it is not, and
only then what it hung on is taken away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

import msgspec

from launcher.domain import live
from launcher.domain.dumpxml import parse_domain
from launcher.errors import HypervisorError, LauncherError, SpecError
from launcher.spec import Claim, Disk, DiskDevice, MachineSpec, Nic, NoMedium
from launcher.system.hypervisor import Hypervisor

_log = logging.getLogger(__name__)


class Wires(Protocol):
    """What devices hang on in the pod. All methods block and raise ``LauncherError``."""

    def plug_disk(self, spec: MachineSpec, disk: Disk) -> tuple[Disk, str]:
        """Make a disk's file reachable; the disk as it will be, and its XML."""

    def show_disk(self, disk: Disk) -> str:
        """Make a medium's file reachable; the path by which QEMU opens it."""

    def drop_disk(self, disk: Disk) -> None:
        """Take a disk's file away again; may be repeated."""

    def grow_disk(self, disk: Disk) -> None:
        """Let a disk's device have the size that its file has now."""

    def plug_nic(self, spec: MachineSpec, nic: Nic) -> str:
        """Wire a NIC of the spec in the pod; its XML."""

    def drop_nic(self, spec: MachineSpec, nic: Nic) -> None:
        """Take a NIC, which the spec calls absent, out of the pod; may be repeated."""


class Plugged(Protocol):
    """The machine that things are plugged into."""

    spec: MachineSpec

    @property
    def hypervisor(self) -> Hypervisor:
        """The domain; raises ``HypervisorError`` while there is none yet."""

    async def refresh(self) -> None:
        """Look at the domain anew and report what it has."""


class Hotplug:
    """Changes the devices of one machine; one change at a time."""

    def __init__(self, machine: Plugged, wires: Wires) -> None:
        self._machine, self._wires = machine, wires
        self._turn = asyncio.Lock()

    @property
    def turn(self) -> asyncio.Lock:
        """Held while devices change."""
        return self._turn

    async def plug_disk(self, disk: Disk) -> None:
        """Plug in a disk, whose source is a claim. Raises ``SpecError`` and others."""
        if not isinstance(disk.source, Claim):
            raise SpecError(f"disks[{disk.name}]", "only claims can be plugged into running guests")
        async with self._turn:
            drive = self._disk(disk.name)
            if drive is not None and isinstance(drive.source, NoMedium):
                await self._insert(drive, disk.source)
                return
            self._refuse_known(disk.name)
            spec = self._machine.spec
            hypervisor = self._machine.hypervisor
            new = msgspec.structs.replace(disk, hotplugged=True, index=len(spec.disks))
            settled, xml = await asyncio.to_thread(self._wires.plug_disk, spec, new)
            try:
                await asyncio.to_thread(hypervisor.attach, xml)
            except HypervisorError:
                await self._tolerate(lambda: self._wires.drop_disk(settled))
                raise
            self._machine.spec = msgspec.structs.replace(spec, disks=(*spec.disks, settled))
            await self._machine.refresh()

    async def plug_nic(self, nic: Nic) -> None:
        """Plug in a NIC whose link is in the pod. Raises ``SpecError`` and others."""
        async with self._turn:
            self._refuse_known(nic.name)
            spec = self._machine.spec
            hypervisor = self._machine.hypervisor
            others = tuple(each for each in spec.nics if each.name != nic.name)
            new = msgspec.structs.replace(spec, nics=(*others, nic))
            try:
                xml = await asyncio.to_thread(self._wires.plug_nic, new, nic)
                await asyncio.to_thread(hypervisor.attach, xml)
            except LauncherError:
                await self._drop_nic(new, nic)
                raise
            self._machine.spec = new
            await self._machine.refresh()

    async def unplug(self, name: str) -> None:
        """Ask the guest to let go of a disk or NIC. Raises ``SpecError`` when there is none."""
        async with self._turn:
            drive = self._disk(name)
            if drive is not None and drive.device is DiskDevice.CDROM and drive.hotplugged:
                await self._eject(drive)
                return
            if drive is None and self._nic(name) is None:
                raise SpecError(f"devices[{name}]", "the running machine has no such disk or NIC")
            await asyncio.to_thread(self._machine.hypervisor.detach, live.alias_of(name))

    async def grow(self, name: str) -> None:
        """Let a disk's device have the size that its file has now."""
        async with self._turn:
            disk = self._disk(name)
            if disk is not None:
                await asyncio.to_thread(self._wires.grow_disk, disk)

    async def _insert(self, drive: Disk, medium: Claim) -> None:
        """Put a medium into an empty drive."""
        filled = msgspec.structs.replace(drive, source=medium, hotplugged=True)
        path = await asyncio.to_thread(self._wires.show_disk, filled)
        try:
            await self._change_medium(drive.name, path)
        except LauncherError:
            await self._tolerate(lambda: self._wires.drop_disk(filled))
            raise
        await self._replace(filled)

    async def _eject(self, drive: Disk) -> None:
        """Take the medium out of a drive, unless the guest has locked it."""
        await self._change_medium(drive.name, "")
        await self._tolerate(lambda: self._wires.drop_disk(drive))
        await self._replace(msgspec.structs.replace(drive, source=NoMedium(), hotplugged=False))

    async def _change_medium(self, name: str, path: str) -> None:
        hypervisor = self._machine.hypervisor
        xml = live.with_medium(await asyncio.to_thread(hypervisor.xml), name, path)
        await asyncio.to_thread(hypervisor.update, xml)

    async def _replace(self, disk: Disk) -> None:
        spec = self._machine.spec
        disks = tuple(disk if each.name == disk.name else each for each in spec.disks)
        self._machine.spec = msgspec.structs.replace(spec, disks=disks)
        await self._machine.refresh()

    async def unplugged(self, alias: str) -> None:
        """The guest has let go of a device: what it hung on is taken away."""
        name = alias.removeprefix(live.USER_ALIAS)
        async with self._turn:
            spec = self._machine.spec
            disk, nic = self._disk(name), self._nic(name)
            if disk is not None:
                await self._tolerate(lambda: self._wires.drop_disk(disk))
                left = tuple(each for each in spec.disks if each.name != name)
                self._machine.spec = msgspec.structs.replace(spec, disks=left)
            elif nic is not None:
                self._machine.spec = await self._drop_nic(spec, nic)
            await self._machine.refresh()

    async def set_link(self, name: str, *, up: bool) -> None:
        """Plug a NIC's cable in or out. Raises ``SpecError`` when there is no such NIC."""
        async with self._turn:
            hypervisor = self._machine.hypervisor
            domain = await asyncio.to_thread(hypervisor.xml)
            xml = live.with_link(domain, name, up=up)
            await asyncio.to_thread(hypervisor.update, xml)
            await self._machine.refresh()

    async def set_sockets(self, sockets: int) -> None:
        """Have the CPUs of so many sockets. Raises ``SpecError`` when there is no room."""
        async with self._turn:
            spec = self._machine.spec
            count = live.vcpus(spec.cpu.topology, spec.cpu.max_sockets, sockets)
            hypervisor = self._machine.hypervisor
            has = parse_domain(await asyncio.to_thread(hypervisor.xml)).vcpus
            if count < has:
                problem = f"`{sockets}` is {count} CPUs, and there are {has}: only more can come"
                raise SpecError("domain.cpu.sockets", problem, "restart the machine for fewer")
            await asyncio.to_thread(hypervisor.set_vcpus, count)
            await self._machine.refresh()

    async def set_memory(self, size: int) -> None:
        """Let the guest have so many bytes of memory. Raises ``SpecError`` without room."""
        async with self._turn:
            xml = live.more_memory(self._machine.spec.memory, size)
            hypervisor = self._machine.hypervisor
            there = live.has_more_memory(await asyncio.to_thread(hypervisor.xml))
            await asyncio.to_thread(hypervisor.update if there else hypervisor.attach, xml)
            await self._machine.refresh()

    async def _drop_nic(self, spec: MachineSpec, nic: Nic) -> MachineSpec:
        """Take a NIC out of the pod; the spec that says so."""
        gone = msgspec.structs.replace(nic, state="absent")
        nics = tuple(gone if each.name == nic.name else each for each in spec.nics)
        new = msgspec.structs.replace(spec, nics=nics)
        await self._tolerate(lambda: self._wires.drop_nic(new, gone))
        return new

    async def _tolerate(self, drop: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(drop)
        except LauncherError as error:
            _log.warning("left behind: %s", error)

    def _refuse_known(self, name: str) -> None:
        if self._disk(name) is not None or self._nic(name) is not None:
            raise SpecError(
                f"devices[{name}]", "the machine has a disk or NIC of this name already"
            )

    def _disk(self, name: str) -> Disk | None:
        found = (each for each in self._machine.spec.disks if each.name == name)
        return next(found, None)

    def _nic(self, name: str) -> Nic | None:
        found = (each for each in self._machine.spec.nics if each.name == name)
        return next((each for each in found if each.state != "absent"), None)
