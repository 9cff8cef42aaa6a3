"""Pods: their spec and what is known about them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import (
    BY_NAME,
    BY_TYPE,
    Int32,
    Int64,
    Keyed,
    Model,
    Open,
    QuantityText,
    Time,
)
from virtctl.models.containers import (
    Container,
    ContainerResources,
    EphemeralContainer,
    SecurityProfile,
    SeLinuxOptions,
)
from virtctl.models.meta import ObjectMeta
from virtctl.models.podvolumes import PodVolume
from virtctl.models.references import DnsConfig, LocalReference
from virtctl.models.scheduling import Affinity, Toleration, TopologySpread


class HostAlias(Model, frozen=True):
    """Lines of ``/etc/hosts``."""

    ip: str
    hostnames: tuple[str, ...] = ()


class PodOs(Model, frozen=True):
    """Operating system of a pod."""

    name: str


class ReadinessGate(Model, frozen=True):
    """A condition that readiness depends on."""

    condition_type: str


class PodResourceClaim(Model, frozen=True):
    """A claim that containers may use."""

    name: str
    resource_claim_name: str = ""
    resource_claim_template_name: str = ""


class SchedulingGate(Model, frozen=True):
    """What must go before a pod is scheduled."""

    name: str


class Sysctl(Model, frozen=True):
    """A kernel parameter of the pod's namespaces."""

    name: str
    value: str


class PodSecurityContext(Model, frozen=True):
    """Privileges of all containers of a pod."""

    app_armor_profile: SecurityProfile | None = None
    fs_group: Int64 | None = None
    fs_group_change_policy: str = ""
    run_as_group: Int64 | None = None
    run_as_non_root: bool | None = None
    run_as_user: Int64 | None = None
    se_linux_change_policy: str = ""
    se_linux_options: SeLinuxOptions | None = None
    seccomp_profile: SecurityProfile | None = None
    supplemental_groups: tuple[Int64, ...] = ()
    supplemental_groups_policy: str = ""
    sysctls: tuple[Sysctl, ...] = ()
    windows_options: Open = {}


class PodSpec(Model, frozen=True):
    """What a pod is made of."""

    containers: Annotated[tuple[Container, ...], BY_NAME]
    """Containers that run side by side."""
    active_deadline_seconds: Int64 | None = None
    affinity: Affinity | None = None
    automount_service_account_token: bool | None = None
    dns_config: DnsConfig | None = None
    dns_policy: str = ""
    enable_service_links: bool | None = None
    ephemeral_containers: Annotated[tuple[EphemeralContainer, ...], BY_NAME] = ()
    host_aliases: Annotated[tuple[HostAlias, ...], Keyed(("ip",))] = ()
    host_ipc: bool | None = msgspec.field(name="hostIPC", default=None)
    host_network: bool | None = None
    host_pid: bool | None = msgspec.field(name="hostPID", default=None)
    host_users: bool | None = None
    hostname: str = ""
    hostname_override: str = ""
    image_pull_secrets: Annotated[tuple[LocalReference, ...], BY_NAME] = ()
    init_containers: Annotated[tuple[Container, ...], BY_NAME] = ()
    """Containers that run before, one after the other."""
    node_name: str = ""
    """The node that runs the pod."""
    node_selector: dict[str, str] = {}
    os: PodOs | None = None
    overhead: dict[str, QuantityText] = {}
    preemption_policy: str = ""
    priority: Int32 | None = None
    priority_class_name: str = ""
    readiness_gates: tuple[ReadinessGate, ...] = ()
    resource_claims: Annotated[tuple[PodResourceClaim, ...], BY_NAME] = ()
    resources: ContainerResources | None = None
    restart_policy: str = ""
    runtime_class_name: str = ""
    scheduler_name: str = ""
    scheduling_gates: Annotated[tuple[SchedulingGate, ...], BY_NAME] = ()
    security_context: PodSecurityContext | None = None
    service_account: str = ""
    service_account_name: str = ""
    set_hostname_as_fqdn: bool | None = msgspec.field(name="setHostnameAsFQDN", default=None)
    share_process_namespace: bool | None = None
    subdomain: str = ""
    termination_grace_period_seconds: Int64 | None = None
    tolerations: tuple[Toleration, ...] = ()
    topology_spread_constraints: Annotated[
        tuple[TopologySpread, ...], Keyed(("topologyKey", "whenUnsatisfiable"))
    ] = ()
    volumes: Annotated[tuple[PodVolume, ...], BY_NAME] = ()
    """What containers can mount."""


class PodCondition(Model, frozen=True):
    """One observed condition of a pod."""

    status: str
    type: str
    last_probe_time: Time | None = None
    last_transition_time: Time | None = None
    message: str = ""
    observed_generation: Int64 | None = None
    reason: str = ""


class ContainerRunning(Model, frozen=True):
    """A container that runs."""

    started_at: Time | None = None


class ContainerTerminated(Model, frozen=True):
    """A container that has ended."""

    exit_code: Int32
    container_id: str = msgspec.field(name="containerID", default="")
    finished_at: Time | None = None
    message: str = ""
    reason: str = ""
    signal: Int32 | None = None
    started_at: Time | None = None


class ContainerWaiting(Model, frozen=True):
    """A container that has not started."""

    message: str = ""
    reason: str = ""


class ContainerState(Model, frozen=True):
    """Waiting, running or terminated; one is set."""

    running: ContainerRunning | None = None
    terminated: ContainerTerminated | None = None
    waiting: ContainerWaiting | None = None


class ContainerStatus(Model, frozen=True):
    """What is known about a container."""

    image: str
    image_id: str = msgspec.field(name="imageID")
    name: str
    ready: bool
    restart_count: Int32
    allocated_resources: dict[str, QuantityText] = {}
    allocated_resources_status: tuple[Open, ...] = ()
    container_id: str = msgspec.field(name="containerID", default="")
    last_state: ContainerState | None = None
    resources: ContainerResources | None = None
    started: bool | None = None
    state: ContainerState | None = None
    stop_signal: str = ""
    user: Open = {}
    volume_mounts: tuple[Open, ...] = ()


class Address(Model, frozen=True):
    """An IP address."""

    ip: str


class PodClaimStatus(Model, frozen=True):
    """The claim that was made for a pod."""

    name: str
    resource_claim_name: str = ""


class PodStatus(Model, frozen=True):
    """What is known about a pod."""

    allocated_resources: dict[str, QuantityText] = {}
    conditions: Annotated[tuple[PodCondition, ...], BY_TYPE] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    ephemeral_container_statuses: tuple[ContainerStatus, ...] = ()
    extended_resource_claim_status: Open = {}
    host_ip: str = msgspec.field(name="hostIP", default="")
    host_ips: tuple[Address, ...] = msgspec.field(name="hostIPs", default=())
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    message: str = ""
    nominated_node_name: str = ""
    observed_generation: Int64 | None = None
    phase: str = ""
    pod_ip: str = msgspec.field(name="podIP", default="")
    pod_ips: Annotated[tuple[Address, ...], Keyed(("ip",))] = msgspec.field(
        name="podIPs", default=()
    )
    qos_class: str = ""
    reason: str = ""
    resize: str = ""
    resource_claim_statuses: Annotated[tuple[PodClaimStatus, ...], BY_NAME] = ()
    resources: ContainerResources | None = None
    start_time: Time | None = None
    volume_health: tuple[Open, ...] = ()


class Pod(Model, frozen=True):
    """Containers that run together on one node."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: PodSpec | None = None
    status: PodStatus | None = None
