"""``VirtualMachineInstanceMigration`` and the policies that apply to it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import NULLABLE, Empty, Fact, Int64, Model, QuantityText
from virtctl.models.instancestatus import MigrationExperiments, MigrationState, PhaseTransition
from virtctl.models.meta import Condition, ObjectMeta


class MigrationSource(Model, frozen=True):
    """Where an instance of another cluster is received from."""

    migration_id: str = msgspec.field(name="migrationID")


class MigrationTarget(Model, frozen=True):
    """Where an instance is sent to in another cluster."""

    connect_url: str = msgspec.field(name="connectURL")
    migration_id: str = msgspec.field(name="migrationID")


class MigrationSpec(Model, frozen=True):
    """Which instance moves, and where it may go."""

    added_node_selector: dict[str, str] = {}
    """Labels that the target node must have besides those of the instance."""
    priority: str = ""
    receive: MigrationSource | None = None
    send_to: MigrationTarget | None = None
    vmi_name: str = ""
    """The instance that moves."""


class MigrationStatus(Model, frozen=True):
    """How far a migration has come."""

    conditions: tuple[Condition, ...] = ()
    migration_state: MigrationState | None = None
    phase: str = ""
    """Pending, Scheduling, Scheduled, PreparingTarget, TargetReady, Running, Succeeded, Failed."""
    phase_transition_timestamps: tuple[PhaseTransition, ...] = ()
    synchronization_addresses: tuple[str, ...] = ()


class VirtualMachineInstanceMigration(Model, frozen=True):
    """One move of a running instance to another node; deleting it stops the move."""

    spec: MigrationSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: MigrationStatus | None = None


class PolicySelectors(Model, frozen=True):
    """Labels that must all be there; without any, a policy never applies."""

    namespace_selector: dict[str, str] = {}
    virtual_machine_instance_selector: dict[str, str] = {}


class MigrationPolicySpec(Model, frozen=True):
    """Which instances a policy is for, and what it sets for their migrations."""

    selectors: PolicySelectors
    allow_auto_converge: bool | None = None
    """Whether the guest may be slowed down until the copy catches up."""
    allow_post_copy: bool | None = None
    """Whether the guest may move before all of its memory has."""
    allow_workload_disruption: bool | None = None
    bandwidth_per_migration: QuantityText | None = None
    """Bytes a second that a migration may use."""
    completion_timeout_per_gi_b: Int64 | None = msgspec.field(
        name="completionTimeoutPerGiB", default=None
    )
    """Seconds that a migration has for each GiB of memory."""
    experimental: MigrationExperiments | None = None
    max_downtime_ms: Annotated[int, Fact(format="int64", minimum=1, maximum=2_000_000)] | None = (
        None
    )


class MigrationPolicy(Model, frozen=True):
    """Settings for the migrations of some instances."""

    spec: MigrationPolicySpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: Annotated[Empty | None, NULLABLE] = None
