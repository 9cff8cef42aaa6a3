"""``MachineSpec``: one machine, complete, as the node agent hands it to the launcher.

It is read and written as JSON by ``decode`` and ``encode``. Sizes are bytes. All names that users
gave (disks, NICs) are kept so that states can be reported in their terms. No Kubernetes here:
``virtctl.local.node.translate`` resolves claims, secrets and images to paths and texts first.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class _Spec(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Base of the parts of a spec."""


class Accelerator(StrEnum):
    """What runs the guest's code: the domain's ``type``."""

    KVM = "kvm"
    TCG = "qemu"
    HYPERV = "hyperv"


class Topology(_Spec, frozen=True, kw_only=True):
    sockets: int = 1
    cores: int = 1
    threads: int = 1

    @property
    def count(self) -> int:
        """Number of virtual CPUs."""
        return self.sockets * self.cores * self.threads


class CpuFeature(_Spec, frozen=True, kw_only=True):
    name: str
    policy: str = ""


class Cpu(_Spec, frozen=True, kw_only=True):
    """Virtual CPUs. ``max_sockets`` above the topology's sockets leaves room for hotplug.

    ``dedicated`` pins each to a host CPU of its own; ``isolate_emulator`` gives the emulator one
    more, and ``even_emulator`` a second one when the count would be odd.
    """

    topology: Topology = Topology()
    max_sockets: int = 0
    model: str = "host-model"
    features: tuple[CpuFeature, ...] = ()
    dedicated: bool = False
    isolate_emulator: bool = False
    even_emulator: bool = False
    numa_passthrough: bool = False
    own_numa: bool = False  # cells are the user's affair: none is made for shared memory
    realtime: bool = False


class Memory(_Spec, frozen=True, kw_only=True):
    """Sizes in bytes. ``memfd`` lets the memory be shared with other processes."""

    guest: int
    max_guest: int | None = None
    hugepage_size: int | None = None
    memfd: bool = True


class Bios(_Spec, frozen=True, kw_only=True, tag="bios"):
    use_serial: bool = False


class Efi(_Spec, frozen=True, kw_only=True, tag="efi"):
    secure_boot: bool = True
    persistent: bool = False


class KernelBoot(_Spec, frozen=True, kw_only=True):
    """``kernel`` and ``initrd`` are files of the host, shown in the pod by the names given, or by
    their own.
    """

    kernel: str = ""
    initrd: str = ""
    kernel_name: str = ""
    initrd_name: str = ""
    args: str = ""

    @property
    def shown(self) -> dict[str, str]:
        """The files and the names that they have in the pod."""
        named = ((self.kernel, self.kernel_name), (self.initrd, self.initrd_name))
        return {file: name or file.rpartition("/")[2] for file, name in named if file}


class AcpiTable(_Spec, frozen=True, kw_only=True):
    """A binary ACPI table for the guest; ``kind`` is slic or msdm, ``volume`` a secret volume."""

    kind: str
    volume: str
    content: bytes = b""


class Firmware(_Spec, frozen=True, kw_only=True):
    uuid: str
    serial: str = ""
    bootloader: Bios | Efi = Bios()
    kernel_boot: KernelBoot | None = None
    acpi_tables: tuple[AcpiTable, ...] = ()


class Smbios(_Spec, frozen=True, kw_only=True):
    """What the guest reads as its maker."""

    manufacturer: str = "KubeVirt"
    family: str = "KubeVirt"
    product: str = "None"
    sku: str = ""
    version: str = ""


class Chassis(_Spec, frozen=True, kw_only=True):
    manufacturer: str = ""
    version: str = ""
    serial: str = ""
    asset: str = ""
    sku: str = ""


class DiskDevice(StrEnum):
    DISK = "disk"
    LUN = "lun"
    CDROM = "cdrom"


class ContainerDisk(_Spec, frozen=True, kw_only=True, tag="containerDisk"):
    """A disk file from an image; the guest writes to an overlay that dies with the machine."""

    image: str
    format: str  # raw or qcow2
    virtual_size: int = 0


class CloudInit(_Spec, frozen=True, kw_only=True, tag="cloudInit"):
    """A seed ISO. ``flavour`` is ``noCloud`` or ``configDrive``."""

    flavour: str
    user_data: str = ""
    network_data: str = ""


class EmptyDisk(_Spec, frozen=True, kw_only=True, tag="emptyDisk"):
    capacity: int


class HostDisk(_Spec, frozen=True, kw_only=True, tag="hostDisk"):
    """A file of the host, made when ``create`` and absent."""

    path: str
    capacity: int = 0
    create: bool = False
    shared: bool = False


