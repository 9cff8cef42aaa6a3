"""The ``HyperConverged`` object of HCO: one place for the settings of KubeVirt and its neighbours.

Facts: ``hco.kubevirt.io/v1beta1`` of the hyperconverged-cluster-operator.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from virtctl.models.base import AS_SET, Fact, Int32, Int64, Keyed, Model, Open, QuantityText, Rule
from virtctl.models.kubevirt import (
    BindingPlugin,
    CertificateLifetime,
    InstancetypeConfiguration,
    KsmConfiguration,
    LiveUpdateConfiguration,
    LogVerbosity,
    NodeMediatedDeviceTypes,
    NodePlacement,
    Switch,
    UsbSelector,
)
from virtctl.models.meta import CheckedCondition, LabelSelector, ObjectMeta, ObjectReference
from virtctl.models.references import Resources

Off = Annotated[bool, Fact(default=False)]


class HcoCertificates(Model, frozen=True):
    """How certificates are renewed."""

    ca: CertificateLifetime | None = None
    server: CertificateLifetime | None = None


class HcoPlacement(Model, frozen=True):
    """Where some components run."""

    node_placement: NodePlacement | None = None


class HcoFeatureGates(Model, frozen=True):
    """Features that are off unless they are asked for; some of the names do nothing any more."""

    align_cpus: Off | None = msgspec.field(name="alignCPUs", default=None)
    auto_resource_limits: bool | None = None
    decentralized_live_migration: Off | None = None
    declarative_hotplug_volumes: Off | None = None
    deploy_kube_secondary_dns: Off | None = msgspec.field(
        name="deployKubeSecondaryDNS", default=None
    )
    deploy_kubevirt_ipam_controller: bool | None = None
    deploy_tekton_task_resources: bool | None = None
    deploy_vm_console_proxy: bool | None = None
    disable_m_dev_configuration: Off | None = None
    downward_metrics: Off | None = None
    enable_application_aware_quota: bool | None = None
    enable_common_boot_image_import: bool | None = None
    enable_managed_tenant_quota: bool | None = None
    enable_multi_arch_boot_image_import: Off | None = None
    non_root: bool | None = None
    persistent_reservation: Off | None = None
    primary_user_defined_network_binding: bool | None = None
    with_host_passthrough_cpu: bool | None = msgspec.field(
        name="withHostPassthroughCPU", default=None
    )


class HcoLiveMigration(Model, frozen=True):
    """Limits of live migration."""

    allow_auto_converge: Off | None = None
    allow_post_copy: Off | None = None
    bandwidth_per_migration: QuantityText | None = None
    completion_timeout_per_gib: Annotated[int, Fact(format="int64", default=150)] | None = (
        msgspec.field(name="completionTimeoutPerGiB", default=None)
    )
    network: str = ""
    parallel_migrations_per_cluster: Annotated[int, Fact(format="int32", default=5)] | None = None
    parallel_outbound_migrations_per_node: (
        Annotated[int, Fact(format="int32", default=2)] | None
    ) = None
    progress_timeout: Annotated[int, Fact(format="int64", default=150)] | None = None


class HcoPciDevice(Model, frozen=True):
    """A permitted PCI device; ``disabled`` takes one away that is there by default."""

    pci_device_selector: str
    resource_name: str
    disabled: bool | None = None
    external_resource_provider: bool | None = None


class HcoUsbDevice(Model, frozen=True):
    """A permitted USB device."""

    resource_name: str
    disabled: bool | None = None
    external_resource_provider: bool | None = None
    selectors: tuple[UsbSelector, ...] = ()


class HcoMediatedDevice(Model, frozen=True):
    """A permitted mediated device."""

    mdev_name_selector: str
    resource_name: str
    disabled: bool | None = None
    external_resource_provider: bool | None = None


class HcoPermittedDevices(Model, frozen=True):
    """Host devices that may be passed through."""

    mediated_devices: Annotated[tuple[HcoMediatedDevice, ...], Keyed(("mdevNameSelector",))] = ()
    pci_host_devices: Annotated[tuple[HcoPciDevice, ...], Keyed(("pciDeviceSelector",))] = ()
    usb_host_devices: Annotated[tuple[HcoUsbDevice, ...], Keyed(("resourceName",))] = ()


class HcoMediatedDevices(Model, frozen=True):
    """Mediated devices to make on nodes."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(has(self.mediatedDeviceTypes) && size(self.mediatedDeviceTypes)>0) || "
            "(has(self.mediatedDevicesTypes) && size(self.mediatedDevicesTypes)>0)",
            "name at least one type in mediatedDeviceTypes",
        ),
    )
    mediated_device_types: tuple[str, ...] = ()
    mediated_devices_types: tuple[str, ...] = ()
    node_mediated_device_types: tuple[NodeMediatedDeviceTypes, ...] = ()


