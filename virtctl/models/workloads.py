"""Deployments, replica sets, daemon sets, stateful sets and jobs: pods from a template."""

from __future__ import annotations

from typing import Annotated

from virtctl.models.base import BY_TYPE, Int32, Int64, IntOrString, Model, Open, Time
from virtctl.models.meta import LabelSelector, ObjectMeta, ObservedCondition
from virtctl.models.pods import PodSpec
from virtctl.models.storage import PersistentVolumeClaim


class PodTemplate(Model, frozen=True):
    """What each pod is made from."""

    metadata: ObjectMeta | None = None
    spec: PodSpec | None = None


class WorkloadCondition(Model, frozen=True):
    """One observed condition of a workload."""

    status: str
    type: str
    last_probe_time: Time | None = None
    last_transition_time: Time | None = None
    last_update_time: Time | None = None
    message: str = ""
    reason: str = ""


class RollingUpdate(Model, frozen=True):
    """How fast pods are replaced, as numbers or in per cent."""

    max_surge: IntOrString | None = None
    max_unavailable: IntOrString | None = None
    partition: Int32 | None = None


class WorkloadStrategy(Model, frozen=True):
    """How pods are replaced."""

    rolling_update: RollingUpdate | None = None
    type: str = ""


class DeploymentSpec(Model, frozen=True):
    """How many pods there shall be, and how they are replaced."""

    selector: LabelSelector
    template: PodTemplate
    min_ready_seconds: Int32 | None = None
    paused: bool | None = None
    progress_deadline_seconds: Int32 | None = None
    replicas: Int32 | None = None
    revision_history_limit: Int32 | None = None
    strategy: WorkloadStrategy | None = None


class DeploymentStatus(Model, frozen=True):
    """How many pods there are."""

    available_replicas: Int32 | None = None
    collision_count: Int32 | None = None
    conditions: Annotated[tuple[WorkloadCondition, ...], BY_TYPE] = ()
    observed_generation: Int64 | None = None
    ready_replicas: Int32 | None = None
    replicas: Int32 | None = None
    terminating_replicas: Int32 | None = None
    unavailable_replicas: Int32 | None = None
    updated_replicas: Int32 | None = None


class Deployment(Model, frozen=True):
    """A number of equal pods, replaced step by step when the template changes."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: DeploymentSpec | None = None
    status: DeploymentStatus | None = None


class PodReplicaSetSpec(Model, frozen=True):
    """How many pods there shall be."""

    selector: LabelSelector
    min_ready_seconds: Int32 | None = None
    replicas: Int32 | None = None
    template: PodTemplate | None = None


class PodReplicaSetStatus(Model, frozen=True):
    """How many pods there are."""

    available_replicas: Int32 | None = None
    conditions: Annotated[tuple[WorkloadCondition, ...], BY_TYPE] = ()
    fully_labeled_replicas: Int32 | None = None
    observed_generation: Int64 | None = None
    ready_replicas: Int32 | None = None
    replicas: Int32 | None = None
    terminating_replicas: Int32 | None = None


class ReplicaSet(Model, frozen=True):
    """A number of equal pods."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: PodReplicaSetSpec | None = None
    status: PodReplicaSetStatus | None = None


class DaemonSetSpec(Model, frozen=True):
    """What runs on every node."""

    selector: LabelSelector
    template: PodTemplate
    min_ready_seconds: Int32 | None = None
    revision_history_limit: Int32 | None = None
    update_strategy: WorkloadStrategy | None = None


class DaemonSetStatus(Model, frozen=True):
    """On how many nodes it runs."""

    collision_count: Int32 | None = None
    conditions: Annotated[tuple[WorkloadCondition, ...], BY_TYPE] = ()
    current_number_scheduled: Int32 | None = None
    desired_number_scheduled: Int32 | None = None
    number_available: Int32 | None = None
    number_misscheduled: Int32 | None = None
    number_ready: Int32 | None = None
    number_unavailable: Int32 | None = None
    observed_generation: Int64 | None = None
    updated_number_scheduled: Int32 | None = None