class Claim(_Spec, frozen=True, kw_only=True, tag="claim"):
    """A claim: a file ``path`` (``disk.img`` in a directory) or a block device.

    ``capacity`` is in bytes, ``overhead`` the part of it that the file system keeps for itself
    (a decimal below 1, as text); both are empty when nothing is known of the claim. With ``loop``
    the block device is to be made of the file ``path``.
    ``as_host_disk`` says that its image counts as a file of the host, as it does once the node has
    taken it over.
    """

    path: str
    block: bool = False
    loop: bool = False
    capacity: int = 0
    overhead: str = ""
    read_only: bool = False
    as_host_disk: bool = False


class ClaimInfo(_Spec, frozen=True, kw_only=True):
    """What was reported of the claim behind a disk: its size in bytes, the smaller of what it has
    and what was asked for, and the part of it that the file system keeps for itself.
    """

    size: int | None = None
    overhead: str = ""


class EphemeralClaim(_Spec, frozen=True, kw_only=True, tag="ephemeral"):
    """A claim read only, with an overlay that dies with the machine; ``loop`` as in ``Claim``."""

    path: str
    block: bool = False
    loop: bool = False


class FilesDisk(_Spec, frozen=True, kw_only=True, tag="files"):
    """A configMap, secret, downwardAPI, serviceAccount or sysprep volume: an ISO of files.

    ``kind`` is the volume source's name; contents are base64.
    """

    kind: str
    files: dict[str, bytes]
    label: str = "cfgdata"


class NoMedium(_Spec, frozen=True, kw_only=True, tag="empty"):
    """A cdrom without a medium."""


class DownwardMetrics(_Spec, frozen=True, kw_only=True, tag="downwardMetrics"):
    """A small disk on which metrics of the host are shown to the guest."""


DiskSource = (
    ContainerDisk
    | CloudInit
    | EmptyDisk
    | HostDisk
    | Claim
    | EphemeralClaim
    | FilesDisk
    | NoMedium
    | DownwardMetrics
)


class BlockSize(_Spec, frozen=True, kw_only=True):
    """Sizes of blocks in bytes; a discard granularity of None is left to QEMU.

    ``match`` takes all three from what the disk's file or device says.
    """

    logical: int = 0
    physical: int = 0
    discard: int | None = None
    match: bool = False


class Disk(_Spec, frozen=True, kw_only=True):
    name: str
    index: int  # position of the volume in spec.volumes
    source: DiskSource
    device: DiskDevice = DiskDevice.DISK
    bus: str = "virtio"
    readonly: bool = False
    serial: str = ""
    boot_order: int | None = None
    cache: str = ""
    io: str = ""
    tray: str = "closed"
    shareable: bool = False
    error_policy: str = ""
    pci_address: str = ""
    hotplugged: bool = False
    target: str = ""  # name in the guest's terms (vda); empty: the next free one
    discard: bool = True  # hand the guest's discards on to the file
    dedicated_io_thread: bool = False
    block_size: BlockSize | None = None
    reservation: bool = False
    changed_block_tracking: str = ""  # the overlay's path, inside
    pending: bool = False  # to be plugged in later: it only keeps its name
    claim: ClaimInfo | None = None


class Port(_Spec, frozen=True, kw_only=True):
    """A port of the guest, or a range of them up to ``last``, which is then not 0."""

    port: int
    protocol: str = "TCP"
    name: str = ""
    last: int = 0


class Masquerade(_Spec, frozen=True, kw_only=True, tag="masquerade"):
    cidr: str = "10.0.2.0/24"
    cidr6: str = "fd10:0:2::/120"


class Bridge(_Spec, frozen=True, kw_only=True, tag="bridge"):
    """The guest takes over the pod NIC's address."""


class ManagedTap(_Spec, frozen=True, kw_only=True, tag="managedTap"):
    """Bridge and tap as with ``Bridge``; how the guest gets an address is not our business."""


class PluginTap(_Spec, frozen=True, kw_only=True, tag="pluginTap"):
    """A tap that a network plugin has made; without one, the pod's link itself."""


class Passt(_Spec, frozen=True, kw_only=True, tag="passt"):
    """A process in the pod speaks for the guest, which has the pod's addresses."""


class Elsewhere(_Spec, frozen=True, kw_only=True, tag="elsewhere"):
    """The guest gets this NIC in another way: a device of the host, or a plugin's sidecar."""