class HcoResourceRequirements(Model, frozen=True):
    """What workloads may use, and how processors are shared."""

    auto_cpu_limit_namespace_label_selector: LabelSelector | None = msgspec.field(
        name="autoCPULimitNamespaceLabelSelector", default=None
    )
    storage_workloads: Resources | None = None
    vmi_cpu_allocation_ratio: Annotated[int, Fact(minimum=1, default=10)] | None = msgspec.field(
        name="vmiCPUAllocationRatio", default=None
    )


class HcoObsoleteCpus(Model, frozen=True):
    """Processor models that machines are kept from."""

    cpu_models: Annotated[tuple[str, ...], AS_SET] = ()
    min_cpu_model: str = msgspec.field(name="minCPUModel", default="")


class HcoStorageImport(Model, frozen=True):
    """How images are fetched."""

    insecure_registries: Annotated[tuple[str, ...], AS_SET] = ()


class HcoFilesystemOverhead(Model, frozen=True):
    """Parts of a volume that its file system takes, from 0 to 1, by storage class."""

    global_: str = msgspec.field(name="global", default="")
    storage_class: dict[str, str] = {}


class HcoWorkloadUpdates(Model, frozen=True):
    """How running machines get a new launcher."""

    batch_eviction_interval: Annotated[str, Fact(default="1m0s")] = ""
    batch_eviction_size: Annotated[int, Fact(default=10)] | None = None
    workload_update_methods: tuple[str, ...] = ()


class HcoCronTemplate(Model, frozen=True):
    """A DataImportCron to make."""

    metadata: ObjectMeta | None = None
    spec: Open = {}


class HcoCronTemplateState(Model, frozen=True):
    """How such a one is."""

    common_template: bool | None = None
    conditions: tuple[CheckedCondition, ...] = ()
    modified: bool | None = None
    original_supported_architectures: str = ""


class HcoCronTemplateStatus(Model, frozen=True):
    """A DataImportCron that was made."""

    metadata: ObjectMeta | None = None
    spec: Open = {}
    status: HcoCronTemplateState | None = None


class HcoLogVerbosity(Model, frozen=True):
    """How much components log."""

    cdi: Int32 = 0
    kubevirt: LogVerbosity | None = None


class HcoCustomTls(Model, frozen=True):
    """Ciphers and version, one by one."""

    ciphers: tuple[str, ...] = ()
    min_tls_version: Annotated[
        str, Fact(enum=("VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13"))
    ] = msgspec.field(name="minTLSVersion", default="")


class HcoNamedTls(Model, frozen=True):
    """A profile that is known by its name."""


class HcoTlsProfile(Model, frozen=True):
    """TLS version and ciphers of all components."""

    custom: HcoCustomTls | None = None
    intermediate: HcoNamedTls | None = None
    modern: HcoNamedTls | None = None
    old: HcoNamedTls | None = None
    type: Annotated[str, Fact(enum=("Old", "Intermediate", "Modern", "Custom"))] = ""


class HcoMachineOptions(Model, frozen=True):
    """Defaults for every machine."""

    disable_free_page_reporting: Off | None = None
    disable_serial_console_log: Off | None = None


class HcoAwareQuota(Model, frozen=True):
    """How machines are counted by application-aware quotas."""

    allow_application_aware_cluster_resource_quota: Off | None = None
    namespace_selector: LabelSelector | None = None
    vmi_calc_config_name: Annotated[
        str,
        Fact(
            enum=(
                "VmiPodUsage", "VirtualResources", "DedicatedVirtualResources",
                "IgnoreVmiCalculator",
            ),
            default="DedicatedVirtualResources",
        ),
    ] = ""  # fmt: skip


