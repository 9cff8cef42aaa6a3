"""Containers and what they may do and see."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from virtctl.models.base import BY_NAME, Fact, Int32, Int64, Keyed, Model, Open, QuantityText
from virtctl.models.probes import ExecAction, HttpGetAction, TcpSocketAction
from virtctl.models.references import FieldReference, ResourceReference


class ConfigMapKey(Model, frozen=True):
    """A key of a ConfigMap."""

    ATOMIC: ClassVar[bool] = True
    key: str
    name: str = ""
    optional: bool | None = None


class FileKey(Model, frozen=True):
    """A key of an environment file in a volume."""

    ATOMIC: ClassVar[bool] = True
    key: str
    path: str
    volume_name: str
    optional: bool | None = None


class SecretKey(Model, frozen=True):
    """A key of a Secret."""

    ATOMIC: ClassVar[bool] = True
    key: str
    name: str = ""
    optional: bool | None = None


class EnvVarSource(Model, frozen=True):
    """Where a variable's value comes from."""

    config_map_key_ref: ConfigMapKey | None = None
    field_ref: FieldReference | None = None
    file_key_ref: FileKey | None = None
    resource_field_ref: ResourceReference | None = None
    secret_key_ref: SecretKey | None = None


class EnvVar(Model, frozen=True):
    """An environment variable."""

    name: str
    value: str = ""
    value_from: EnvVarSource | None = None


class OptionalReference(Model, frozen=True):
    """An object by name that may be missing."""

    name: str = ""
    optional: bool | None = None


class EnvFromSource(Model, frozen=True):
    """Variables from all keys of an object."""

    config_map_ref: OptionalReference | None = None
    prefix: str = ""
    secret_ref: OptionalReference | None = None


class SleepAction(Model, frozen=True):
    """A pause."""

    seconds: Int64


class LifecycleHandler(Model, frozen=True):
    """One action; exactly one is set."""

    exec: ExecAction | None = None
    http_get: HttpGetAction | None = None
    sleep: SleepAction | None = None
    tcp_socket: TcpSocketAction | None = None


class Lifecycle(Model, frozen=True):
    """What runs after a container's start and before its end."""

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
    stop_signal: str = ""


class GrpcAction(Model, frozen=True):
    """A gRPC health check."""

    port: Int32
    mode: str = ""
    service: str = ""


class Probe(Model, frozen=True):
    """How a container is asked whether it is alive or ready."""

    exec: ExecAction | None = None
    failure_threshold: Int32 | None = None
    grpc: GrpcAction | None = None
    http_get: HttpGetAction | None = None
    initial_delay_seconds: Int32 | None = None
    period_seconds: Int32 | None = None
    success_threshold: Int32 | None = None
    tcp_socket: TcpSocketAction | None = None
    termination_grace_period_seconds: Int64 | None = None
    timeout_seconds: Int32 | None = None


class ContainerPort(Model, frozen=True):
    """A port that a container listens on."""

    container_port: Int32
    host_ip: str = msgspec.field(name="hostIP", default="")
    host_port: Int32 | None = None
    name: str = ""
    protocol: Annotated[str, Fact(default="TCP")] = ""


class ResizePolicy(Model, frozen=True):
    """What a change of a resource means for a container."""

    resource_name: str
    restart_policy: str


class ContainerClaim(Model, frozen=True):
    """A claim of the pod that a container uses."""

    name: str
    request: str = ""


class ContainerResources(Model, frozen=True):
    """Requests, limits and claims of a container."""

    claims: Annotated[tuple[ContainerClaim, ...], BY_NAME] = ()
    limits: dict[str, QuantityText] = {}
    requests: dict[str, QuantityText] = {}


class RestartExitCodes(Model, frozen=True):
    """Exit codes that a rule applies to."""

    operator: str
    values: tuple[Int32, ...] = ()


class RestartRule(Model, frozen=True):
    """What to do after a container's end."""

    action: str
    exit_codes: RestartExitCodes | None = None


class SecurityProfile(Model, frozen=True):
    """An AppArmor or seccomp profile."""

    type: str
    localhost_profile: str = ""


class Capabilities(Model, frozen=True):
    """Linux capabilities to add and to drop."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class SeLinuxOptions(Model, frozen=True):
    """SELinux label."""

    level: str = ""
    role: str = ""
    type: str = ""
    user: str = ""


class SecurityContext(Model, frozen=True):
    """Privileges of a container."""

    allow_privilege_escalation: bool | None = None
    app_armor_profile: SecurityProfile | None = None
    capabilities: Capabilities | None = None
    privileged: bool | None = None
    proc_mount: str = ""
    read_only_root_filesystem: bool | None = None
    run_as_group: Int64 | None = None
    run_as_non_root: bool | None = None
    run_as_user: Int64 | None = None
    se_linux_options: SeLinuxOptions | None = None
    seccomp_profile: SecurityProfile | None = None
    windows_options: Open = {}


class VolumeDevice(Model, frozen=True):
    """A volume as a block device."""

    device_path: str
    name: str


class VolumeMount(Model, frozen=True):
    """A volume as a directory."""

    mount_path: str
    name: str
    bind_mount_options: tuple[str, ...] = ()
    mount_propagation: str = ""
    read_only: bool | None = None
    recursive_read_only: str = ""
    sub_path: str = ""
    sub_path_expr: str = ""


class Container(Model, frozen=True):
    """A container of a pod."""

    name: str
    args: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: Annotated[tuple[EnvVar, ...], BY_NAME] = ()
    env_from: tuple[EnvFromSource, ...] = ()
    image: str = ""
    image_pull_policy: str = ""
    lifecycle: Lifecycle | None = None
    liveness_probe: Probe | None = None
    ports: Annotated[tuple[ContainerPort, ...], Keyed(("containerPort", "protocol"))] = ()
    readiness_probe: Probe | None = None
    resize_policy: tuple[ResizePolicy, ...] = ()
    resources: ContainerResources | None = None
    restart_policy: str = ""
    restart_policy_rules: tuple[RestartRule, ...] = ()
    security_context: SecurityContext | None = None
    startup_probe: Probe | None = None
    stdin: bool | None = None
    stdin_once: bool | None = None
    termination_message_path: str = ""
    termination_message_policy: str = ""
    tty: bool | None = None
    volume_devices: Annotated[tuple[VolumeDevice, ...], Keyed(("devicePath",))] = ()
    volume_mounts: Annotated[tuple[VolumeMount, ...], Keyed(("mountPath",))] = ()
    working_dir: str = ""


class EphemeralContainer(Container, frozen=True):
    """A container added to a running pod, for debugging."""

    target_container_name: str = ""
