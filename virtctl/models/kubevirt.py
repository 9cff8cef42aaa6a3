"""The ``KubeVirt`` object: the installation and its configuration."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import (
    AS_SET,
    BY_TYPE,
    NULLABLE,
    Count,
    Duration,
    Empty,
    Fact,
    Int32,
    Int64,
    Model,
    NonEmpty,
    PullPolicy,
    QuantityText,
)
from virtctl.models.instancestatus import ClusterMigrations
from virtctl.models.meta import Condition, LabelSelector, ObjectMeta
from virtctl.models.references import LocalReference, Resources
from virtctl.models.scheduling import Affinity, Toleration


class CertificateLifetime(Model, frozen=True):
    """How long a certificate lives."""

    duration: Duration = ""
    renew_before: Duration = ""


class SelfSignedRotation(Model, frozen=True):
    """Renewal of the own certificates."""

    ca: CertificateLifetime | None = None
    ca_overlap_interval: Duration = ""
    ca_rotate_interval: Duration = ""
    cert_rotate_interval: Duration = ""
    server: CertificateLifetime | None = None


class CertificateRotation(Model, frozen=True):
    """How certificates are renewed."""

    self_signed: SelfSignedRotation | None = None


class TokenBucket(Model, frozen=True):
    """Requests per second and burst."""

    burst: int
    qps: float


class RateLimiter(Model, frozen=True):
    """Rate limit of an API client."""

    token_bucket_rate_limiter: TokenBucket | None = None


class RestClient(Model, frozen=True):
    """A component's API client."""

    rate_limiter: RateLimiter | None = None


class ReloadableConfiguration(Model, frozen=True):
    """Settings that a component takes up while it runs."""

    rest_client: RestClient | None = None


class Architecture(Model, frozen=True):
    """Machine type and firmware of an architecture."""

    emulated_machines: tuple[str, ...] = ()
    machine_type: str = ""
    ovmf_path: str = ""


class ArchitectureConfiguration(Model, frozen=True):
    """Settings for each architecture."""

    amd64: Architecture | None = None
    arm64: Architecture | None = None
    default_architecture: str = ""
    ppc64le: Architecture | None = None
    s390x: Architecture | None = None


class ChangedBlockTrackingSelectors(Model, frozen=True):
    """Machines whose changed blocks are tracked."""

    namespace_label_selector: LabelSelector | None = None
    virtual_machine_label_selector: LabelSelector | None = None


class Switch(Model, frozen=True):
    """Something that is on or off."""

    enabled: Annotated[bool | None, NULLABLE] = None


class TdxAttestation(Model, frozen=True):
    """Attestation of TDX guests."""

    enforced: Annotated[bool, Fact(default=False)] | None = None
    qgs_socket_path: Annotated[str, Fact(default="/var/run/tdx-qgs/qgs.socket")] = ""


class TdxConfiguration(Model, frozen=True):
    """Settings of Intel TDX guests."""

    attestation: TdxAttestation | None = None


class ConfidentialCompute(Model, frozen=True):
    """Settings of encrypted guests."""

    tdx: Annotated[TdxConfiguration | None, NULLABLE] = None


class DiskVerification(Model, frozen=True):
    """Limits of the process that inspects images."""

    memory_limit: QuantityText


class LogVerbosity(Model, frozen=True):
    """Log levels of the components."""

    node_verbosity: dict[str, int] = {}
    virt_api: int = msgspec.field(name="virtAPI", default=0)
    virt_controller: int = 0
    virt_handler: int = 0
    virt_launcher: int = 0
    virt_operator: int = 0
    virt_synchronization_controller: int = 0


class DeveloperConfiguration(Model, frozen=True):
    """Feature gates and settings for developers."""

    cluster_profiler: bool | None = None
    cpu_allocation_ratio: int = 0
    disabled_feature_gates: tuple[str, ...] = ()
    """Gates that are off though they are on by default."""
    disk_verification: DiskVerification | None = None
    feature_gates: tuple[str, ...] = ()
    """Gates that are on."""
    log_verbosity: LogVerbosity | None = None
    memory_overcommit: Annotated[int, Fact(minimum=10)] | None = None
    minimum_cluster_tsc_frequency: Int64 = msgspec.field(
        name="minimumClusterTSCFrequency", default=0
    )
    minimum_reserve_pvc_bytes: Int64 = msgspec.field(name="minimumReservePVCBytes", default=0)
    node_selectors: dict[str, str] = {}
    pvc_tolerate_less_space_up_to_percent: int = 0
    use_emulation: bool | None = None
    """Run without KVM where there is none."""


class Hypervisor(Model, frozen=True):
    """A hypervisor by name."""

    name: Annotated[str, Fact(enum=("kvm", "hyperv-direct"))] = ""


class InstancetypeConfiguration(Model, frozen=True):
    """How instancetypes are applied."""

    reference_policy: Annotated[
        str | None, Fact(enum=("reference", "expand", "expandAll")), NULLABLE
    ] = None


