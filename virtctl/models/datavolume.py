"""CDI DataVolumes, alone and as machines embed them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import NULLABLE, Empty, Fact, Int32, Model, Time
from virtctl.models.meta import LabelSelector, ObjectMeta
from virtctl.models.references import Resources, TypedObjectReference, TypedReference
from virtctl.models.storage import ClaimSpec


class DataVolumeCheckpoint(Model, frozen=True):
    """A stage of a warm import."""

    current: str
    previous: str


class GcsSource(Model, frozen=True):
    """An object in Google Cloud Storage."""

    url: str
    secret_ref: str = ""


class HttpSource(Model, frozen=True):
    """A file by HTTP."""

    url: str
    cert_config_map: str = ""
    extra_headers: tuple[str, ...] = ()
    secret_extra_headers: tuple[str, ...] = ()
    secret_ref: str = ""


class ImageIoSource(Model, frozen=True):
    """A disk of oVirt."""

    disk_id: str
    url: str
    cert_config_map: str = ""
    insecure_skip_verify: bool | None = None
    secret_ref: str = ""


class ClaimReference(Model, frozen=True):
    """A claim or snapshot, maybe in another namespace."""

    name: str
    namespace: str


class RegistryPlatform(Model, frozen=True):
    """Which platform of an image index."""

    architecture: str = ""


class RegistrySource(Model, frozen=True):
    """A disk inside a container image."""

    cert_config_map: str = ""
    image_stream: str = ""
    platform: RegistryPlatform | None = None
    pull_method: str = ""
    secret_ref: str = ""
    url: str = ""


class S3Source(Model, frozen=True):
    """An object in S3."""

    url: str
    cert_config_map: str = ""
    secret_ref: str = ""


class VddkSource(Model, frozen=True):
    """A disk of vSphere."""

    backing_file: str = ""
    extra_args: str = ""
    init_image_url: str = msgspec.field(name="initImageURL", default="")
    secret_ref: str = ""
    thumbprint: str = ""
    url: str = ""
    uuid: str = ""


class DataVolumeContent(Model, frozen=True):
    """Where content comes from; one is set."""

    blank: Empty | None = None
    gcs: GcsSource | None = None
    http: HttpSource | None = None
    imageio: ImageIoSource | None = None
    pvc: ClaimReference | None = None
    registry: RegistrySource | None = None
    s3: S3Source | None = None
    snapshot: ClaimReference | None = None
    upload: Empty | None = None
    vddk: VddkSource | None = None


class DataVolumeSourceRef(Model, frozen=True):
    """A DataSource."""

    kind: str
    name: str
    namespace: str = ""


class StorageSpec(Model, frozen=True):
    """What a claim asks for, completed from the StorageProfile."""

    access_modes: tuple[str, ...] = ()
    data_source: TypedReference | None = None
    data_source_ref: TypedObjectReference | None = None
    resources: Resources | None = None
    selector: LabelSelector | None = None
    storage_class_name: str = ""
    volume_mode: str = ""
    volume_name: str = ""


class DataVolumeSpec(Model, frozen=True):
    """Where a DataVolume's content comes from, and its claim."""

    checkpoints: tuple[DataVolumeCheckpoint, ...] = ()
    content_type: Annotated[str, Fact(enum=("kubevirt", "archive"))] = ""
    final_checkpoint: bool | None = None
    preallocation: bool | None = None
    priority_class_name: str = ""
    pvc: ClaimSpec | None = None
    source: DataVolumeContent | None = None
    source_ref: DataVolumeSourceRef | None = None
    storage: StorageSpec | None = None


class DataVolumeTemplate(Model, frozen=True):
    """A DataVolume that a machine makes and owns."""

    spec: DataVolumeSpec
    api_version: str = ""
    kind: str = ""
    metadata: Annotated[ObjectMeta | None, NULLABLE] = None
    status: Annotated[Empty | None, NULLABLE] = None


class DataVolumeCondition(Model, frozen=True):
    """One observed condition of a DataVolume: Bound, Running or Ready."""

    status: str
    type: str
    last_heartbeat_time: Time | None = None
    last_transition_time: Time | None = None
    message: str = ""
    reason: str = ""


class DataVolumeStatus(Model, frozen=True):
    """How far a DataVolume has come."""

    claim_name: str = ""
    """The claim that holds the data."""
    conditions: tuple[DataVolumeCondition, ...] = ()
    phase: str = ""
    """Pending, ImportInProgress, CloneInProgress, UploadReady, Succeeded, Failed and others."""
    progress: str = ""
    """How much is done, as in ``12.34%``, or ``N/A``."""
    restart_count: Int32 | None = None


class DataVolume(Model, frozen=True):
    """A claim of the same name, filled with an import, a copy or an upload."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: DataVolumeSpec | None = None
    status: DataVolumeStatus | None = None