class HcoDensity(Model, frozen=True):
    """How much more memory guests get than their pods."""

    memory_overcommit_percentage: Annotated[int, Fact(minimum=10, default=100)] | None = None


class HyperConvergedSpec(Model, frozen=True):
    """The settings."""

    common_instancetypes_deployment: Switch | None = msgspec.field(
        name="CommonInstancetypesDeployment", default=None
    )
    application_aware_config: HcoAwareQuota | None = None
    cert_config: HcoCertificates | None = None
    common_boot_image_namespace: str = ""
    common_templates_namespace: str = ""
    data_import_cron_templates: tuple[HcoCronTemplate, ...] = ()
    default_cpu_model: str = msgspec.field(name="defaultCPUModel", default="")
    default_runtime_class: str = ""
    deploy_vm_console_proxy: Off | None = None
    enable_application_aware_quota: Off | None = None
    enable_common_boot_image_import: Annotated[bool, Fact(default=True)] | None = None
    eviction_strategy: Annotated[
        str, Fact(enum=("None", "LiveMigrate", "LiveMigrateIfPossible", "External"))
    ] = ""
    feature_gates: HcoFeatureGates | None = None
    filesystem_overhead: HcoFilesystemOverhead | None = None
    higher_workload_density: HcoDensity | None = None
    infra: HcoPlacement | None = None
    instancetype_config: InstancetypeConfiguration | None = None
    ksm_configuration: KsmConfiguration | None = None
    kube_secondary_dns_name_server_ip: str = msgspec.field(
        name="kubeSecondaryDNSNameServerIP", default=""
    )
    live_migration_config: HcoLiveMigration | None = None
    live_update_configuration: LiveUpdateConfiguration | None = None
    local_storage_class_name: str = ""
    log_verbosity_config: HcoLogVerbosity | None = None
    mediated_devices_configuration: HcoMediatedDevices | None = None
    network_binding: dict[str, BindingPlugin] = {}
    obsolete_cpus: HcoObsoleteCpus | None = msgspec.field(name="obsoleteCPUs", default=None)
    permitted_host_devices: HcoPermittedDevices | None = None
    resource_requirements: HcoResourceRequirements | None = None
    scratch_space_storage_class: str = ""
    storage_import: HcoStorageImport | None = None
    tekton_pipelines_namespace: str = ""
    tekton_tasks_namespace: str = ""
    tls_security_profile: HcoTlsProfile | None = None
    tuning_policy: Annotated[str, Fact(enum=("annotation", "highBurst"))] = ""
    uninstall_strategy: Annotated[
        str,
        Fact(
            enum=("RemoveWorkloads", "BlockUninstallIfWorkloadsExist"),
            default="BlockUninstallIfWorkloadsExist",
        ),
    ] = ""
    vddk_init_image: str = ""
    virtual_machine_options: HcoMachineOptions | None = None
    vm_state_storage_class: str = ""
    workload_update_strategy: HcoWorkloadUpdates | None = None
    workloads: HcoPlacement | None = None


class HcoVersion(Model, frozen=True):
    """A component's version."""

    name: str = ""
    version: str = ""


class HcoNodeInfo(Model, frozen=True):
    """What the nodes are."""

    control_plane_architectures: tuple[str, ...] = ()
    workloads_architectures: tuple[str, ...] = ()


class HyperConvergedStatus(Model, frozen=True):
    """How the installation is."""

    conditions: tuple[CheckedCondition, ...] = ()
    data_import_cron_templates: tuple[HcoCronTemplateStatus, ...] = ()
    data_import_schedule: str = ""
    infrastructure_highly_available: bool | None = None
    node_info: HcoNodeInfo | None = None
    observed_generation: Int64 = 0
    related_objects: tuple[ObjectReference, ...] = ()
    system_health_status: str = ""
    versions: tuple[HcoVersion, ...] = ()


class HyperConverged(Model, frozen=True):
    """One place for the settings of KubeVirt and its neighbours."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: HyperConvergedSpec | None = None
    status: HyperConvergedStatus | None = None
