"""Seeds as ops: the ISO of each cloud-init disk, and the Ignition file."""

from __future__ import annotations

from collections.abc import Iterator

from launcher import layout
from launcher.cloudinit import tags, trees
from launcher.facts import HostFacts
from launcher.ops.base import Op
from launcher.ops.files import MakeDirectory, WriteFile
from launcher.ops.images import MakeIso
from launcher.spec import CloudInit, MachineSpec

_LABELS = {"noCloud": "cidata", "configDrive": "config-2"}
_ISO_NAMES = {"noCloud": "noCloud.iso", "configDrive": "configdrive.iso"}


def seed_plan(spec: MachineSpec) -> tuple[Op, ...]:
    """Ops that write every seed of a machine."""
    isos = (
        op
        for disk in spec.disks
        if isinstance(disk.source, CloudInit)
        for op in _iso(spec, disk.source)
    )
    return (*isos, *_ignition(spec))


def tagged_seed_plan(spec: MachineSpec, facts: HostFacts, domain: str) -> tuple[Op, ...]:
    """Ops that write config drives anew, with the devices that have tags.

    ``domain`` is libvirt's XML of the domain as defined: it decides where devices sit.
    """
    found = tags.devices(spec, facts, domain)
    return tuple(op for seed in _drives(spec) for op in _iso(spec, seed, found)) if found else ()


def tells_tags(spec: MachineSpec) -> bool:
    """Whether there are devices with tags, and a config drive to tell of them."""
    tags_given = [nic.tag for nic in spec.nics] + [device.tag for device in spec.host_devices]
    return any(tags_given) and bool(_drives(spec))


def _drives(spec: MachineSpec) -> list[CloudInit]:
    seeds = (disk.source for disk in spec.disks if isinstance(disk.source, CloudInit))
    return [seed for seed in seeds if seed.flavour == "configDrive"]


def seed_files(spec: MachineSpec) -> dict[str, dict[str, bytes]]:
    """What is in the seeds, by disk name and by path."""
    return {
        disk.name: trees.files(spec, disk.source)
        for disk in spec.disks
        if isinstance(disk.source, CloudInit)
    }


def _iso(spec: MachineSpec, seed: CloudInit, devices: tuple[tags.Device, ...] = ()) -> Iterator[Op]:
    path = layout.inside_seed(spec.namespace, spec.name, _ISO_NAMES[seed.flavour])
    yield MakeDirectory(path=str(path.parent))
    label = _LABELS[seed.flavour]
    yield MakeIso(path=str(path), label=label, files=trees.files(spec, seed, devices))


def _ignition(spec: MachineSpec) -> Iterator[Op]:
    if spec.ignition:
        path = layout.inside_seed(spec.namespace, spec.name, "data.ign")
        yield WriteFile(path=str(path), content=spec.ignition.encode())
