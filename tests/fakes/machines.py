"""Machines for tests: a small one, changed by name."""

from __future__ import annotations

from launcher.domain.inputs import Inputs
from launcher.domain.wiring import PodWiring
from launcher.facts import HostFacts
from launcher.spec import (
    Accelerator,
    ContainerDisk,
    Disk,
    DiskDevice,
    DiskSource,
    Firmware,
    MachineSpec,
    Masquerade,
    Memory,
    Nic,
)

UID = "11111111-2222-4333-8444-555555555555"
MIB = 1024 * 1024


def machine(**changes) -> MachineSpec:
    """A machine without disks and NICs, 256 MiB, under KVM."""
    given = {
        "name": "web",
        "namespace": "shop",
        "uid": UID,
        "hostname": "web",
        "accelerator": Accelerator.KVM,
        "memory": Memory(guest=256 * MIB),
        "firmware": Firmware(uuid="aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"),
    }
    return MachineSpec(**{**given, **changes})


def inputs(facts: HostFacts | None = None, pod: PodWiring | None = None, **changes) -> Inputs:
    """The same machine as configurators get it."""
    host = facts or HostFacts(kvm_usable=True)
    return Inputs(machine(**changes), host, pod or PodWiring())


def disk(name: str = "root", source: DiskSource | None = None, **changes) -> Disk:
    """A virtio disk with an image, unless told otherwise."""
    image = ContainerDisk(image="/images/root.qcow2", format="qcow2")
    given = {"name": name, "index": 0, "source": source or image, "device": DiskDevice.DISK}
    return Disk(**{**given, **changes})


def nic(name: str = "default", **changes) -> Nic:
    """The pod's NIC behind NAT."""
    return Nic(**{"name": name, "pod_nic": "eth0", "binding": Masquerade(), **changes})
