"""Which files and directories of the host a machine sees, and where: the pod's mounts as data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

import msgspec

from launcher import layout
from launcher.facts import HostFacts
from launcher.layout import MachineLayout
from launcher.spec import (
    Claim,
    CloudInit,
    ContainerDisk,
    Disk,
    DownwardMetrics,
    EmptyDisk,
    EphemeralClaim,
    FilesDisk,
    HostDisk,
    MachineSpec,
    NoMedium,
)

TPM_AUTHORITY = "/var/lib/swtpm-localca"
"""Where swtpm keeps the keys by which it certifies TPMs: each machine has its own."""


class Bind(msgspec.Struct, frozen=True, array_like=True):
    """One bind mount: a file or directory of the host shown at ``target`` in the pod."""

    source: str
    target: str
    read_only: bool = False

    def describe(self) -> str:
        """The shell line that would do it."""
        option = " -o ro" if self.read_only else ""
        return f"mount --bind{option} {self.source} {self.target}"


class PodRun(msgspec.Struct, frozen=True, kw_only=True):
    """What the pod's first process needs to know before it can read anything else."""

    netns: str
    hostname: str
    pid_file: str
    binds: tuple[Bind, ...]
    qemu_user: int = 0
    groups: tuple[str, ...] = ()  # control groups that the pod's processes are in


def qemu_user(spec: MachineSpec, facts: HostFacts) -> int:
    """The number that a machine's QEMU runs as: root's only for pods of root."""
    return facts.qemu_user if spec.pod.tap_owner else 0


def pod_binds(spec: MachineSpec, place: MachineLayout) -> tuple[Bind, ...]:
    """Every bind of a pod, in the order in which they must be made."""
    capabilities = layout.INSIDE_EMBED_ROOT / "cache/qemu/capabilities"
    machine = (
        Bind(str(place.root), str(layout.INSIDE_MACHINE)),
        Bind(str(place.private), str(layout.INSIDE_PRIVATE)),
        Bind(str(place.public), str(layout.INSIDE_PUBLIC)),
        Bind(str(place.ephemeral), str(layout.INSIDE_EPHEMERAL)),
        Bind(str(place.libvirt), str(layout.INSIDE_LIBVIRT)),
        Bind(str(place.caps_cache), str(capabilities)),
        Bind(str(place.resolv_conf), "/etc/resolv.conf"),
        Bind(str(place.hosts), "/etc/hosts"),
    )
    disks = tuple(bind for disk in spec.disks for bind in _disk_binds(disk))
    tpm = (Bind(str(place.tpm_authority), TPM_AUTHORITY),) if spec.tpm else ()
    return (*machine, *tpm, *_state_binds(spec), *disks, *_shared_binds(spec), *_kernel_binds(spec))


def to_be_read(spec: MachineSpec) -> tuple[str, ...]:
    """Files of the host that QEMU only reads, whoever owns them."""
    images = (disk.source.image for disk in spec.disks if isinstance(disk.source, ContainerDisk))
    boot = spec.firmware.kernel_boot
    return (*images, *(boot.shown if boot else ()))


def to_be_owned(spec: MachineSpec) -> tuple[str, ...]:
    """Files and devices of the host that become QEMU's own, as KubeVirt makes them: claims.

    Of files that are made block devices QEMU gets the device only.
    """
    claims = (disk.source for disk in spec.disks if isinstance(disk.source, Claim | EphemeralClaim))
    return tuple(claim.path for claim in claims if not claim.loop)


def inside_directories(spec: MachineSpec) -> tuple[str, ...]:
    """Inside paths of the disks' files whose directories belong to others: hosts' and claims'."""
    found = []
    for disk in spec.disks:
        source = disk.source
        if isinstance(source, HostDisk):
            found.append(str(layout.inside_disk_image(disk.name, Path(source.path).name)))
        if isinstance(source, Claim | EphemeralClaim) and not (source.block or disk.hotplugged):
            found.append(str(layout.inside_disk_image(disk.name)))
    return tuple(found)


def _disk_binds(disk: Disk) -> Iterator[Bind]:
    match disk.source:
        case ContainerDisk(image=image):
            yield Bind(image, str(layout.inside_container_disk(disk.index)), read_only=True)
        case HostDisk(path=path):
            # The directory, since the file may be made only by the machine's disk plan.
            target = layout.inside_disk_image(disk.name, Path(path).name)
            yield Bind(str(Path(path).parent), str(target.parent))
        case Claim() | EphemeralClaim() as claim:
            yield _claim_bind(disk, claim)
        case CloudInit() | EmptyDisk() | FilesDisk() | NoMedium() | DownwardMetrics():
            return
        case _:
            assert_never(disk.source)


def _claim_bind(disk: Disk, claim: Claim | EphemeralClaim) -> Bind:
    name = disk.name
    if claim.loop:  # the launcher makes the device
        return Bind(str(Path(claim.path).parent), str(layout.inside_disk_image(name).parent))
    if disk.hotplugged:
        return Bind(claim.path, str(layout.inside_hotplugged(name, block=claim.block)))
    read_only = isinstance(claim, EphemeralClaim) or claim.read_only
    if claim.block:
        return Bind(claim.path, str(layout.inside_block_device(name)))
    target = layout.inside_disk_image(name)
    if Path(claim.path).name == target.name:
        return Bind(str(Path(claim.path).parent), str(target.parent), read_only)
    return Bind(claim.path, str(target), read_only)


def state_directories(spec: MachineSpec) -> dict[str, Path]:
    """Directories of the host that outlive the machine, and where they are inside."""
    home = spec.state_directory
    places = {"nvram": layout.INSIDE_NVRAM, "swtpm": layout.INSIDE_SWTPM}
    for disk in spec.disks:
        if disk.changed_block_tracking:
            places["cbt"] = Path(disk.changed_block_tracking).parent
    return {f"{home}/{name}": place for name, place in places.items()} if home else {}


def _state_binds(spec: MachineSpec) -> Iterator[Bind]:
    for directory, place in state_directories(spec).items():
        yield Bind(directory, str(place))


def _shared_binds(spec: MachineSpec) -> Iterator[Bind]:
    for shared in spec.shared_directories:
        if shared.path and not shared.of_pod:
            yield Bind(shared.path, str(layout.inside_shared(shared.name)), shared.read_only)


def _kernel_binds(spec: MachineSpec) -> Iterator[Bind]:
    boot = spec.firmware.kernel_boot
    for file, name in boot.shown.items() if boot else ():
        yield Bind(file, str(layout.inside_kernel_boot(name)), read_only=True)
