"""Every path of a machine: outside (on the host) and inside (in the pod's mount namespace).

Inside, the paths are KubeVirt's own, so that a domain's XML reads the same here as in a
virt-launcher pod. The launcher's mount namespace has a fresh ``/run`` on which the outside
directories are bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

INSIDE_PRIVATE = Path("/var/run/kubevirt-private")
INSIDE_PUBLIC = Path("/var/run/kubevirt")
INSIDE_EPHEMERAL = Path("/var/run/kubevirt-ephemeral-disks")
INSIDE_CONTAINER_DISKS = INSIDE_PUBLIC / "container-disks"
INSIDE_LIBVIRT = Path("/var/run/libvirt")
INSIDE_EMPTY_DISKS = INSIDE_LIBVIRT / "empty-disks"
INSIDE_EMBED_ROOT = INSIDE_PRIVATE / "libvirt"
INSIDE_NVRAM = INSIDE_EMBED_ROOT / "qemu/nvram"
INSIDE_SWTPM = INSIDE_EMBED_ROOT / "lib/swtpm"
INSIDE_METRICS_DISK = INSIDE_PRIVATE / "downwardapi-disks/vhostmd0"
INSIDE_METRICS_SOCKET = INSIDE_PRIVATE / "downwardmetrics-channel/downwardmetrics.sock"
INSIDE_PASST_LOG = INSIDE_PUBLIC / "passt.log"
INSIDE_MACHINE = Path("/var/run/kubevirt-machine")  # ours: the machine's own directory
INSIDE_CONTROL = INSIDE_PUBLIC / "sockets/launcher-sock"
STREAM_NAME = "guest.stream"
"""Pipe in the machine's own directory by which a guest comes."""
USB_CHANNELS = 4
"""How many USB devices of clients a guest can have at once."""


@dataclass(frozen=True, kw_only=True)
class MachineLayout:
    """Places of one machine on the host. ``root`` is the machine's own directory."""

    root: Path
    uid: str
    caps_cache: Path  # shared cache of QEMU's capabilities

    @property
    def spec(self) -> Path:
        return self.root / "spec.json"

    @property
    def facts(self) -> Path:
        return self.root / "facts.json"

    @property
    def run(self) -> Path:
        """What the pod's first process reads: namespace, mounts."""
        return self.root / "run.json"

    @property
    def state(self) -> Path:
        """The last state, kept for whoever comes after the launcher."""
        return self.root / "state.json"

    @property
    def journal(self) -> Path:
        return self.root / "journal.jsonl"

    @property
    def pid(self) -> Path:
        """Process id (host's view) of the pod's init process, and its start time."""
        return self.root / "launcher.pid"

    @property
    def log(self) -> Path:
        return self.root / "launcher.log"

    @property
    def stream(self) -> Path:
        """Where a guest comes from another launcher."""
        return self.root / STREAM_NAME

    @property
    def private(self) -> Path:
        """Bound on ``INSIDE_PRIVATE``."""
        return self.root / "private"

    @property
    def public(self) -> Path:
        """Bound on ``INSIDE_PUBLIC``."""
        return self.root / "public"

    @property
    def tpm_authority(self) -> Path:
        """Bound where swtpm has its certificate authority."""
        return self.private / "swtpm-localca"

    @property
    def ephemeral(self) -> Path:
        """Bound on ``INSIDE_EPHEMERAL``."""
        return self.root / "ephemeral"

    @property
    def libvirt(self) -> Path:
        """Bound on ``INSIDE_LIBVIRT``."""
        return self.root / "libvirt"

    @property
    def control(self) -> Path:
        """The launcher's control socket."""
        return self.public / "sockets/launcher-sock"

    @property
    def serial(self) -> Path:
        """Unix socket of the guest's serial console."""
        return self.private / self.uid / "virt-serial0"

    @property
    def serial_log(self) -> Path:
        return self.private / self.uid / "virt-serial0-log"

    @property
    def vnc(self) -> Path:
        return self.private / self.uid / "virt-vnc"

    def usb(self, channel: int) -> Path:
        """Unix socket of a channel for a client's USB device; ``USB_CHANNELS`` of them."""
        return self.private / self.uid / f"virt-usbredir-{channel}"

    @property
    def resolv_conf(self) -> Path:
        """Bound on ``/etc/resolv.conf``."""
        return self.root / "resolv.conf"

    @property
    def hosts(self) -> Path:
        """Bound on ``/etc/hosts``."""
        return self.root / "hosts"


def inside_private(uid: str) -> Path:
    """Directory of the sockets of one machine, inside."""
    return INSIDE_PRIVATE / uid


def inside_container_disk(index: int) -> Path:
    """Image of a container disk; ``index`` is the volume's place in the machine's list."""
    return INSIDE_CONTAINER_DISKS / f"disk_{index}.img"


def inside_overlay(volume: str) -> Path:
    """What the guest writes over a container disk or an ephemeral claim."""
    return INSIDE_EPHEMERAL / "disk-data" / volume / "disk.qcow2"


def inside_seed(namespace: str, name: str, file: str) -> Path:
    """A cloud-init or ignition file: ``noCloud.iso``, ``configdrive.iso``, ``data.ign``."""
    room = "ignition-data" if file == "data.ign" else "cloud-init-data"
    return INSIDE_EPHEMERAL / room / namespace / name / file


def inside_empty_disk(volume: str) -> Path:
    return INSIDE_EMPTY_DISKS / f"{volume}.qcow2"


def inside_disk_image(volume: str, file: str = "disk.img") -> Path:
    """Image of a claim with a file system, or of a host disk."""
    return INSIDE_PRIVATE / "vmi-disks" / volume / file


def inside_block_device(volume: str) -> Path:
    """Device of a claim in block mode."""
    return Path("/dev") / volume


def inside_hotplugged(volume: str, *, block: bool) -> Path:
    """A disk that came later than the machine's start."""
    return INSIDE_PUBLIC / "hotplug-disks" / (volume if block else f"{volume}.img")


_FILES_DISKS = {
    "configMap": "config-map-disks",
    "secret": "secret-disks",
    "downwardAPI": "downwardapi-disks",
    "sysprep": "sysprep-disks",
}


def inside_files_disk(kind: str, volume: str) -> Path:
    """ISO of a configMap, secret, downwardAPI, sysprep or serviceAccount volume."""
    if kind == "serviceAccount":
        return INSIDE_PRIVATE / "service-account-disk/service-account.iso"
    return INSIDE_PRIVATE / _FILES_DISKS[kind] / f"{volume}.iso"


def inside_shared(name: str) -> Path:
    """A directory that the guest mounts by virtiofs."""
    return INSIDE_PRIVATE / "virtiofs" / name


def inside_virtiofs_socket(name: str) -> Path:
    """Where QEMU reaches who serves such a directory."""
    return INSIDE_PUBLIC / "virtiofs-containers" / f"{name}.sock"


def inside_kernel_boot(file: str) -> Path:
    """Kernel or initrd for direct boot, by its base name."""
    return INSIDE_CONTAINER_DISKS / "kernel-boot" / Path(file).name


def inside_secret(volume: str, file: str) -> Path:
    return INSIDE_PRIVATE / "secret" / volume / file
