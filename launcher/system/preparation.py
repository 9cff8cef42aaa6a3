"""What a machine needs around it: the pod's network, its disks' files, servers for the guest.

Disks are made in a thread while the network is set up, and the hypervisor is opened in another, so
that the longest of the three is what the guest's start waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from launcher import layout
from launcher.cloudinit.seeds import seed_plan, tagged_seed_plan, tells_tags
from launcher.domain import disks, interfaces, live, modes, ports
from launcher.domain.builder import domain
from launcher.domain.element import Element, render
from launcher.domain.inputs import Inputs
from launcher.domain.wiring import NicWiring, PodWiring
from launcher.errors import HostError, LauncherError, SpecError
from launcher.facts import HostFacts
from launcher.layout import MachineLayout
from launcher.net import passtfiles
from launcher.net.bindings import PodNet
from launcher.net.served import served_links
from launcher.spec import Claim, Disk, EphemeralClaim, MachineSpec, Nic, NoMedium
from launcher.state import LeaseState
from launcher.storage import binds
from launcher.storage.provision import disk_plan
from launcher.storage.provision import tracking as tracking_plan
from launcher.system import files, images, loops, mounts, podnet, sockets, virtiofs
from launcher.system.hypervisor import Hypervisor


class PodSurroundings:
    """``machine.Surroundings`` in the pod that this process is in.

    ``note`` is told what is worth showing of how they were made.
    """

    def __init__(
        self,
        spec: MachineSpec,
        facts: HostFacts,
        place: MachineLayout,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._spec, self._facts, self._place, self._note = spec, facts, place, note
        self._network = PodNet(attachments=())
        self._servers: sockets.Running | None = None
        self._later_servers: dict[str, sockets.Running] = {}  # by the NIC that came later
        self._settled = spec
        self._sharing = virtiofs.Servers(spec, binds.qemu_user(spec, facts))
        self._loops: dict[str, loops.Loop] = {}  # by the disk whose claim is in block mode

    async def prepare(self, enter: Callable[[str], None]) -> None:
        """Set up network, disks and servers; the order of the steps is that of their ends."""
        passtfiles.check_files(
            self._spec, allowed=sockets.files_allowed(), ephemeral=sockets.client_ports()
        )
        making = asyncio.ensure_future(asyncio.to_thread(self._make_disks))
        try:
            enter("pod-network")
            self._network = await asyncio.to_thread(podnet.set_up, self._spec, self._place.journal)
            for note in self._network.notes():
                self._note(note)
            self._name_pod()
            enter("guest-network-servers")
            self._servers = sockets.serve_guest_network(self._spec, self._network)
            enter("disks")
            self._settled = await making
        finally:
            with suppress(LauncherError, asyncio.CancelledError):
                await making  # a thread cannot be stopped; see it end before things are undone

    def define(self, spec: MachineSpec, hypervisor: Hypervisor) -> None:
        """Define the domain on the prepared disks and taps; blocks.

        Twice where devices may be plugged in later: libvirt decides where things sit, and ports
        are added to what it decided.
        """
        self._sharing.restart()
        settled = msgspec.structs.replace(spec, disks=self._settled.disks)
        built = domain(self._inputs(settled))
        if ports.has_ports(settled):
            hypervisor.define(ports.first_definition(built, settled))
            hypervisor.define(ports.last_definition(built, settled, hypervisor.xml()))
        else:
            hypervisor.define(render(built))
        if tells_tags(settled) and not settled.incoming:
            images.carry_out(tagged_seed_plan(settled, self._facts, hypervisor.xml()))

    def give_back(self, spec: MachineSpec) -> None:
        """Give the disks' files to QEMU's user again; blocks."""
        user = binds.qemu_user(spec, self._facts)
        for disk in spec.disks:
            if not isinstance(disk.source, NoMedium):
                path = Path(modes.paths(spec)[disk.name][0])
                if path.exists():
                    files.give(path, user)

    def pod_addresses(self, nic: str) -> tuple[str, ...]:
        """The pod's addresses by which a NIC is reached."""
        return tuple(
            address.ip
            for each in self._network.attachments
            if each.name == nic
            for address in each.addresses
        )

    def leases(self) -> tuple[LeaseState, ...]:
        """What the DHCP servers of all NICs saw."""
        first = (self._servers,) if self._servers else ()
        return tuple(
            lease
            for servers in (*first, *self._later_servers.values())
            for lease in servers.leases()
        )

    async def undo(self) -> None:
        """Take the pod's network back, and stop the servers."""
        for servers in (
            *self._later_servers.values(),
            *((self._servers,) if self._servers else ()),
        ):
            await asyncio.to_thread(servers.stop)
        self._sharing.stop()
        for loop in self._loops.values():
            loop.close()
        self._loops.clear()
        with suppress(LauncherError):
            await asyncio.to_thread(podnet.take_back, self._place.journal)

    def plug_disk(self, spec: MachineSpec, disk: Disk) -> tuple[Disk, str]:
        """Bind a claim's file where QEMU will open it; blocks."""
        if not isinstance(disk.source, Claim):
            raise SpecError(f"disks[{disk.name}]", "only claims can be plugged into running guests")
        whole = msgspec.structs.replace(spec, disks=(*spec.disks, disk))
        target = self.show_disk(disk)
        try:
            images.carry_out(tuple(tracking_plan(disk)))
            names = disks.target_names(whole.disks)
            found = images.look({disk.name: (target,)})
            whole = modes.settle(whole, found)
            settled = msgspec.structs.replace(whole.disks[-1], target=names[disk.name])
            whole = msgspec.structs.replace(whole, disks=(*spec.disks, settled))
            return settled, _element(disks.disks(self._inputs(whole)), disk.name)
        except BaseException:
            self.drop_disk(disk)
            raise

    def show_disk(self, disk: Disk) -> str:
        """Bind a claim's file; blocks. The path by which QEMU opens it."""
        if not isinstance(disk.source, Claim):
            raise SpecError(f"disks[{disk.name}]", "only claims can be shown to running guests")
        target = layout.inside_hotplugged(disk.name, block=disk.source.block)
        if disk.source.loop:
            self._attach(disk, disk.source)
            return str(target)
        try:
            mounts.bind(Path(disk.source.path), target)
        except OSError as error:
            raise HostError(f"cannot show `{disk.source.path}` to the guest: {error}") from error
        return str(target)

    def drop_disk(self, disk: Disk) -> None:
        """Take a claim's file away again; blocks."""
        if not isinstance(disk.source, Claim) or not disk.hotplugged:
            return
        if loop := self._loops.pop(disk.name, None):
            loop.close()
        try:
            mounts.unbind(layout.inside_hotplugged(disk.name, block=disk.source.block))
        except OSError as error:
            raise HostError(f"the disk `{disk.name}` is still bound: {error}") from error

    def grow_disk(self, disk: Disk) -> None:
        """Let a disk's device have the size of its file; blocks."""
        if loop := self._loops.get(disk.name):
            loop.grow()

    def plug_nic(self, spec: MachineSpec, nic: Nic) -> str:
        """Wire a NIC in the pod and serve it; blocks."""
        self._network = podnet.set_up(spec, self._place.journal, only=[nic.name])
        mine = PodNet(attachments=tuple(a for a in self._network.attachments if a.name == nic.name))
        if links := served_links(spec, mine):
            self._later_servers[nic.name] = sockets.serve_links(links)
        return _element(interfaces.interfaces(self._inputs(spec)), nic.name)

    def drop_nic(self, spec: MachineSpec, nic: Nic) -> None:
        """Take a NIC out of the pod; blocks."""
        if servers := self._later_servers.pop(nic.name, None):
            servers.stop()
        self._network = podnet.set_up(spec, self._place.journal, only=[nic.name])

    def _inputs(self, spec: MachineSpec) -> Inputs:
        wiring = PodWiring(
            nics={
                each.name: NicWiring(tap=each.tap, mac=each.guest_mac, mtu=each.mtu)
                for each in self._network.attachments
            }
        )
        return Inputs(spec, self._facts, wiring)

    def _make_disks(self) -> MachineSpec:
        for disk in self._spec.disks:
            source = disk.source
            if isinstance(source, Claim | EphemeralClaim) and source.loop:
                self._attach(disk, source)
        if not self._spec.incoming:  # else they are there, as the guest has them
            images.carry_out((*disk_plan(self._spec), *seed_plan(self._spec)))
        self._lead_to_disks()
        return modes.settle(self._spec, images.look(modes.paths(self._spec)))

    def _attach(self, disk: Disk, claim: Claim | EphemeralClaim) -> None:
        """Make a claim's file the device that QEMU opens."""
        file = Path(claim.path)  # by the host's name, which the host then shows of the device
        if not file.exists():  # below the host's own /run
            file = layout.inside_disk_image(disk.name)
        target = layout.inside_block_device(disk.name)
        if disk.hotplugged:
            target = layout.inside_hotplugged(disk.name, block=True)
        read_only = isinstance(claim, EphemeralClaim) or claim.read_only
        loop = loops.attach(file, read_only=read_only)
        try:
            loop.show(target, binds.qemu_user(self._spec, self._facts))
        except HostError:
            loop.close()
            raise
        self._loops[disk.name] = loop

    def _lead_to_disks(self) -> None:
        """Files of claims may lie in directories that QEMU's user must not search."""
        user = binds.qemu_user(self._spec, self._facts)
        for path in map(Path, binds.inside_directories(self._spec)):
            if path.exists() and not files.may_search(path.parent, user):
                mounts.show_alone(path)

    def _name_pod(self) -> None:
        """Let the pod find itself by name: its address in ``/etc/hosts``, in place of a bind."""
        names = " ".join(
            (f"{self._spec.hostname}.{self._spec.subdomain}", self._spec.hostname)
            if self._spec.subdomain
            else (self._spec.hostname,)
        )
        lines = [
            f"{address.ip} {names}\n"
            for each in self._network.attachments
            for address in each.addresses
        ]
        with self._place.hosts.open("a") as file:
            file.writelines(lines)


def _element(devices: tuple[Element, ...], name: str) -> str:
    """The text of the one device that users call ``name``."""
    found = live.find(devices, name)
    if found is None:
        raise SpecError(f"devices[{name}]", "it is not to be part of the domain")
    return render(found)
