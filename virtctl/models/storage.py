"""Claims, volumes and storage classes."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from virtctl.models.base import BY_TYPE, Model, Open, QuantityText, Time
from virtctl.models.meta import LabelSelector, ObjectMeta, ObjectReference
from virtctl.models.references import Resources, TypedObjectReference, TypedReference
from virtctl.models.scheduling import NodeSelector


class ClaimSpec(Model, frozen=True):
    """What a claim asks for."""

    access_modes: tuple[str, ...] = ()
    """ReadWriteOnce, ReadOnlyMany, ReadWriteMany or ReadWriteOncePod."""
    data_source: TypedReference | None = None
    data_source_ref: TypedObjectReference | None = None
    resources: Resources | None = None
    selector: LabelSelector | None = None
    storage_class_name: str = ""
    """Which way volumes are made."""
    volume_attributes_class_name: str = ""
    volume_mode: str = ""
    """Filesystem or Block."""
    volume_name: str = ""
    """The volume that it is bound to."""


class HostPath(Model, frozen=True):
    """A path of the node."""

    path: str
    type: str = ""


class Nfs(Model, frozen=True):
    """An NFS export."""

    path: str
    server: str
    read_only: bool | None = None


class ClaimCondition(Model, frozen=True):
    """One observed condition of a claim."""

    status: str
    type: str
    last_probe_time: Time | None = None
    last_transition_time: Time | None = None
    message: str = ""
    reason: str = ""


class ModifyVolumeStatus(Model, frozen=True):
    """A change of a volume's attributes."""

    status: str
    target_volume_attributes_class_name: str = ""


class ClaimStatus(Model, frozen=True):
    """What a claim has got."""

    access_modes: tuple[str, ...] = ()
    allocated_resource_statuses: dict[str, str] = {}
    allocated_resources: dict[str, QuantityText] = {}
    capacity: dict[str, QuantityText] = {}
    conditions: Annotated[tuple[ClaimCondition, ...], BY_TYPE] = ()
    current_volume_attributes_class_name: str = ""
    health_status: Open = {}
    modify_volume_status: ModifyVolumeStatus | None = None
    phase: str = ""


class PersistentVolumeClaim(Model, frozen=True):
    """A request for storage."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: ClaimSpec | None = None
    status: ClaimStatus | None = None


class SecretReference(Model, frozen=True):
    """A Secret, maybe in another namespace."""

    ATOMIC: ClassVar[bool] = True
    name: str = ""
    namespace: str = ""


class CsiPersistentVolume(Model, frozen=True):
    """A volume of a CSI driver."""

    driver: str
    volume_handle: str
    controller_expand_secret_ref: SecretReference | None = None
    controller_publish_secret_ref: SecretReference | None = None
    fs_type: str = ""
    node_expand_secret_ref: SecretReference | None = None
    node_publish_secret_ref: SecretReference | None = None
    node_stage_secret_ref: SecretReference | None = None
    read_only: bool | None = None
    volume_attributes: dict[str, str] = {}


class LocalVolume(Model, frozen=True):
    """A directory or device of one node."""

    path: str
    fs_type: str = ""


class VolumeNodeAffinity(Model, frozen=True):
    """Nodes that reach a volume."""

    required: NodeSelector | None = None


class PersistentVolumeSpec(Model, frozen=True):
    """Where a volume's data is, and who may use it."""

    access_modes: tuple[str, ...] = ()
    aws_elastic_block_store: Open = {}
    azure_disk: Open = {}
    azure_file: Open = {}
    capacity: dict[str, QuantityText] = {}
    cephfs: Open = {}
    cinder: Open = {}
    claim_ref: ObjectReference | None = None
    csi: CsiPersistentVolume | None = None
    fc: Open = {}
    flex_volume: Open = {}
    flocker: Open = {}
    gce_persistent_disk: Open = {}
    glusterfs: Open = {}
    host_path: HostPath | None = None
    iscsi: Open = {}
    local: LocalVolume | None = None
    mount_options: tuple[str, ...] = ()
    nfs: Nfs | None = None
    node_affinity: VolumeNodeAffinity | None = None
    persistent_volume_reclaim_policy: str = ""
    photon_persistent_disk: Open = {}
    portworx_volume: Open = {}
    quobyte: Open = {}
    rbd: Open = {}
    scale_io: Open = msgspec.field(name="scaleIO", default={})
    storage_class_name: str = ""
    storageos: Open = {}
    volume_attributes_class_name: str = ""
    volume_mode: str = ""
    vsphere_volume: Open = {}


class PersistentVolumeStatus(Model, frozen=True):
    """What is known about a volume."""

    last_phase_transition_time: Time | None = None
    message: str = ""
    phase: str = ""
    reason: str = ""


class PersistentVolume(Model, frozen=True):
    """A piece of storage."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: PersistentVolumeSpec | None = None
    status: PersistentVolumeStatus | None = None


class TopologyRequirement(Model, frozen=True):
    """Values of one topology label."""

    key: str
    values: tuple[str, ...]


class TopologyTerm(Model, frozen=True):
    """Where volumes may be made."""

    match_label_expressions: tuple[TopologyRequirement, ...] = ()


class StorageClass(Model, frozen=True):
    """A way of making volumes."""

    provisioner: str
    allow_volume_expansion: bool | None = None
    allowed_topologies: tuple[TopologyTerm, ...] = ()
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    mount_options: tuple[str, ...] = ()
    parameters: dict[str, str] = {}
    reclaim_policy: str = ""
    volume_binding_mode: str = ""
