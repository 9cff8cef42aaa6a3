"""``VirtualMachineInstanceReplicaSet``: a number of equal instances."""

from __future__ import annotations

from typing import Annotated

from virtctl.models.base import NULLABLE, Fact, Int32, Model
from virtctl.models.machine import InstanceTemplate
from virtctl.models.meta import Condition, LabelSelector, ObjectMeta


class ReplicaSetSpec(Model, frozen=True):
    """How many instances there shall be, and how each looks."""

    selector: LabelSelector
    """Which instances count; the template's labels must match."""
    template: InstanceTemplate
    """What each instance is made from."""
    paused: bool | None = None
    """True: instances are neither made nor removed."""
    replicas: Int32 | None = None
    """How many instances there shall be; one when not given."""


class ReplicaStatus(Model, frozen=True):
    """How many instances or machines there are."""

    conditions: tuple[Condition, ...] = ()
    label_selector: str = ""
    """The selector as text, for autoscalers."""
    ready_replicas: Int32 = 0
    """How many of them are ready."""
    replicas: Int32 = 0
    """How many there are."""


class VirtualMachineInstanceReplicaSet(Model, frozen=True):
    """Keeps a number of equal instances running."""

    spec: ReplicaSetSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: Annotated[ReplicaStatus | None, NULLABLE] = None


class ScaleSpec(Model, frozen=True):
    """The wanted size."""

    replicas: Annotated[int, Fact(format="int32", minimum=0)] = 0


class ScaleStatus(Model, frozen=True):
    """The observed size."""

    replicas: Int32 = 0
    selector: str = ""


class Scale(Model, frozen=True):
    """The size of anything that has one (``autoscaling/v1``)."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: ScaleSpec | None = None
    status: ScaleStatus | None = None