class KsmConfiguration(Model, frozen=True):
    """Nodes that merge equal memory pages."""

    node_label_selector: LabelSelector | None = None


class LiveUpdateConfiguration(Model, frozen=True):
    """Limits of hot-plugged processors and memory."""

    max_cpu_sockets: Int32 = 0
    max_guest: QuantityText | None = None
    max_hotplug_ratio: Int32 = 0


class NodeMediatedDeviceTypes(Model, frozen=True):
    """Mediated devices of some nodes."""

    node_selector: dict[str, str]
    mediated_device_types: tuple[str, ...] = ()
    mediated_devices_types: tuple[str, ...] = ()


class MediatedDevicesConfiguration(Model, frozen=True):
    """Mediated devices to make on nodes."""

    enabled: bool | None = None
    mediated_device_types: tuple[str, ...] = ()
    mediated_devices_types: tuple[str, ...] = ()
    node_mediated_device_types: tuple[NodeMediatedDeviceTypes, ...] = ()


class BindingMigration(Model, frozen=True):
    """How a plugin's interface migrates."""

    method: str = ""


class BindingPlugin(Model, frozen=True):
    """A binding plugin."""

    compute_resource_overhead: Resources | None = None
    domain_attachment_type: str = ""
    downward_api: str = msgspec.field(name="downwardAPI", default="")
    migration: BindingMigration | None = None
    network_attachment_definition: str = ""
    sidecar_image: str = ""


class NetworkConfiguration(Model, frozen=True):
    """Default binding and binding plugins."""

    binding: dict[str, BindingPlugin] = {}
    default_network_interface: str = ""
    """Binding of instances that list no interface: bridge or masquerade."""
    permit_bridge_interface_on_pod_network: bool | None = None
    """Whether bridge binding may be used on the pod network; on by default."""
    permit_slirp_interface: bool | None = None


class MediatedHostDevice(Model, frozen=True):
    """A permitted mediated device."""

    mdev_name_selector: str
    resource_name: str
    external_resource_provider: bool | None = None


class PciHostDevice(Model, frozen=True):
    """A permitted PCI device."""

    pci_vendor_selector: str
    resource_name: str
    external_resource_provider: bool | None = None


class UsbSelector(Model, frozen=True):
    """A USB vendor and product."""

    product: str
    vendor: str


class UsbHostDevice(Model, frozen=True):
    """A permitted USB device."""

    resource_name: str
    external_resource_provider: bool | None = None
    selectors: tuple[UsbSelector, ...] = ()


class PermittedHostDevices(Model, frozen=True):
    """Host devices that may be passed through."""

    mediated_devices: tuple[MediatedHostDevice, ...] = ()
    pci_host_devices: tuple[PciHostDevice, ...] = ()
    usb: tuple[UsbHostDevice, ...] = ()


class CustomSeccompProfile(Model, frozen=True):
    """A profile by file, or the runtime's own."""

    localhost_profile: str = ""
    runtime_default_profile: bool | None = None


class InstanceSeccompProfile(Model, frozen=True):
    """Seccomp profile of launcher pods."""

    custom_profile: CustomSeccompProfile | None = None


class SeccompConfiguration(Model, frozen=True):
    """Seccomp profiles."""

    virtual_machine_instance_profile: InstanceSeccompProfile | None = None


class SmBios(Model, frozen=True):
    """SMBIOS strings of every guest."""

    family: str = ""
    manufacturer: str = ""
    product: str = ""
    sku: str = ""
    version: str = ""


class SupportContainerResources(Model, frozen=True):
    """Resources of the launcher pod's other containers."""

    resources: Resources
    type: str


class TlsConfiguration(Model, frozen=True):
    """TLS version and ciphers."""

    ciphers: Annotated[tuple[str, ...], AS_SET] = ()
    min_tls_version: Annotated[
        str, Fact(enum=("VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13"))
    ] = msgspec.field(name="minTLSVersion", default="")


class VirtualMachineOptions(Model, frozen=True):
    """Defaults for every machine."""

    disable_free_page_reporting: Empty | None = None
    disable_serial_console_log: Empty | None = None


