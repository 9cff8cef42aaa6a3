"""``VirtualMachineInstance``: a machine that runs or is about to."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import AS_SET, BY_NAME, NULLABLE, Empty, Fact, Int64, Keyed, Model, UInt32
from virtctl.models.domain import Domain
from virtctl.models.instancestatus import (
    ChangedBlockTrackingStatus,
    CpuTopology,
    GuestOsInfo,
    InterfaceStatus,
    KernelBootStatus,
    MachineStatus,
    MemoryStatus,
    MigratedVolume,
    MigrationState,
    PhaseTransition,
    TopologyHints,
    VolumeStatus,
)
from virtctl.models.meta import Condition, ObjectMeta
from virtctl.models.network import Network
from virtctl.models.probes import InstanceProbe
from virtctl.models.references import DnsConfig
from virtctl.models.scheduling import Affinity, Toleration, TopologySpread
from virtctl.models.volumes import UtilityVolume, Volume

_MANY = Fact(max_items=256)


class AgentUsers(Model, frozen=True):
    """Users whose keys the guest agent sets."""

    users: Annotated[tuple[str, ...], AS_SET]


class SshPublicKeyPropagation(Model, frozen=True):
    """How keys get into the guest; exactly one is set."""

    config_drive: Empty | None = None
    no_cloud: Empty | None = None
    qemu_guest_agent: AgentUsers | None = None


class SecretSource(Model, frozen=True):
    """A Secret by name."""

    secret_name: str


class CredentialSource(Model, frozen=True):
    """Where a credential comes from."""

    secret: SecretSource | None = None


class SshPublicKeyCredential(Model, frozen=True):
    """SSH keys from a Secret, and how they get into the guest."""

    propagation_method: SshPublicKeyPropagation
    source: CredentialSource


class UserPasswordPropagation(Model, frozen=True):
    """How a password gets into the guest."""

    qemu_guest_agent: Empty | None = None


class UserPasswordCredential(Model, frozen=True):
    """Passwords from a Secret, and how they get into the guest."""

    propagation_method: UserPasswordPropagation
    source: CredentialSource


class AccessCredential(Model, frozen=True):
    """Keys or a password for the guest."""

    ssh_public_key: SshPublicKeyCredential | None = None
    user_password: UserPasswordCredential | None = None


class ResourceClaim(Model, frozen=True):
    """A resource claim that devices of the instance use."""

    name: str
    resource_claim_name: str = ""
    resource_claim_template_name: str = ""


class InstanceSpec(Model, frozen=True):
    """What an instance is made of."""

    domain: Domain
    """The virtual hardware."""
    access_credentials: Annotated[tuple[AccessCredential, ...], _MANY] = ()
    """Keys and passwords that are put into the guest."""
    affinity: Affinity | None = None
    architecture: str = ""
    """amd64, arm64 or s390x."""
    dns_config: DnsConfig | None = None
    dns_policy: Annotated[
        str, Fact(choices=("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"))
    ] = ""
    """Where the guest gets its resolver settings from."""
    eviction_strategy: str = ""
    """None, LiveMigrate, LiveMigrateIfPossible or External: what draining the node means."""
    hostname: str = ""
    """The guest's host name; the instance's own name by default."""
    liveness_probe: InstanceProbe | None = None
    networks: Annotated[tuple[Network, ...], _MANY] = ()
    """Networks that interfaces join; paired with interfaces by name."""
    node_selector: dict[str, str] = {}
    """Labels that the node must have."""
    priority_class_name: str = ""
    """How important the pod is."""
    readiness_probe: InstanceProbe | None = None
    resource_claims: Annotated[tuple[ResourceClaim, ...], BY_NAME] = ()
    scheduler_name: str = ""
    """Scheduler of the pod."""
    service_account_name: str = ""
    start_strategy: str = ""
    """Paused: start with processors stopped."""
    subdomain: str = ""
    """With it the host name is ``<hostname>.<subdomain>.<namespace>.svc.<cluster domain>``."""
    termination_grace_period_seconds: Int64 | None = None
    """Seconds that the guest has to shut down before it is switched off."""
    tolerations: tuple[Toleration, ...] = ()
    topology_spread_constraints: Annotated[
        tuple[TopologySpread, ...], Keyed(("topologyKey", "whenUnsatisfiable"))
    ] = ()
    utility_volumes: Annotated[tuple[UtilityVolume, ...], BY_NAME, _MANY] = ()
    volumes: Annotated[tuple[Volume, ...], _MANY] = ()
    """Where the data of disks comes from; paired with disks by name."""


class InstanceStatus(Model, frozen=True):
    """What is known about an instance."""

    vsock_cid: UInt32 = msgspec.field(name="VSOCKCID", default=0)
    active_pods: dict[str, str] = {}
    """Nodes by the UID of the pod that holds the guest."""
    changed_block_tracking: Annotated[ChangedBlockTrackingStatus | None, NULLABLE] = None
    conditions: tuple[Condition, ...] = ()
    current_cpu_topology: CpuTopology | None = msgspec.field(
        name="currentCPUTopology", default=None
    )
    evacuation_node_name: str = ""
    fs_freeze_status: str = ""
    guest_os_info: GuestOsInfo | None = msgspec.field(name="guestOSInfo", default=None)
    interfaces: tuple[InterfaceStatus, ...] = ()
    """Interfaces with their addresses."""
    kernel_boot_status: KernelBootStatus | None = None
    launcher_container_image_version: str = ""
    machine: MachineStatus | None = None
    memory: MemoryStatus | None = None
    migrated_volumes: tuple[MigratedVolume, ...] = ()
    migration_method: str = ""
    migration_state: MigrationState | None = None
    migration_transport: str = ""
    node_name: str = ""
    """The node that runs the instance."""
    phase: str = ""
    """Pending, Scheduling, Scheduled, Running, Succeeded, Failed and others."""
    phase_transition_timestamps: tuple[PhaseTransition, ...] = ()
    qos_class: str = ""
    reason: str = ""
    runtime_user: Int64 = 0
    """User id of the launcher."""
    selinux_context: str = ""
    topology_hints: TopologyHints | None = None
    virtual_machine_revision_name: str = ""
    volume_status: tuple[VolumeStatus, ...] = ()


class VirtualMachineInstance(Model, frozen=True):
    """A running virtual machine, or one about to run."""

    spec: InstanceSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: InstanceStatus | None = None
