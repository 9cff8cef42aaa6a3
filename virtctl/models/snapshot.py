"""Snapshots of machines, what they hold, and how they are restored."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import AS_SET, NULLABLE, Duration, Fact, Model, Time
from virtctl.models.machine import MachineSpec, MachineState
from virtctl.models.meta import Condition, ObjectMeta
from virtctl.models.references import TypedReference
from virtctl.models.storage import ClaimSpec


class SnapshotError(Model, frozen=True):
    """Why a snapshot failed, and when."""

    message: str = ""
    time: Time | None = None


class SnapshotSpec(Model, frozen=True):
    """What a snapshot is taken of."""

    source: TypedReference
    """The machine."""
    deletion_policy: str = ""
    """Delete or Retain: whether the content goes with the snapshot."""
    failure_deadline: Duration = ""
    """How long it may take, as in ``5m``; ``0`` is for ever."""


class SnapshotVolumes(Model, frozen=True):
    """Which volumes of the machine are in a snapshot."""

    excluded_volumes: Annotated[tuple[str, ...], AS_SET] = ()
    included_volumes: Annotated[tuple[str, ...], AS_SET] = ()


class SourceIndication(Model, frozen=True):
    """How the machine was when the snapshot was taken."""

    indication: str
    message: str


class SnapshotStatus(Model, frozen=True):
    """How far a snapshot has come, and where its content is."""

    conditions: tuple[Condition, ...] = ()
    creation_time: Annotated[Time | None, NULLABLE] = None
    error: SnapshotError | None = None
    indications: Annotated[tuple[str, ...], AS_SET] = ()
    phase: str = ""
    """InProgress, Succeeded, Failed, Deleting or Unknown."""
    ready_to_use: bool | None = None
    """Whether it can be restored."""
    snapshot_volumes: SnapshotVolumes | None = None
    source_indications: tuple[SourceIndication, ...] = ()
    source_uid: str = msgspec.field(name="sourceUID", default="")
    virtual_machine_snapshot_content_name: str = ""


class VirtualMachineSnapshot(Model, frozen=True):
    """A machine and its disks as they are at one moment."""

    spec: SnapshotSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: SnapshotStatus | None = None


class MachineContent(Model, frozen=True):
    """The machine as it was."""

    metadata: Annotated[ObjectMeta | None, NULLABLE] = None
    spec: MachineSpec | None = None
    status: MachineState | None = None


class ContentSource(Model, frozen=True):
    """What was taken."""

    virtual_machine: MachineContent | None = None


class ClaimContent(Model, frozen=True):
    """A claim as it was."""

    metadata: ObjectMeta | None = None
    spec: ClaimSpec | None = None


class VolumeBackup(Model, frozen=True):
    """A volume, its claim, and the snapshot of it."""

    persistent_volume_claim: ClaimContent
    volume_name: str
    volume_snapshot_name: str = ""


class ContentSpec(Model, frozen=True):
    """What a snapshot holds."""

    source: ContentSource
    virtual_machine_snapshot_name: str = ""
    volume_backups: tuple[VolumeBackup, ...] = ()


class VolumeSnapshotState(Model, frozen=True):
    """How far the snapshot of one volume has come."""

    volume_snapshot_name: str
    creation_time: Annotated[Time | None, NULLABLE] = None
    error: SnapshotError | None = None
    ready_to_use: bool | None = None


class ContentStatus(Model, frozen=True):
    """How far the content has come."""

    creation_time: Annotated[Time | None, NULLABLE] = None
    error: SnapshotError | None = None
    ready_to_use: bool | None = None
    volume_snapshot_status: tuple[VolumeSnapshotState, ...] = ()


class VirtualMachineSnapshotContent(Model, frozen=True):
    """What a snapshot of a machine holds."""

    spec: ContentSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: ContentStatus | None = None


class VolumeRestoreOverride(Model, frozen=True):
    """Name, labels and annotations of one restored volume."""

    annotations: dict[str, str] = {}
    labels: dict[str, str] = {}
    restore_name: str = ""
    volume_name: str = ""


class RestoreSpec(Model, frozen=True):
    """Which snapshot is restored onto which machine."""

    target: TypedReference
    """The machine; it is made when it isn't there."""
    virtual_machine_snapshot_name: str
    patches: tuple[str, ...] = ()
    """JSON patches of the machine, as text."""
    target_readiness_policy: Annotated[
        str,
        Fact(
            enum=("StopTarget", "WaitGracePeriod", "FailImmediate", "WaitEventually"),
            default="WaitGracePeriod",
        ),
    ] = ""
    """What happens while the machine still runs."""
    volume_ownership_policy: str = ""
    """Vm or None: who owns the restored claims."""
    volume_restore_overrides: tuple[VolumeRestoreOverride, ...] = ()
    volume_restore_policy: str = ""
    """RandomizeNames, InPlace or PrefixTargetName: how restored claims are called."""


class VolumeRestore(Model, frozen=True):
    """One restored volume."""

    persistent_volume_claim: str
    volume_name: str
    volume_snapshot_name: str
    data_volume_name: str = ""


class RestoreStatus(Model, frozen=True):
    """How far a restore has come."""

    complete: bool | None = None
    conditions: tuple[Condition, ...] = ()
    deleted_data_volumes: Annotated[tuple[str, ...], AS_SET] = ()
    restore_time: Time | None = None
    restores: tuple[VolumeRestore, ...] = ()


class VirtualMachineRestore(Model, frozen=True):
    """Sets a machine back to a snapshot, or makes a new one from it."""

    spec: RestoreSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: RestoreStatus | None = None