class Configuration(Model, frozen=True):
    """Cluster-wide settings."""

    additional_guest_memory_overhead_ratio: str = ""
    api_configuration: ReloadableConfiguration | None = None
    architecture_configuration: ArchitectureConfiguration | None = None
    auto_cpu_limit_namespace_label_selector: LabelSelector | None = msgspec.field(
        name="autoCPULimitNamespaceLabelSelector", default=None
    )
    changed_block_tracking_label_selectors: Annotated[
        ChangedBlockTrackingSelectors | None, NULLABLE
    ] = None
    common_instancetypes_deployment: Annotated[Switch | None, NULLABLE] = None
    confidential_compute: Annotated[ConfidentialCompute | None, NULLABLE] = None
    controller_configuration: ReloadableConfiguration | None = None
    cpu_model: str = ""
    cpu_request: QuantityText | None = None
    default_runtime_class: str = ""
    developer_configuration: DeveloperConfiguration | None = None
    emulated_machines: tuple[str, ...] = ()
    eviction_strategy: str = ""
    handler_configuration: ReloadableConfiguration | None = None
    hypervisors: Annotated[tuple[Hypervisor, ...], Fact(max_items=1)] = ()
    image_pull_policy: PullPolicy = ""
    instancetype: Annotated[InstancetypeConfiguration | None, NULLABLE] = None
    ksm_configuration: KsmConfiguration | None = None
    live_update_configuration: LiveUpdateConfiguration | None = None
    machine_type: str = ""
    mediated_devices_configuration: MediatedDevicesConfiguration | None = None
    mem_balloon_stats_period: Int32 = 0
    migrations: ClusterMigrations | None = None
    min_cpu_model: str = msgspec.field(name="minCPUModel", default="")
    network: NetworkConfiguration | None = None
    obsolete_cpu_models: dict[str, bool] = msgspec.field(name="obsoleteCPUModels", default={})
    ovmf_path: str = ""
    permitted_host_devices: PermittedHostDevices | None = None
    persistent_reservation_configuration: Annotated[Switch | None, NULLABLE] = None
    role_aggregation_strategy: Annotated[str, Fact(enum=("AggregateToDefault", "Manual"))] = ""
    seccomp_configuration: SeccompConfiguration | None = None
    selinux_launcher_type: str = ""
    smbios: SmBios | None = None
    support_container_resources: Annotated[tuple[SupportContainerResources, ...], BY_TYPE] = ()
    supported_guest_agent_versions: tuple[str, ...] = ()
    tls_configuration: TlsConfiguration | None = None
    virt_template_deployment: Annotated[Switch | None, NULLABLE] = None
    virtual_machine_instances_per_node: int = 0
    virtual_machine_options: VirtualMachineOptions | None = None
    vm_rollout_strategy: Annotated[str | None, Fact(enum=("Stage", "LiveUpdate")), NULLABLE] = None
    vm_state_storage_class: str = ""
    webhook_configuration: ReloadableConfiguration | None = None


class ComponentFlags(Model, frozen=True):
    """Command line flags of components."""

    api: dict[str, str] = {}
    controller: dict[str, str] = {}
    handler: dict[str, str] = {}


class ComponentPatch(Model, frozen=True):
    """A patch of one installed object."""

    patch: str
    resource_name: NonEmpty
    resource_type: NonEmpty
    type: str


class CustomizeComponents(Model, frozen=True):
    """Changes to what is installed."""

    flags: ComponentFlags | None = None
    patches: tuple[ComponentPatch, ...] = ()


class NodePlacement(Model, frozen=True):
    """Nodes for components."""

    affinity: Affinity | None = None
    node_selector: dict[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()


class ComponentPlacement(Model, frozen=True):
    """Where components run, and how many."""

    node_placement: NodePlacement | None = None
    replicas: Count | None = None


class WorkloadUpdateStrategy(Model, frozen=True):
    """How running machines get a new launcher."""

    batch_eviction_interval: Duration = ""
    batch_eviction_size: int = 0
    workload_update_methods: tuple[str, ...] = ()


class KubeVirtSpec(Model, frozen=True):
    """What to install and how."""

    certificate_rotate_strategy: CertificateRotation | None = None
    configuration: Configuration | None = None
    customize_components: CustomizeComponents | None = None
    image_pull_policy: PullPolicy = ""
    image_pull_secrets: tuple[LocalReference, ...] = ()
    image_registry: str = ""
    image_tag: str = ""
    infra: ComponentPlacement | None = None
    monitor_account: str = ""
    monitor_namespace: str = ""
    product_component: str = ""
    product_name: str = ""
    product_version: str = ""
    service_monitor_namespace: str = ""
    synchronization_port: str = ""
    uninstall_strategy: str = ""
    workload_update_strategy: WorkloadUpdateStrategy | None = None
    workloads: ComponentPlacement | None = None


class Generation(Model, frozen=True):
    """An installed object's last seen generation."""

    group: str
    last_generation: Int64
    name: str
    resource: str
    hash: str = ""
    namespace: str = ""


class KubeVirtStatus(Model, frozen=True):
    """What is installed."""

    conditions: tuple[Condition, ...] = ()
    default_architecture: str = ""
    generations: tuple[Generation, ...] = ()
    observed_deployment_config: str = ""
    observed_deployment_id: str = msgspec.field(name="observedDeploymentID", default="")
    observed_generation: Int64 = 0
    observed_kube_virt_registry: str = ""
    observed_kube_virt_version: str = ""
    operator_version: str = ""
    outdated_virtual_machine_instance_workloads: int = 0
    phase: str = ""
    synchronization_addresses: tuple[str, ...] = ()
    target_deployment_config: str = ""
    target_deployment_id: str = msgspec.field(name="targetDeploymentID", default="")
    target_kube_virt_registry: str = ""
    target_kube_virt_version: str = ""


class KubeVirt(Model, frozen=True):
    """The installation and its configuration."""

    spec: KubeVirtSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: KubeVirtStatus | None = None
