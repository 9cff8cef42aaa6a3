"""What is reported about an instance."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import NULLABLE, Fact, Int32, Int64, Model, QuantityText, Time, UInt32


class BackupVolume(Model, frozen=True):
    """A volume of a backup."""

    volume_name: str


class BackupStatus(Model, frozen=True):
    """Progress of the latest backup."""

    backup_msg: str = ""
    backup_name: str = ""
    checkpoint_name: str = ""
    completed: bool | None = None
    end_timestamp: Time | None = None
    failed: bool | None = None
    quiesce_status: str = ""
    start_timestamp: Time | None = None
    volumes: tuple[BackupVolume, ...] = ()


class ChangedBlockTrackingStatus(Model, frozen=True):
    """State of changed block tracking."""

    state: str
    backup_status: Annotated[BackupStatus | None, NULLABLE] = None


class CpuTopology(Model, frozen=True):
    """Sockets, cores and threads that the guest has now."""

    cores: Int32 = 0
    sockets: Int32 = 0
    threads: Int32 = 0


class GuestOsInfo(Model, frozen=True):
    """Operating system as the guest agent reports it."""

    id: str = ""
    kernel_release: str = ""
    kernel_version: str = ""
    machine: str = ""
    name: str = ""
    pretty_name: str = ""
    version: str = ""
    version_id: str = ""


class InterfaceStatus(Model, frozen=True):
    """An interface as host and guest see it."""

    info_source: str = ""
    interface_name: str = ""
    ip_address: str = ""
    ip_addresses: tuple[str, ...] = ()
    link_state: str = ""
    mac: str = ""
    name: str = ""
    pod_interface_name: str = ""
    queue_count: Int32 = 0


class Checksum(Model, frozen=True):
    """A checksum."""

    checksum: UInt32 = 0


class KernelBootStatus(Model, frozen=True):
    """Checksums of the files of a kernel boot."""

    initrd_info: Checksum | None = None
    kernel_info: Checksum | None = None


class MachineStatus(Model, frozen=True):
    """Machine type that runs."""

    type: str = ""


class MemoryStatus(Model, frozen=True):
    """Guest memory: at boot, now and as asked for."""

    guest_at_boot: QuantityText | None = None
    guest_current: QuantityText | None = None
    guest_requested: QuantityText | None = None
    memory_overhead: QuantityText | None = None


class ClaimInfo(Model, frozen=True):
    """What is known about a claim that backs a volume."""

    access_modes: tuple[str, ...] = ()
    capacity: dict[str, QuantityText] = {}
    claim_name: str = ""
    filesystem_overhead: Annotated[str, Fact(pattern=r"^(0(?:\.\d{1,3})?|1)$")] = ""
    preallocated: bool | None = None
    requests: dict[str, QuantityText] = {}
    volume_mode: str = ""


class MigratedVolume(Model, frozen=True):
    """A volume that moves to another claim."""

    volume_name: str
    destination_pvc_info: ClaimInfo | None = msgspec.field(name="destinationPVCInfo", default=None)
    source_pvc_info: ClaimInfo | None = msgspec.field(name="sourcePVCInfo", default=None)


class DowntimeTuning(Model, frozen=True):
    """How the allowed downtime grows."""

    cooldown_seconds: Annotated[int, Fact(format="int32", minimum=1)] | None = None
    initial_ms: Annotated[int, Fact(format="int64", minimum=1)] | None = None
    start_after_iteration: Annotated[int, Fact(format="int64", minimum=1)] | None = None
    steps: Annotated[int, Fact(format="int32", minimum=1)] | None = None


class StallDetector(Model, frozen=True):
    """When a migration counts as stalled."""

    completion_timeout_factor: QuantityText | None = None
    ewma_alpha: QuantityText | None = None
    patience_window_decay_factor: QuantityText | None = None
    precopy_possible_factor: QuantityText | None = None
    search_local_minima: bool | None = None
    stall_margin: Annotated[int, Fact(format="int64", minimum=0, maximum=100)] | None = None
    stall_progress_timeout: Annotated[int, Fact(format="int64", minimum=0)] | None = None
    switchover_timeout: Annotated[int, Fact(format="int64", minimum=0)] | None = None


class MigrationExperiments(Model, frozen=True):
    """Migration settings that may change."""

    compression: Annotated[str, Fact(enum=("none", "zstd"))] = ""
    downtime_tuning: DowntimeTuning | None = None
    stall_detector: StallDetector | None = None


class MigrationConfiguration(Model, frozen=True):
    """Settings of live migration."""

    allow_auto_converge: bool | None = None
    allow_post_copy: bool | None = None
    allow_workload_disruption: bool | None = None
    bandwidth_per_migration: QuantityText | None = None
    completion_timeout_per_gib: Int64 = msgspec.field(name="completionTimeoutPerGiB", default=0)
    disable_tls: bool | None = msgspec.field(name="disableTLS", default=None)
    experimental: MigrationExperiments | None = None
    match_selinux_level_on_migration: bool | None = msgspec.field(
        name="matchSELinuxLevelOnMigration", default=None
    )
    max_downtime_ms: Annotated[int, Fact(format="int64", minimum=1, maximum=2000000)] | None = None
    network: str = ""
    node_drain_taint_key: str = ""
    parallel_migrations_per_cluster: Int32 = 0
    parallel_outbound_migrations_per_node: Int32 = 0
    progress_timeout: Int64 = 0
    unsafe_migration_override: bool | None = None
    utility_volumes_timeout: Int64 = 0


class MigrationSourceState(Model, frozen=True):
    """The migration as its source sees it."""

    domain_name: str = ""
    domain_namespace: str = ""
    migration_uid: str = msgspec.field(name="migrationUID", default="")
    node: str = ""
    node_selectors: dict[str, str] = {}
    persistent_state_pvc_name: str = msgspec.field(name="persistentStatePVCName", default="")
    pod: str = ""
    selinux_context: str = ""
    sync_address: str = ""
    virtual_machine_instance_uid: str = msgspec.field(name="virtualMachineInstanceUID", default="")


class MigrationTargetState(Model, frozen=True):
    """The migration as its target sees it."""

    attachment_pod_uid: str = msgspec.field(name="attachmentPodUID", default="")
    cpu_set: tuple[int, ...] = ()
    direct_migration_node_ports: dict[str, int] = {}
    domain_detected: bool | None = None
    domain_name: str = ""
    domain_namespace: str = ""
    domain_ready_timestamp: Time | None = None
    migration_uid: str = msgspec.field(name="migrationUID", default="")
    node: str = ""
    node_address: str = ""
    node_topology: str = ""
    persistent_state_pvc_name: str = msgspec.field(name="persistentStatePVCName", default="")
    pod: str = ""
    selinux_context: str = ""
    sync_address: str = ""
    virtual_machine_instance_uid: str = msgspec.field(name="virtualMachineInstanceUID", default="")


class MigrationState(Model, frozen=True):
    """The migration under way, or the last one."""

    abort_requested: bool | None = None
    abort_status: str = ""
    completed: bool | None = None
    end_timestamp: Annotated[Time | None, NULLABLE] = None
    failed: bool | None = None
    failure_reason: str = ""
    migration_configuration: MigrationConfiguration | None = None
    migration_network_type: str = ""
    migration_policy_name: str = ""
    migration_uid: str = ""
    mode: str = ""
    source_node: str = ""
    source_persistent_state_pvc_name: str = msgspec.field(
        name="sourcePersistentStatePVCName", default=""
    )
    source_pod: str = ""
    source_state: MigrationSourceState | None = None
    start_timestamp: Annotated[Time | None, NULLABLE] = None
    target_attachment_pod_uid: str = msgspec.field(name="targetAttachmentPodUID", default="")
    target_cpu_set: tuple[int, ...] = msgspec.field(name="targetCPUSet", default=())
    target_direct_migration_node_ports: dict[str, int] = {}
    target_memory_overhead: QuantityText | None = None
    target_node: str = ""
    target_node_address: str = ""
    target_node_domain_detected: bool | None = None
    target_node_domain_ready_timestamp: Time | None = None
    target_node_topology: str = ""
    target_persistent_state_pvc_name: str = msgspec.field(
        name="targetPersistentStatePVCName", default=""
    )
    target_pod: str = ""
    target_state: MigrationTargetState | None = None


class PhaseTransition(Model, frozen=True):
    """When a phase was entered."""

    phase: str = ""
    phase_transition_timestamp: Time | None = None


class TopologyHints(Model, frozen=True):
    """What a target node must offer."""

    tsc_frequency: Int64 = 0


class HotplugVolumeStatus(Model, frozen=True):
    """The pod that attaches a hot-plugged volume."""

    attach_pod_name: str = ""
    attach_pod_uid: str = msgspec.field(name="attachPodUID", default="")


class MemoryDumpStatus(Model, frozen=True):
    """State of a memory dump."""

    claim_name: str = ""
    end_timestamp: Time | None = None
    start_timestamp: Time | None = None
    target_file_name: str = ""


class VolumeStatus(Model, frozen=True):
    """State of a volume."""

    name: str
    target: str
    container_disk_volume: Checksum | None = None
    hotplug_volume: HotplugVolumeStatus | None = None
    memory_dump_volume: MemoryDumpStatus | None = None
    message: str = ""
    persistent_volume_claim_info: ClaimInfo | None = None
    phase: str = ""
    reason: str = ""
    size: Int64 = 0


class ClusterMigrations(Model, frozen=True):
    """Cluster-wide settings of live migration."""

    allow_auto_converge: bool | None = None
    allow_post_copy: bool | None = None
    allow_workload_disruption: bool | None = None
    bandwidth_per_migration: QuantityText | None = None
    completion_timeout_per_gib: Int64 = msgspec.field(name="completionTimeoutPerGiB", default=0)
    disable_tls: bool | None = msgspec.field(name="disableTLS", default=None)
    match_selinux_level_on_migration: bool | None = msgspec.field(
        name="matchSELinuxLevelOnMigration", default=None
    )
    max_downtime_ms: Annotated[int, Fact(format="int64", minimum=1, maximum=2000000)] | None = None
    network: str = ""
    node_drain_taint_key: str = ""
    parallel_migrations_per_cluster: Int32 = 0
    parallel_outbound_migrations_per_node: Int32 = 0
    progress_timeout: Int64 = 0
    unsafe_migration_override: bool | None = None
    utility_volumes_timeout: Int64 = 0
