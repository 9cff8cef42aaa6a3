"""What translation needs beside the manifest: images, claims, secrets, the cluster's settings.

The node agent gathers these from the store and the image store; a test writes them down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from launcher.spec import Accelerator, Resolver
from virtctl.models.documents import Document

IMPLEMENTED_BINDINGS = frozenset({"masquerade", "bridge", "passtBinding", "plugin"})
"""Names of the bindings' fields that nodes serve, beside ``plugin`` for those of binding plugins;
a plugin's sidecar would be ``sidecar``."""


@dataclass(frozen=True, kw_only=True)
class DiskImage:
    """A container disk's image: a file of the host. ``format`` is raw or qcow2, sizes in bytes."""

    path: str
    format: str
    virtual_size: int = 0
    backing_file: str = ""


@dataclass(frozen=True, kw_only=True)
class ImageWish:
    """What a container disk asks for: an image, when it is pulled, and the disk's path in it.

    ``auths`` is the contents of its pull secret, docker's ``config.json``.
    """

    reference: str
    policy: str = ""
    path: str = ""
    auths: str = ""


@dataclass(frozen=True, kw_only=True)
class BootImage:
    """Kernel and initrd of a kernel boot container, extracted to files of the host."""

    kernel: str = ""
    initrd: str = ""


@dataclass(frozen=True, kw_only=True)
class ClaimPlace:
    """Where a bound claim is on this host: the file or device, and its size in bytes.

    With ``loop`` it is a file that machines see as a block device.
    """

    path: str
    block: bool = False
    loop: bool = False
    capacity: int = 0
    read_only: bool = False


Contents = Mapping[str, Mapping[str, bytes]]


@dataclass(frozen=True, kw_only=True)
class TranslateFacts:
    """All of it. ``images`` is keyed by volume, the others by the object's name.

    ``files`` holds the files of downwardAPI and serviceAccount volumes, by volume.
    ``devices`` holds the addresses that device plugins handed out, by resource name.
    ``nic_devices`` holds the PCI addresses of SR-IOV NICs, by their names.
    ``pod_nics`` names the pod's links of NICs that have other names than the rules give.
    ``state_directory`` is where the host keeps what firmware and TPM remember.
    ``config`` is ``spec.configuration`` of the KubeVirt object.
    """

    accelerator: Accelerator = Accelerator.KVM
    images: Mapping[str, DiskImage] = field(default_factory=dict)
    boot_image: BootImage | None = None
    claims: Mapping[str, ClaimPlace] = field(default_factory=dict)
    secrets: Contents = field(default_factory=dict)
    config_maps: Contents = field(default_factory=dict)
    files: Contents = field(default_factory=dict)
    devices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nic_devices: Mapping[str, str] = field(default_factory=dict)
    pod_nics: Mapping[str, str] = field(default_factory=dict)
    resolver: Resolver = field(default_factory=Resolver)
    state_directory: str = ""
    config: Document = field(default_factory=dict)
    bindings: frozenset[str] = IMPLEMENTED_BINDINGS
    host_disks_replaced: bool = False  # claims with a file system are given as host disks
    verbose_firmware: bool = False  # the firmware tells what it does
