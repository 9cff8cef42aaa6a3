"""Volumes of pods."""

from __future__ import annotations

import msgspec

from virtctl.models.base import Int32, Int64, Model, Open, QuantityText
from virtctl.models.meta import ObjectMeta
from virtctl.models.references import FieldReference, LocalReference, ResourceReference
from virtctl.models.storage import ClaimSpec, HostPath, Nfs


class KeyToPath(Model, frozen=True):
    """The file of a key."""

    key: str
    path: str
    mode: Int32 | None = None
    user: Int32 | None = None


class ConfigMapFiles(Model, frozen=True):
    """Keys of a ConfigMap as files."""

    default_mode: Int32 | None = None
    default_user: Int32 | None = None
    items: tuple[KeyToPath, ...] = ()
    name: str = ""
    optional: bool | None = None


class CsiVolume(Model, frozen=True):
    """A volume of a CSI driver."""

    driver: str
    fs_type: str = ""
    node_publish_secret_ref: LocalReference | None = None
    read_only: bool | None = None
    volume_attributes: dict[str, str] = {}


class DownwardFile(Model, frozen=True):
    """One file of a pod's fields."""

    path: str
    field_ref: FieldReference | None = None
    mode: Int32 | None = None
    resource_field_ref: ResourceReference | None = None
    user: Int32 | None = None


class DownwardFiles(Model, frozen=True):
    """Fields of a pod as files."""

    default_mode: Int32 | None = None
    default_user: Int32 | None = None
    items: tuple[DownwardFile, ...] = ()


class EmptyDir(Model, frozen=True):
    """A directory that lives as long as the pod."""

    medium: str = ""
    mode: Int32 | None = None
    size_limit: QuantityText | None = None


class ClaimTemplate(Model, frozen=True):
    """The claim to make."""

    spec: ClaimSpec
    metadata: ObjectMeta | None = None


class EphemeralClaim(Model, frozen=True):
    """A claim that lives as long as the pod."""

    volume_claim_template: ClaimTemplate | None = None


class ImageVolume(Model, frozen=True):
    """A container image as a directory."""

    pull_policy: str = ""
    reference: str = ""


class PodClaimVolume(Model, frozen=True):
    """A claim by name."""

    claim_name: str
    read_only: bool | None = None


class ConfigMapProjection(Model, frozen=True):
    """Keys of a ConfigMap as files."""

    items: tuple[KeyToPath, ...] = ()
    name: str = ""
    optional: bool | None = None


class DownwardProjection(Model, frozen=True):
    """Fields of a pod as files."""

    items: tuple[DownwardFile, ...] = ()


class SecretProjection(Model, frozen=True):
    """Keys of a Secret as files."""

    items: tuple[KeyToPath, ...] = ()
    name: str = ""
    optional: bool | None = None


class TokenProjection(Model, frozen=True):
    """A service account token as a file."""

    path: str
    audience: str = ""
    expiration_seconds: Int64 | None = None
    user: Int32 | None = None


class VolumeProjection(Model, frozen=True):
    """One source of a projected volume."""

    cluster_trust_bundle: Open = {}
    config_map: ConfigMapProjection | None = None
    downward_api: DownwardProjection | None = msgspec.field(name="downwardAPI", default=None)
    pod_certificate: Open = {}
    secret: SecretProjection | None = None
    service_account_token: TokenProjection | None = None


class ProjectedVolume(Model, frozen=True):
    """Several sources in one directory."""

    default_mode: Int32 | None = None
    default_user: Int32 | None = None
    sources: tuple[VolumeProjection, ...] = ()


class SecretFiles(Model, frozen=True):
    """Keys of a Secret as files."""

    default_mode: Int32 | None = None
    default_user: Int32 | None = None
    items: tuple[KeyToPath, ...] = ()
    optional: bool | None = None
    secret_name: str = ""


class PodVolume(Model, frozen=True):
    """Files or a device for containers; one source is set."""

    name: str
    aws_elastic_block_store: Open = {}
    azure_disk: Open = {}
    azure_file: Open = {}
    cephfs: Open = {}
    cinder: Open = {}
    config_map: ConfigMapFiles | None = None
    csi: CsiVolume | None = None
    downward_api: DownwardFiles | None = msgspec.field(name="downwardAPI", default=None)
    empty_dir: EmptyDir | None = None
    ephemeral: EphemeralClaim | None = None
    fc: Open = {}
    flex_volume: Open = {}
    flocker: Open = {}
    gce_persistent_disk: Open = {}
    git_repo: Open = {}
    glusterfs: Open = {}
    host_path: HostPath | None = None
    image: ImageVolume | None = None
    iscsi: Open = {}
    nfs: Nfs | None = None
    persistent_volume_claim: PodClaimVolume | None = None
    photon_persistent_disk: Open = {}
    portworx_volume: Open = {}
    projected: ProjectedVolume | None = None
    quobyte: Open = {}
    rbd: Open = {}
    scale_io: Open = msgspec.field(name="scaleIO", default={})
    secret: SecretFiles | None = None
    storageos: Open = {}
    vsphere_volume: Open = {}
