"""What is to change about a running machine, from the VMI as it is now. Pure.

Only what can change without a restart is looked at: volumes and NICs that come and go, links, CPU
sockets, memory, access credentials. Whether a change is allowed was decided on admission.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass

import msgspec

from launcher.lifecycle import Command
from launcher.spec import Claim, Credentials, Elsewhere, MachineSpec, NoMedium
from launcher.state import MachineState
from virtctl.local.runtime.attachments import has_come
from virtctl.local.runtime.podmanifest import is_hotpluggable
from virtctl.models.documents import Document, JsonValue, ensure, find, objects, text


@dataclass(frozen=True)
class Wish:
    """A request to the launcher, as JSON, so that two of the same kind compare."""

    command: Command
    text: bytes

    @property
    def arguments(self) -> Mapping[str, JsonValue]:
        """What goes with the command."""
        decoded: Mapping[str, JsonValue] = msgspec.json.decode(self.text)
        return decoded


def as_arrived(vmi: Document) -> Document:
    """The VMI with those volumes there that came after its start, and without those still to come.

    What an attachment pod holds has come: nobody else carries it to a node.
    """
    made = deepcopy(vmi)
    known = {text(one, "name"): one for one in objects(made, "status", "volumeStatus")}
    coming = set()
    for volume in objects(made, "spec", "volumes"):
        name = text(volume, "name")
        entry = known.get(name, {})
        if is_hotpluggable(volume) and not has_come(entry):
            coming.add(name)
        elif find(entry, "hotplugVolume") is not None:
            entry["phase"] = "Ready"
    spec = ensure(made, "spec")
    spec["volumes"] = [one for one in objects(spec, "volumes") if text(one, "name") not in coming]
    devices = ensure(spec, "domain", "devices")
    devices["disks"] = [
        one
        for one in objects(devices, "disks")
        if text(one, "name") not in coming or find(one, "cdrom") is not None
    ]
    return made


def credentials(wanted: MachineSpec) -> Wish:
    """The access credentials as they are to be."""
    asked = Credentials(ssh_keys=wanted.ssh_keys, passwords=wanted.passwords)
    return Wish(Command.CREDENTIALS, msgspec.json.encode(asked))


def wishes(
    wanted: MachineSpec, state: MachineState, arrived: Collection[str] = ()
) -> tuple[Wish, ...]:
    """What to ask of the launcher so that the machine becomes as wanted.

    ``arrived`` names the NICs whose links are in the pod, so that they can be plugged in.
    A wish stays until the guest has fulfilled it, so that the caller tells each once.
    """
    return (
        *_gone(wanted, state),
        *_disks(wanted, state),
        *_nics(wanted, state, arrived),
        *_size(wanted, state),
        credentials(wanted),
    )


def _wish(command: Command, arguments: object) -> Wish:
    return Wish(command, msgspec.json.encode(arguments))


def _gone(wanted: MachineSpec, state: MachineState) -> Iterator[Wish]:
    disks = {disk.name for disk in wanted.disks if not isinstance(disk.source, NoMedium)}
    absent = {nic.name for nic in wanted.nics if nic.state == "absent"}
    for disk in state.disks:
        if disk.hotplugged and disk.name not in disks:
            yield _wish(Command.UNPLUG, {"name": disk.name})
    for nic in state.nics:
        if nic.name in absent and "domain" in nic.sources:
            yield _wish(Command.UNPLUG, {"name": nic.name})


def _disks(wanted: MachineSpec, state: MachineState) -> Iterator[Wish]:
    there = {disk.name for disk in state.disks if not disk.empty}
    for disk in wanted.disks:
        if disk.hotplugged and isinstance(disk.source, Claim) and disk.name not in there:
            yield _wish(Command.PLUG_DISK, {"disk": disk})


def _nics(wanted: MachineSpec, state: MachineState, arrived: Collection[str]) -> Iterator[Wish]:
    there = {nic.name: nic for nic in state.nics if nic.name}
    for nic in wanted.nics:
        known = there.get(nic.name)
        if nic.state == "absent" or isinstance(nic.binding, Elsewhere):
            continue
        if known is None and nic.name in arrived:
            yield _wish(Command.PLUG_NIC, {"nic": nic})
        elif known is not None and known.link_up is (nic.state == "down"):
            yield _wish(Command.LINK, {"name": nic.name, "up": not known.link_up})


def _size(wanted: MachineSpec, state: MachineState) -> Iterator[Wish]:
    topology = wanted.cpu.topology
    if state.vcpus and topology.count > state.vcpus:
        yield _wish(Command.SOCKETS, {"sockets": topology.sockets})
    if state.memory and wanted.memory.max_guest and wanted.memory.guest != state.memory:
        yield _wish(Command.MEMORY, {"size": wanted.memory.guest})
