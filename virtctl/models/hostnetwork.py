"""Networks beside the pod network: attachments, and nmstate's policies for nodes."""

from __future__ import annotations

from typing import Annotated

from virtctl.models.base import BY_TYPE, IntOrString, Model, Open, Time
from virtctl.models.meta import ObjectMeta


class AttachmentSpec(Model, frozen=True):
    """How a pod is attached."""

    config: str = ""
    """CNI configuration, as JSON text."""


class NetworkAttachmentDefinition(Model, frozen=True):
    """A network that pods and machines can be attached to."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: AttachmentSpec | None = None


class NetworkCondition(Model, frozen=True):
    """One observed condition of a policy or its enactment."""

    status: str
    type: str
    last_heartbeat_time: Time | None = None
    last_transition_time: Time | None = None
    message: str = ""
    reason: str = ""


class PolicySpec(Model, frozen=True):
    """What the network of some nodes shall be."""

    capture: dict[str, str] = {}
    """Parts of the current state by name, for use in ``desiredState``."""
    desired_state: Open = {}
    """Interfaces, routes, rules and DNS as nmstate writes them; what isn't named stays."""
    max_unavailable: IntOrString | None = None
    """On how many nodes at once it is applied, as a number or in per cent."""
    node_selector: dict[str, str] = {}
    """Labels of the nodes that it is for; all nodes when empty."""


class NodeNetworkStatus(Model, frozen=True):
    """What was observed on nodes."""

    conditions: Annotated[tuple[NetworkCondition, ...], BY_TYPE] = ()
    last_unavailable_node_count_update: Time | None = None
    unavailable_node_count: int | None = None
    unavailable_node_count_map: dict[str, int] = {}
    """On how many nodes it is being applied or has failed, by the policy's generation."""


class NodeNetworkConfigurationPolicy(Model, frozen=True):
    """What the network of some nodes shall be."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: PolicySpec | None = None
    status: NodeNetworkStatus | None = None


class EnactmentStatus(Model, frozen=True):
    """What one node made of a policy."""

    captured_states: Open = {}
    conditions: Annotated[tuple[NetworkCondition, ...], BY_TYPE] = ()
    desired_state: Open = {}
    features: tuple[str, ...] = ()
    policy_generation: int | None = None
    retry_count: dict[str, int] = {}
    """How often it was tried in vain, by the policy's generation."""


class NodeNetworkConfigurationEnactment(Model, frozen=True):
    """A policy on one node, and how it went."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: EnactmentStatus | None = None


class NodeState(Model, frozen=True):
    """The network of a node, and when it was looked at."""

    conditions: Annotated[tuple[NetworkCondition, ...], BY_TYPE] = ()
    current_state: Open = {}
    handler_network_manager_version: str = ""
    handler_nmstate_version: str = ""
    host_network_manager_version: str = ""
    last_successful_update_time: Time | None = None


class NodeNetworkState(Model, frozen=True):
    """The network of a node as it is."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: NodeState | None = None
