"""``VirtualMachine``: what is to run, when, and what became of it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import NULLABLE, Fact, Int64, Model, Time
from virtctl.models.datavolume import DataVolumeTemplate
from virtctl.models.disks import Disk
from virtctl.models.instance import InstanceSpec
from virtctl.models.instancestatus import ChangedBlockTrackingStatus, MigratedVolume
from virtctl.models.meta import Condition, ObjectMeta
from virtctl.models.volumes import DataVolumeSource, HotplugClaimVolume


class InstancetypeMatcher(Model, frozen=True):
    """Which instancetype or preference applies."""

    infer_from_volume: str = ""
    infer_from_volume_failure_policy: str = ""
    kind: str = ""
    name: str = ""
    revision_name: str = ""


class InstanceTemplate(Model, frozen=True):
    """The instance that a machine makes."""

    metadata: Annotated[ObjectMeta | None, NULLABLE] = None
    spec: InstanceSpec | None = None


class MachineSpec(Model, frozen=True):
    """How a machine's instance looks and when it runs."""

    template: InstanceTemplate
    """The instance that is made at every start."""
    data_volume_templates: tuple[Annotated[DataVolumeTemplate, NULLABLE], ...] = ()
    """DataVolumes that are made with the machine and go with it."""
    instancetype: InstancetypeMatcher | None = None
    """Where processor and memory come from."""
    preference: InstancetypeMatcher | None = None
    """Where preferred devices come from."""
    run_strategy: str = ""
    """When the instance runs: Always, Halted, Manual, RerunOnFailure, Once or WaitAsReceiver."""
    running: bool | None = None
    """Deprecated: true is Always, false is Halted. Set either this or ``runStrategy``."""
    update_volumes_strategy: str = ""
    """Replacement or Migration: what a change of volumes means while it runs."""


class RevisionRef(Model, frozen=True):
    """A ControllerRevision by name."""

    name: str = ""


class InstancetypeStatusRef(Model, frozen=True):
    """The instancetype or preference in use, and its stored revision."""

    controller_revision_ref: RevisionRef | None = None
    infer_from_volume: str = ""
    infer_from_volume_failure_policy: str = ""
    kind: str = ""
    name: str = ""


class MemoryDumpRequest(Model, frozen=True):
    """A memory dump under way or done."""

    claim_name: str
    phase: str
    end_timestamp: Time | None = None
    file_name: str = ""
    message: str = ""
    remove: bool | None = None
    start_timestamp: Time | None = None


class StartFailure(Model, frozen=True):
    """How often a start failed, and when the next is due."""

    consecutive_fail_count: int = 0
    last_failed_vmiuid: str = msgspec.field(name="lastFailedVMIUID", default="")
    retry_after_timestamp: Time | None = None


class StateChangeRequest(Model, frozen=True):
    """A start or stop that was asked for."""

    action: str
    """Start or Stop."""
    data: dict[str, str] = {}
    """``paused: "true"`` starts it paused."""
    uid: str = ""
    """The instance that a Stop is for."""


class HotplugVolumeSource(Model, frozen=True):
    """Where an added volume comes from; one is set."""

    data_volume: DataVolumeSource | None = None
    persistent_volume_claim: HotplugClaimVolume | None = None


class AddVolumeOptions(Model, frozen=True):
    """A volume to add at run time."""

    disk: Disk
    name: str
    volume_source: HotplugVolumeSource
    dry_run: tuple[str, ...] = ()


class RemoveVolumeOptions(Model, frozen=True):
    """A volume to remove at run time."""

    name: str
    dry_run: tuple[str, ...] = ()


class VolumeRequest(Model, frozen=True):
    """A volume to add or to remove."""

    add_volume_options: AddVolumeOptions | None = None
    remove_volume_options: RemoveVolumeOptions | None = None


class VolumeSnapshotStatus(Model, frozen=True):
    """Whether a volume can be in a snapshot."""

    enabled: bool
    name: str
    reason: str = ""


class VolumeMigrationState(Model, frozen=True):
    """Volumes that are being migrated."""

    migrated_volumes: tuple[MigratedVolume, ...] = ()


class VolumeUpdateState(Model, frozen=True):
    """Progress of a change of volumes."""

    volume_migration_state: VolumeMigrationState | None = None


class MachineState(Model, frozen=True):
    """What is known about a machine."""

    changed_block_tracking: Annotated[ChangedBlockTrackingStatus | None, NULLABLE] = None
    conditions: tuple[Condition, ...] = ()
    created: bool | None = None
    """Whether the instance exists."""
    desired_generation: Int64 = 0
    instancetype_ref: Annotated[InstancetypeStatusRef | None, NULLABLE] = None
    memory_dump_request: Annotated[MemoryDumpRequest | None, NULLABLE] = None
    observed_generation: Int64 = 0
    """The generation that was last acted on."""
    preference_ref: Annotated[InstancetypeStatusRef | None, NULLABLE] = None
    printable_status: Annotated[str, Fact(default="Stopped")] = ""
    """What is going on, in one word, as ``get`` prints it."""
    ready: bool | None = None
    """Whether the instance is ready."""
    restore_in_progress: str = ""
    run_strategy: str = ""
    """The strategy that was last acted on."""
    snapshot_in_progress: str = ""
    start_failure: Annotated[StartFailure | None, NULLABLE] = None
    state_change_requests: tuple[StateChangeRequest, ...] = ()
    """Starts and stops that are still to be done, first to last."""
    volume_requests: tuple[VolumeRequest, ...] = ()
    volume_snapshot_statuses: tuple[VolumeSnapshotStatus, ...] = ()
    volume_update_state: VolumeUpdateState | None = None


class VirtualMachine(Model, frozen=True):
    """A virtual machine, running or not."""

    spec: MachineSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: MachineState | None = None
