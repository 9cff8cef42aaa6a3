"""Where instances and pods may run: affinity, tolerations, spreading."""

from __future__ import annotations

from typing import Annotated, ClassVar

from virtctl.models.base import Fact, Int32, Int64, Model
from virtctl.models.meta import LabelSelector

_SPREAD_POLICY = Fact(choices=("Honor", "Ignore"))


class NodeRequirement(Model, frozen=True):
    """One condition on a node's label or field."""

    key: str
    operator: Annotated[str, Fact(enum=("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"))]
    values: tuple[str, ...] = ()


class NodeTerm(Model, frozen=True):
    """Conditions on a node's labels and fields; all hold together."""

    ATOMIC: ClassVar[bool] = True
    match_expressions: tuple[NodeRequirement, ...] = ()
    match_fields: tuple[NodeRequirement, ...] = ()


class PreferredNode(Model, frozen=True):
    """A node selector and its weight."""

    preference: NodeTerm
    weight: Int32


class NodeSelector(Model, frozen=True):
    """Alternative node selector terms."""

    ATOMIC: ClassVar[bool] = True
    node_selector_terms: tuple[NodeTerm, ...]


class NodeAffinity(Model, frozen=True):
    """Which nodes are required or preferred."""

    preferred_during_scheduling_ignored_during_execution: tuple[PreferredNode, ...] = ()
    required_during_scheduling_ignored_during_execution: NodeSelector | None = None


class PodTerm(Model, frozen=True):
    """Pods by label, and the topology in which they count as near."""

    topology_key: str
    label_selector: LabelSelector | None = None
    match_label_keys: tuple[str, ...] = ()
    mismatch_label_keys: tuple[str, ...] = ()
    namespace_selector: LabelSelector | None = None
    namespaces: tuple[str, ...] = ()


class PreferredPod(Model, frozen=True):
    """A pod term and its weight."""

    pod_affinity_term: PodTerm
    weight: Int32


class PodAffinity(Model, frozen=True):
    """Which pods an object wants to be near to, or away from."""

    preferred_during_scheduling_ignored_during_execution: tuple[PreferredPod, ...] = ()
    required_during_scheduling_ignored_during_execution: tuple[PodTerm, ...] = ()


class Affinity(Model, frozen=True):
    """Where an object may be scheduled, by nodes and by other pods."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class Toleration(Model, frozen=True):
    """A taint that an object bears."""

    effect: Annotated[str, Fact(choices=("NoExecute", "NoSchedule", "PreferNoSchedule"))] = ""
    key: str = ""
    operator: Annotated[str, Fact(choices=("Equal", "Exists"))] = ""
    toleration_seconds: Int64 | None = None
    value: str = ""


class TopologySpread(Model, frozen=True):
    """How evenly objects are spread over a topology."""

    max_skew: Int32
    topology_key: str
    when_unsatisfiable: Annotated[str, Fact(enum=("DoNotSchedule", "ScheduleAnyway"))]
    label_selector: LabelSelector | None = None
    match_label_keys: tuple[str, ...] = ()
    min_domains: Int32 | None = None
    node_affinity_policy: Annotated[str, _SPREAD_POLICY] = ""
    node_taints_policy: Annotated[str, _SPREAD_POLICY] = ""
