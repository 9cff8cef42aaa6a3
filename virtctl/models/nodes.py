"""Nodes and leases."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import AS_SET, BY_TYPE, Int32, Int64, Model, Open, QuantityText, Time
from virtctl.models.meta import ObjectMeta


class Taint(Model, frozen=True):
    """What keeps pods away that do not bear it."""

    effect: str
    key: str
    time_added: Time | None = None
    value: str = ""


class NodeSpec(Model, frozen=True):
    """How a node takes part."""

    config_source: Open = {}
    external_id: str = msgspec.field(name="externalID", default="")
    pod_cidr: str = msgspec.field(name="podCIDR", default="")
    pod_cidrs: Annotated[tuple[str, ...], AS_SET] = msgspec.field(name="podCIDRs", default=())
    pod_preemption_policy: Open = {}
    provider_id: str = msgspec.field(name="providerID", default="")
    taints: tuple[Taint, ...] = ()
    unschedulable: bool | None = None


class NodeAddress(Model, frozen=True):
    """An address of a node."""

    address: str
    type: str


class NodeCondition(Model, frozen=True):
    """One observed condition of a node."""

    status: str
    type: str
    last_heartbeat_time: Time | None = None
    last_transition_time: Time | None = None
    message: str = ""
    reason: str = ""


class NodeEndpoint(Model, frozen=True):
    """A port."""

    port: Int32 = msgspec.field(name="Port")


class NodeEndpoints(Model, frozen=True):
    """Ports of a node's agent."""

    kubelet_endpoint: NodeEndpoint | None = None


class NodeFeatures(Model, frozen=True):
    """Features of a node's runtime."""

    supplemental_groups_policy: bool | None = None


class NodeImage(Model, frozen=True):
    """An image that a node holds."""

    names: tuple[str, ...] = ()
    size_bytes: Int64 | None = None


class NodeSwap(Model, frozen=True):
    """Swap of a node."""

    capacity: Int32 | None = None


class NodeSystemInfo(Model, frozen=True):
    """Versions and identity of a node."""

    architecture: str
    boot_id: str = msgspec.field(name="bootID")
    container_runtime_version: str
    kernel_version: str
    kube_proxy_version: str
    kubelet_version: str
    machine_id: str = msgspec.field(name="machineID")
    operating_system: str
    os_image: str
    system_uuid: str = msgspec.field(name="systemUUID")
    running_in_user_namespace: bool | None = None
    swap: NodeSwap | None = None


class RuntimeHandlerFeatures(Model, frozen=True):
    """What a handler can do."""

    recursive_read_only_mounts: bool | None = None
    user_namespaces: bool | None = None


class RuntimeHandler(Model, frozen=True):
    """A handler of a node's runtime."""

    features: RuntimeHandlerFeatures | None = None
    name: str = ""


class AttachedVolume(Model, frozen=True):
    """A volume attached to a node."""

    device_path: str
    name: str


class NodeStatus(Model, frozen=True):
    """What is known about a node."""

    addresses: Annotated[tuple[NodeAddress, ...], BY_TYPE] = ()
    allocatable: dict[str, QuantityText] = {}
    capacity: dict[str, QuantityText] = {}
    conditions: Annotated[tuple[NodeCondition, ...], BY_TYPE] = ()
    config: Open = {}
    daemon_endpoints: NodeEndpoints | None = None
    declared_features: tuple[str, ...] = ()
    features: NodeFeatures | None = None
    images: tuple[NodeImage, ...] = ()
    node_info: NodeSystemInfo | None = None
    phase: str = ""
    runtime_handlers: tuple[RuntimeHandler, ...] = ()
    volumes_attached: tuple[AttachedVolume, ...] = ()
    volumes_in_use: tuple[str, ...] = ()


class Node(Model, frozen=True):
    """A machine that runs pods."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: NodeSpec | None = None
    status: NodeStatus | None = None


class LeaseSpec(Model, frozen=True):
    """Holder and times of a lease."""

    acquire_time: Time | None = None
    holder_identity: str = ""
    lease_duration_seconds: Int32 | None = None
    lease_transitions: Int32 | None = None
    preferred_holder: str = ""
    renew_time: Time | None = None
    strategy: str = ""


class Lease(Model, frozen=True):
    """Who holds something, and until when."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: LeaseSpec | None = None