class DaemonSet(Model, frozen=True):
    """One pod on every node."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: DaemonSetSpec | None = None
    status: DaemonSetStatus | None = None


class StatefulSetOrdinals(Model, frozen=True):
    """How pods are numbered."""

    start: Int32 | None = None


class ClaimRetention(Model, frozen=True):
    """What becomes of claims."""

    when_deleted: str = ""
    when_scaled: str = ""


class StatefulSetSpec(Model, frozen=True):
    """How many numbered pods there shall be."""

    selector: LabelSelector
    template: PodTemplate
    min_ready_seconds: Int32 | None = None
    ordinals: StatefulSetOrdinals | None = None
    persistent_volume_claim_retention_policy: ClaimRetention | None = None
    pod_management_policy: str = ""
    replicas: Int32 | None = None
    revision_history_limit: Int32 | None = None
    service_name: str = ""
    update_strategy: WorkloadStrategy | None = None
    volume_claim_templates: tuple[PersistentVolumeClaim, ...] = ()


class StatefulSetStatus(Model, frozen=True):
    """How many numbered pods there are."""

    available_replicas: Int32 | None = None
    collision_count: Int32 | None = None
    conditions: Annotated[tuple[WorkloadCondition, ...], BY_TYPE] = ()
    current_replicas: Int32 | None = None
    current_revision: str = ""
    observed_generation: Int64 | None = None
    ready_replicas: Int32 | None = None
    replicas: Int32 | None = None
    update_revision: str = ""
    updated_replicas: Int32 | None = None


class StatefulSet(Model, frozen=True):
    """Numbered pods with claims of their own."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: StatefulSetSpec | None = None
    status: StatefulSetStatus | None = None


class JobSpec(Model, frozen=True):
    """What runs to its end, and how often it is tried."""

    template: PodTemplate
    active_deadline_seconds: Int64 | None = None
    backoff_limit: Int32 | None = None
    backoff_limit_per_index: Int32 | None = None
    completion_mode: str = ""
    completions: Int32 | None = None
    managed_by: str = ""
    manual_selector: bool | None = None
    max_failed_indexes: Int32 | None = None
    parallelism: Int32 | None = None
    pod_failure_policy: Open = {}
    pod_replacement_policy: str = ""
    selector: LabelSelector | None = None
    success_policy: Open = {}
    suspend: bool | None = None
    ttl_seconds_after_finished: Int32 | None = None


class JobStatus(Model, frozen=True):
    """How far a job has come."""

    active: Int32 | None = None
    completed_indexes: str = ""
    completion_time: Time | None = None
    conditions: Annotated[tuple[WorkloadCondition, ...], BY_TYPE] = ()
    failed: Int32 | None = None
    failed_indexes: str = ""
    ready: Int32 | None = None
    start_time: Time | None = None
    succeeded: Int32 | None = None
    terminating: Int32 | None = None
    uncounted_terminated_pods: Open = {}


class Job(Model, frozen=True):
    """Pods that run to their end."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: JobSpec | None = None
    status: JobStatus | None = None


class PodDisruptionBudgetSpec(Model, frozen=True):
    """How many pods must stay when nodes are drained, as numbers or in per cent."""

    max_unavailable: IntOrString | None = None
    min_available: IntOrString | None = None
    selector: LabelSelector | None = None
    unhealthy_pod_eviction_policy: str = ""


class PodDisruptionBudgetStatus(Model, frozen=True):
    """How many pods may go."""

    conditions: Annotated[tuple[ObservedCondition, ...], BY_TYPE] = ()
    current_healthy: Int32 = 0
    desired_healthy: Int32 = 0
    disrupted_pods: dict[str, Time] = {}
    disruptions_allowed: Int32 = 0
    expected_pods: Int32 = 0
    observed_generation: Int64 | None = None


class PodDisruptionBudget(Model, frozen=True):
    """How many pods must stay when nodes are drained."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: PodDisruptionBudgetSpec | None = None
    status: PodDisruptionBudgetStatus | None = None


class ReplicationController(Model, frozen=True):
    """Pods that are alike, as before there were ReplicaSets; nothing makes them here."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: Open = {}
    status: Open = {}


class CronJob(Model, frozen=True):
    """Jobs by a schedule; nothing makes them here."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: Open = {}
    status: Open = {}


class Ingress(Model, frozen=True):
    """What is let in by host and path; nothing listens for it here."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: Open = {}
    status: Open = {}


class PriorityClass(Model, frozen=True):
    """How important pods are."""

    value: Int32
    api_version: str = ""
    description: str = ""
    global_default: bool | None = None
    kind: str = ""
    metadata: ObjectMeta | None = None
    preemption_policy: str = ""