Binding = Masquerade | Bridge | ManagedTap | PluginTap | Passt | Elsewhere


class PrivateOption(_Spec, frozen=True, kw_only=True):
    option: int
    value: str


class DhcpOptions(_Spec, frozen=True, kw_only=True):
    boot_file_name: str = ""
    tftp_server_name: str = ""
    ntp_servers: tuple[str, ...] = ()
    private_options: tuple[PrivateOption, ...] = ()


class Nic(_Spec, frozen=True, kw_only=True):
    """A guest NIC and what it is plugged into. ``pod_nic`` is the link that the CNI made.

    ``ordinal`` counts the secondary networks from 1: the pod's links of old machines are called
    ``net1``, ``net2``. ``known_mac`` is what was reported of a NIC that asks for no MAC, and
    ``known_queues`` the number of queues that a NIC of a running domain has.
    """

    name: str
    pod_nic: str
    binding: Binding
    primary: bool = True
    mac: str = ""
    model: str = ""
    ports: tuple[Port, ...] = ()
    dhcp: DhcpOptions = DhcpOptions()
    boot_order: int | None = None
    pci_address: str = ""
    acpi_index: int = 0
    state: str = ""  # "", up, down, absent
    queues: int = 0  # 0: single queue without vhost
    transitional: bool = False
    ordinal: int = 0
    known_mac: str = ""
    known_queues: int | None = None
    tag: str = ""  # by which the guest finds it in a config drive


class PodOptions(_Spec, frozen=True, kw_only=True):
    """What holds for all of a pod's network.

    ``tap_owner`` is the uid and gid that may open taps. ``mesh`` says that a sidecar of a service
    mesh (Istio) is in the pod. ``migration_ports`` keeps the ports of migrations by TCP from the
    guest.
    """

    tap_owner: int = 107
    mesh: bool = False
    migration_ports: bool = False


class Graphics(_Spec, frozen=True, kw_only=True):
    vnc: bool = True
    video: str = ""


class Watchdog(_Spec, frozen=True, kw_only=True):
    name: str
    action: str = "reset"


class InputDevice(_Spec, frozen=True, kw_only=True):
    name: str
    bus: str = ""
    type: str = "tablet"


class Timer(_Spec, frozen=True, kw_only=True):
    name: str
    tick_policy: str = ""
    present: bool = True
    frequency: int | None = None
    track: str = ""


class Enlightenment(_Spec, frozen=True, kw_only=True):
    """One Hyper-V feature. ``value`` is its parameter (retries, vendor); ``parts`` its switches."""

    name: str
    enabled: bool = True
    value: str = ""
    parts: dict[str, bool] = {}


class Features(_Spec, frozen=True, kw_only=True):
    """Guest-visible features.

    ``given`` is False when nothing was said of any, and the machine is left as libvirt makes it.
    ``hyperv`` is None without enlightenments; none of them may still be named.
    """

    given: bool = True
    acpi: bool = True
    apic: bool = False
    smm: bool | None = None
    pvspinlock: bool | None = None
    kvm_hidden: bool | None = None
    hyperv: tuple[Enlightenment, ...] | None = None
    hyperv_passthrough: bool = False


class Clock(_Spec, frozen=True, kw_only=True):
    timezone: str = ""
    utc: bool = False
    offset_seconds: int | None = None
    timers: tuple[Timer, ...] = ()


class Resolver(_Spec, frozen=True, kw_only=True):
    """What the pod's resolv.conf says; DHCP hands it on."""

    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()


class SshKeys(_Spec, frozen=True, kw_only=True):
    """Public keys for a guest, ``via`` the ``agent`` or a seed: noCloud, configDrive, cloudInit."""

    keys: tuple[str, ...]
    via: str = "cloudInit"
    users: tuple[str, ...] = ()


class Password(_Spec, frozen=True, kw_only=True):
    """A guest user's password, to be set by the guest agent."""

    user: str
    password: str


class Credentials(_Spec, frozen=True, kw_only=True):
    """What the guest agent puts into the guest, whenever it connects."""

    ssh_keys: tuple[SshKeys, ...] = ()
    passwords: tuple[Password, ...] = ()


class IoThreads(_Spec, frozen=True, kw_only=True):
    """Threads for disk I/O. ``policy`` is empty, shared, auto or supplementalPool.

    ``limit`` bounds what ``auto`` may make; ``pool`` is the size of a supplemental pool.
    """

    policy: str = ""
    limit: int = 1
    pool: int = 0


class Sound(_Spec, frozen=True, kw_only=True):
    name: str
    model: str = "ich9"


