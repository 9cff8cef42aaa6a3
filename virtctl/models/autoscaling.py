"""``HorizontalPodAutoscaler`` of autoscaling/v2: how many replicas something has, by its load."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import BY_TYPE, Int32, Int64, Model, QuantityText, Time
from virtctl.models.meta import LabelSelector, ObjectMeta


class CrossVersionObjectReference(Model, frozen=True):
    """An object of the namespace, of whatever kind."""

    kind: str
    name: str
    api_version: str = ""


class MetricIdentifier(Model, frozen=True):
    """Which metric is meant."""

    name: str
    selector: LabelSelector | None = None


class MetricTarget(Model, frozen=True):
    """What a metric shall be."""

    type: str
    """Utilization, Value or AverageValue."""
    average_utilization: Int32 | None = None
    """Per cent of what pods request."""
    average_value: QuantityText | None = None
    value: QuantityText | None = None


class ObjectMetricSource(Model, frozen=True):
    """A metric of an object."""

    described_object: CrossVersionObjectReference
    metric: MetricIdentifier
    target: MetricTarget


class PodsMetricSource(Model, frozen=True):
    """A metric of each pod, averaged."""

    metric: MetricIdentifier
    target: MetricTarget


class ResourceMetricSource(Model, frozen=True):
    """Use of processors or memory by pods."""

    name: str
    target: MetricTarget


class ContainerResourceMetricSource(Model, frozen=True):
    """Use of processors or memory by one container of each pod."""

    container: str
    name: str
    target: MetricTarget


class ExternalMetricSource(Model, frozen=True):
    """A metric of something outside of the cluster."""

    metric: MetricIdentifier
    target: MetricTarget


class MetricSpec(Model, frozen=True):
    """One metric; ``type`` says which of the others is set."""

    type: str
    container_resource: ContainerResourceMetricSource | None = None
    external: ExternalMetricSource | None = None
    object: ObjectMetricSource | None = None
    pods: PodsMetricSource | None = None
    resource: ResourceMetricSource | None = None


class HPAScalingPolicy(Model, frozen=True):
    """How much may change in a while."""

    period_seconds: Int32
    type: str
    """Pods or Percent."""
    value: Int32


class HPAScalingRules(Model, frozen=True):
    """How fast replicas come or go."""

    policies: tuple[HPAScalingPolicy, ...] = ()
    select_policy: str = ""
    stabilization_window_seconds: Int32 | None = None
    tolerance: QuantityText | None = None


class HorizontalPodAutoscalerBehavior(Model, frozen=True):
    """How fast replicas come and go."""

    scale_down: HPAScalingRules | None = None
    scale_up: HPAScalingRules | None = None


class HorizontalPodAutoscalerSpec(Model, frozen=True):
    """What is scaled, by which metrics, and between which numbers."""

    max_replicas: Int32
    scale_target_ref: CrossVersionObjectReference
    behavior: HorizontalPodAutoscalerBehavior | None = None
    metrics: tuple[MetricSpec, ...] = ()
    min_replicas: Int32 | None = None
    target_cpu: Int32 | None = msgspec.field(name="targetCPUUtilizationPercentage", default=None)
    """In autoscaling/v1 only, which has no metrics."""


class MetricValueStatus(Model, frozen=True):
    """What a metric is."""

    average_utilization: Int32 | None = None
    average_value: QuantityText | None = None
    value: QuantityText | None = None


class ObjectMetricStatus(Model, frozen=True):
    """A metric of an object, as it is."""

    current: MetricValueStatus
    described_object: CrossVersionObjectReference
    metric: MetricIdentifier


class PodsMetricStatus(Model, frozen=True):
    """A metric of pods, as it is."""

    current: MetricValueStatus
    metric: MetricIdentifier


class ResourceMetricStatus(Model, frozen=True):
    """Use of processors or memory by pods, as it is."""

    current: MetricValueStatus
    name: str


class ContainerResourceMetricStatus(Model, frozen=True):
    """Use of processors or memory by a container, as it is."""

    container: str
    current: MetricValueStatus
    name: str


class ExternalMetricStatus(Model, frozen=True):
    """A metric of something outside, as it is."""

    current: MetricValueStatus
    metric: MetricIdentifier


class MetricStatus(Model, frozen=True):
    """One metric as it is; ``type`` says which of the others is set."""

    type: str
    container_resource: ContainerResourceMetricStatus | None = None
    external: ExternalMetricStatus | None = None
    object: ObjectMetricStatus | None = None
    pods: PodsMetricStatus | None = None
    resource: ResourceMetricStatus | None = None


class HorizontalPodAutoscalerCondition(Model, frozen=True):
    """One observed condition: AbleToScale, ScalingActive or ScalingLimited."""

    status: str
    type: str
    last_transition_time: Time | None = None
    message: str = ""
    observed_generation: Int64 | None = None
    reason: str = ""


class HorizontalPodAutoscalerStatus(Model, frozen=True):
    """How many replicas there are, and shall be."""

    conditions: Annotated[tuple[HorizontalPodAutoscalerCondition, ...], BY_TYPE] = ()
    current_cpu: Int32 | None = msgspec.field(name="currentCPUUtilizationPercentage", default=None)
    """In autoscaling/v1 only."""
    current_metrics: tuple[MetricStatus, ...] = ()
    current_replicas: Int32 = 0
    desired_replicas: Int32 = 0
    last_scale_time: Time | None = None
    observed_generation: Int64 | None = None


class HorizontalPodAutoscaler(Model, frozen=True):
    """Scales something by its load."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: HorizontalPodAutoscalerSpec | None = None
    status: HorizontalPodAutoscalerStatus | None = None
