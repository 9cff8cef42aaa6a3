"""``VirtualMachinePool``: a number of numbered machines, and how they come and go."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from virtctl.models.base import NULLABLE, Duration, Empty, Fact, IntOrString, Model
from virtctl.models.machine import MachineSpec
from virtctl.models.meta import LabelRequirement, LabelSelector, ObjectMeta
from virtctl.models.replicaset import ReplicaStatus

StatePreservation: TypeAlias = Annotated[str, Fact(enum=("Disabled", "Offline", "Online"))]
SortPolicy: TypeAlias = Annotated[
    str, Fact(enum=("AscendingOrder", "DescendingOrder", "Newest", "Oldest", "Random"))
]


class MachineTemplate(Model, frozen=True):
    """What each machine is made from."""

    metadata: Annotated[ObjectMeta | None, NULLABLE] = None
    spec: MachineSpec | None = None


class NameGeneration(Model, frozen=True):
    """Which names inside a machine get its number."""

    append_index_to_config_map_refs: bool | None = None
    append_index_to_secret_refs: bool | None = None


class MachineSelectors(Model, frozen=True):
    """Which machines come first."""

    label_selector: LabelSelector | None = None
    node_selector_requirement_matcher: tuple[LabelRequirement, ...] = ()


class SelectionPolicy(Model, frozen=True):
    """The order in which machines are taken."""

    selectors: MachineSelectors | None = None
    sort_policy: SortPolicy = ""


class OpportunisticScaleIn(Model, frozen=True):
    """Only machines that are stopped anyway are removed."""

    state_preservation: StatePreservation = ""


class ProactiveScaleIn(Model, frozen=True):
    """Running machines are removed, too."""

    selection_policy: SelectionPolicy | None = None
    state_preservation: StatePreservation = ""


class ScaleInStrategy(Model, frozen=True):
    """What happens when there are too many machines; one is set."""

    opportunistic: OpportunisticScaleIn | None = None
    proactive: ProactiveScaleIn | None = None
    unmanaged: Empty | None = None


class ProactiveUpdate(Model, frozen=True):
    """Machines are restarted to take a changed template."""

    selection_policy: SelectionPolicy | None = None


class UpdateStrategy(Model, frozen=True):
    """How machines get a changed template; one is set."""

    opportunistic: Empty | None = None
    proactive: ProactiveUpdate | None = None
    unmanaged: Empty | None = None


class Autohealing(Model, frozen=True):
    """When a machine that doesn't start is replaced."""

    min_failing_to_start_duration: Duration = ""
    start_up_failure_threshold: Annotated[int, Fact(format="int32", minimum=1)] | None = None


class PoolSpec(Model, frozen=True):
    """How many machines there shall be, and how each looks."""

    selector: LabelSelector
    """Which machines count; the template's labels must match."""
    virtual_machine_template: MachineTemplate
    """What each machine is made from."""
    autohealing: Autohealing | None = None
    max_unavailable: IntOrString | None = None
    """How many machines an update may take down at once, as a number or in per cent."""
    name_generation: NameGeneration | None = None
    paused: bool | None = None
    """True: machines are neither made nor removed."""
    replicas: Annotated[int, Fact(format="int32", minimum=0)] | None = None
    """How many machines there shall be; one when not given."""
    scale_in_strategy: ScaleInStrategy | None = None
    update_strategy: UpdateStrategy | None = None


class VirtualMachinePool(Model, frozen=True):
    """Keeps a number of numbered machines."""

    spec: PoolSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: ReplicaStatus | None = None
