"""Volumes: where the data of disks and filesystems comes from."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from virtctl.models.base import Empty, Fact, Int32, Model, PullPolicy, QuantityText, Rule
from virtctl.models.references import FieldReference, LocalReference, ResourceReference


class UtilityVolume(Model, frozen=True):
    """A claim for the launcher's own use."""

    claim_name: str
    name: str
    read_only: bool | None = None
    type: str = ""


class CloudInit(Model, frozen=True):
    """Cloud-init data, inline or from Secrets."""

    network_data: str = ""
    """Network data, at most 2048 bytes."""
    network_data_base64: str = ""
    network_data_secret_ref: LocalReference | None = None
    secret_ref: LocalReference | None = None
    """Secret with user data in its key ``userdata``."""
    user_data: str = ""
    """User data, at most 2048 bytes."""
    user_data_base64: str = ""


class ConfigMapVolume(Model, frozen=True):
    """A ConfigMap as a disk or filesystem."""

    ATOMIC: ClassVar[bool] = True
    name: Annotated[str, Fact(default="")] = ""
    optional: bool | None = None
    volume_label: str = ""


class ContainerDisk(Model, frozen=True):
    """A disk inside a container image."""

    image: str
    """Reference of the image."""
    image_pull_policy: PullPolicy = ""
    """Always, IfNotPresent or Never."""
    image_pull_secret: str = ""
    path: str = ""
    """File inside the image; the only one below ``/disk`` when absent."""


class ContainerPath(Model, frozen=True):
    """A path inside the launcher's container."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.path.startsWith('/')",
            "path must be absolute (start with '/')",
            field_path=".path",
        ),
        Rule("!self.path.contains('..')", "path must not contain '..'", field_path=".path"),
        Rule(
            "!has(self.readOnly) || self.readOnly == true",
            "readOnly must be true, write access is not supported",
            field_path=".readOnly",
        ),
    )

    path: Annotated[str, Fact(max_length=4096)]
    read_only: Annotated[bool, Fact(default=True)] | None = None


class DataVolumeSource(Model, frozen=True):
    """A DataVolume's claim."""

    name: str
    hotpluggable: bool | None = None


class DownwardApiFile(Model, frozen=True):
    """One file of a downward API volume."""

    path: str
    field_ref: FieldReference | None = None
    mode: Int32 = 0
    resource_field_ref: ResourceReference | None = None


class DownwardApiVolume(Model, frozen=True):
    """Fields of the instance as files."""

    fields: tuple[DownwardApiFile, ...] = ()
    volume_label: str = ""


class EmptyDisk(Model, frozen=True):
    """A scratch disk that lives as long as the instance."""

    capacity: QuantityText
    """Size."""


class ClaimVolume(Model, frozen=True):
    """A claim by name."""

    claim_name: str
    read_only: bool | None = None


class EphemeralVolume(Model, frozen=True):
    """A copy-on-write layer over a claim."""

    persistent_volume_claim: ClaimVolume | None = None


class HostDisk(Model, frozen=True):
    """A disk file of the node."""

    path: str
    type: str
    """Disk, or DiskOrCreate to make it when absent."""
    capacity: QuantityText | None = None
    """Size of a disk that is made."""
    shared: bool | None = None
    """Let several instances use it at once."""


class HotplugClaimVolume(Model, frozen=True):
    """A claim by name that can be plugged at run time."""

    claim_name: str
    hotpluggable: bool | None = None
    read_only: bool | None = None


class SecretVolume(Model, frozen=True):
    """A Secret as a disk or filesystem."""

    optional: bool | None = None
    secret_name: str = ""
    volume_label: str = ""


class ServiceAccountVolume(Model, frozen=True):
    """A service account's token and certificates."""

    service_account_name: str = ""


class Sysprep(Model, frozen=True):
    """Answer files for Windows."""

    config_map: LocalReference | None = None
    secret: LocalReference | None = None


class Volume(Model, frozen=True):
    """Data for a disk or filesystem; one source is set."""

    name: str
    """The disk of the same name shows it."""
    cloud_init_config_drive: CloudInit | None = None
    """Cloud-init data on a disk labelled config-2."""
    cloud_init_no_cloud: CloudInit | None = None
    """Cloud-init data on a disk labelled cidata."""
    config_map: ConfigMapVolume | None = None
    container_disk: ContainerDisk | None = None
    """A disk image inside a container image."""
    container_path: ContainerPath | None = None
    data_volume: DataVolumeSource | None = None
    """The claim of a DataVolume."""
    downward_api: DownwardApiVolume | None = msgspec.field(name="downwardAPI", default=None)
    downward_metrics: Empty | None = None
    empty_disk: EmptyDisk | None = None
    """Scratch space."""
    ephemeral: EphemeralVolume | None = None
    host_disk: HostDisk | None = None
    """A file of the node."""
    memory_dump: HotplugClaimVolume | None = None
    persistent_volume_claim: HotplugClaimVolume | None = None
    """A claim in the same namespace."""
    secret: SecretVolume | None = None
    service_account: ServiceAccountVolume | None = None
    sysprep: Sysprep | None = None
