"""Services."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from virtctl.models.base import BY_TYPE, Int32, IntOrString, Keyed, Model
from virtctl.models.meta import ObjectMeta, ObjectReference, ObservedCondition


class ServicePort(Model, frozen=True):
    """A port and where it leads."""

    port: Int32
    app_protocol: str = ""
    name: str = ""
    node_port: Int32 | None = None
    """Port on every node."""
    protocol: str = ""
    target_port: IntOrString | None = None
    """The pods' port, by number or name."""


class ClientIpConfig(Model, frozen=True):
    """Stickiness by client address."""

    timeout_seconds: Int32 | None = None


class SessionAffinityConfig(Model, frozen=True):
    """How long a client stays with a pod."""

    client_ip: ClientIpConfig | None = msgspec.field(name="clientIP", default=None)


class ServiceSpec(Model, frozen=True):
    """Which pods, which ports, which address."""

    allocate_load_balancer_node_ports: bool | None = None
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    """Address inside the cluster, or None."""
    cluster_ips: tuple[str, ...] = msgspec.field(name="clusterIPs", default=())
    external_ips: tuple[str, ...] = msgspec.field(name="externalIPs", default=())
    external_name: str = ""
    external_traffic_policy: str = ""
    health_check_node_port: Int32 | None = None
    internal_traffic_policy: str = ""
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str = ""
    load_balancer_class: str = ""
    load_balancer_ip: str = msgspec.field(name="loadBalancerIP", default="")
    load_balancer_source_ranges: tuple[str, ...] = ()
    ports: Annotated[tuple[ServicePort, ...], Keyed(("port", "protocol"))] = ()
    publish_not_ready_addresses: bool | None = None
    selector: dict[str, str] = {}
    """Labels of the pods behind it."""
    session_affinity: str = ""
    session_affinity_config: SessionAffinityConfig | None = None
    traffic_distribution: str = ""
    type: str = ""
    """ClusterIP, NodePort, LoadBalancer or ExternalName."""


class PortStatus(Model, frozen=True):
    """State of a load balancer's port."""

    port: Int32
    protocol: str
    error: str = ""


class LoadBalancerIngress(Model, frozen=True):
    """One address of a load balancer."""

    hostname: str = ""
    ip: str = ""
    ip_mode: str = ""
    ports: tuple[PortStatus, ...] = ()


class LoadBalancerStatus(Model, frozen=True):
    """Addresses of a load balancer."""

    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(Model, frozen=True):
    """What is known about a service."""

    conditions: Annotated[tuple[ObservedCondition, ...], BY_TYPE] = ()
    load_balancer: LoadBalancerStatus | None = None


class Service(Model, frozen=True):
    """A stable address for pods."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: ServiceSpec | None = None
    status: ServiceStatus | None = None


class EndpointAddress(Model, frozen=True):
    """An address behind a service."""

    ATOMIC: ClassVar[bool] = True
    ip: str
    hostname: str = ""
    node_name: str | None = None
    target_ref: ObjectReference | None = None


class EndpointPort(Model, frozen=True):
    """A port behind a service."""

    ATOMIC: ClassVar[bool] = True
    port: Int32
    app_protocol: str = ""
    name: str = ""
    protocol: str = ""


class EndpointSubset(Model, frozen=True):
    """Addresses that have the same ports."""

    addresses: tuple[EndpointAddress, ...] = ()
    not_ready_addresses: tuple[EndpointAddress, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


class Endpoints(Model, frozen=True):
    """What is behind a service."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    subsets: tuple[EndpointSubset, ...] = ()


class SliceConditions(Model, frozen=True):
    """Whether an endpoint takes connections."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class SliceEndpoint(Model, frozen=True):
    """A pod behind a service."""

    addresses: tuple[str, ...]
    conditions: SliceConditions | None = None
    deprecated_topology: dict[str, str] = {}
    hostname: str = ""
    node_name: str = ""
    target_ref: ObjectReference | None = None
    zone: str = ""


class SlicePort(Model, frozen=True):
    """A port behind a service; without a number it is any."""

    app_protocol: str = ""
    name: str = ""
    port: Int32 | None = None
    protocol: str = ""


class EndpointSlice(Model, frozen=True):
    """What is behind a service, of one IP version."""

    address_type: str
    """IPv4, IPv6 or FQDN."""
    endpoints: tuple[SliceEndpoint, ...]
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    ports: tuple[SlicePort, ...] = ()