class HostDevice(_Spec, frozen=True, kw_only=True):
    """A device of the host for the guest. ``kind`` is gpu, device or sriov.

    ``address`` is a PCI address, a mediated device's UUID or, for USB, ``bus:device``;
    ``guest_address`` is where the guest is to find a PCI device.
    """

    name: str
    kind: str
    bus: str  # pci, mdev or usb
    address: str
    display: bool | None = None
    ramfb: bool | None = None
    boot_order: int | None = None
    guest_address: str = ""
    tag: str = ""  # as of a NIC


class SharedDirectory(_Spec, frozen=True, kw_only=True):
    """A directory that the guest mounts by the tag ``name`` through virtiofs.

    Its contents are ``files`` or, without, the host's directory ``path``, which is the pod's own
    when it is ``of_pod``.
    """

    name: str
    path: str = ""
    files: dict[str, bytes] | None = None
    of_pod: bool = False
    read_only: bool = False


class LaunchSecurity(_Spec, frozen=True, kw_only=True):
    """Confidential computing. ``kind`` is sev, sev-es, sev-snp, tdx or pv."""

    kind: str
    dh_cert: str = ""
    session: str = ""
    quote_socket: str = ""


class Limits(_Spec, frozen=True, kw_only=True):
    """What a machine's processes may use: CPU in thousandths, memory in bytes; 0 is unlimited.

    ``cpu_request`` is its share when others want the same CPUs.
    """

    cpu_request: int = 0
    cpu_limit: int = 0
    memory: int = 0


class PciPlacement(_Spec, frozen=True, kw_only=True):
    """Where PCI devices go, and how much room is left for devices that come later.

    ``slots`` is the number of NIC slots that the user asked for, None when nothing was asked.
    ``numa_aware`` puts devices of the host beside the memory that is near them.
    """

    hotplug: bool = True
    root_complex: bool = False
    hole64_disabled: bool = False
    slots: int | None = None
    numa_aware: bool = False


class MachineSpec(_Spec, frozen=True, kw_only=True):
    """One machine."""

    name: str
    namespace: str
    uid: str
    hostname: str
    subdomain: str = ""
    architecture: str = "amd64"
    machine_type: str = "q35"
    accelerator: Accelerator = Accelerator.TCG
    cpu: Cpu = Cpu()
    memory: Memory
    firmware: Firmware
    features: Features = Features()
    clock: Clock | None = None
    disks: tuple[Disk, ...] = ()
    nics: tuple[Nic, ...] = ()
    pod: PodOptions = PodOptions()
    graphics: Graphics = Graphics()
    inputs: tuple[InputDevice, ...] = ()
    serial_console: bool = True
    serial_log: bool = True
    rng: bool = False
    balloon: bool = True
    balloon_stats_period: int = 10
    watchdog: Watchdog | None = None
    tpm: str = ""  # "", ephemeral, persistent
    sound: Sound | None = None
    panic_devices: tuple[str, ...] = ()
    host_devices: tuple[HostDevice, ...] = ()
    shared_directories: tuple[SharedDirectory, ...] = ()
    launch_security: LaunchSecurity | None = None
    io_threads: IoThreads = IoThreads()
    usb_redirection: bool = False
    vsock_cid: int | None = None
    downward_metrics: bool = False
    scsi_hotplug: bool = True
    pci: PciPlacement = PciPlacement()
    smbios: Smbios | None = Smbios()
    chassis: Chassis | None = None
    free_page_reporting: bool = True
    bochs_for_efi: bool = True
    ignition: str = ""
    firmware_log: bool = False  # the BIOS's own messages, to a pipe
    ssh_keys: tuple[SshKeys, ...] = ()
    passwords: tuple[Password, ...] = ()
    resolver: Resolver = Resolver()
    limits: Limits = Limits()
    state_directory: str = ""  # where the host keeps what firmware and TPM remember
    grace_period_seconds: int = 30
    start_paused: bool = False
    incoming: bool = False  # its guest comes from another launcher, with all of its devices
    reboot_policy: str = ""
    virtio_transitional: bool = False
    block_multi_queue: bool = False
    instance_type: str = ""
    annotations: dict[str, str] = {}


def encode(spec: MachineSpec) -> bytes:
    """JSON of a spec."""
    return msgspec.json.format(msgspec.json.encode(spec), indent=1)


def decode(text: bytes) -> MachineSpec:
    """Read what ``encode`` wrote; raises ``msgspec.ValidationError`` with the path."""
    return msgspec.json.decode(text, type=MachineSpec)
