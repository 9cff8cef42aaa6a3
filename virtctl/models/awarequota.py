"""Quotas that know machines: AAQ's, by what guests have, and MTQ's, for migrations.

Facts: ``aaq.kubevirt.io/v1alpha1`` and ``mtq.kubevirt.io/v1alpha1``.
"""

from __future__ import annotations

from typing import Annotated

from virtctl.models.base import Fact, Model, QuantityText, Time
from virtctl.models.containers import Container
from virtctl.models.kubevirt import CertificateLifetime, NodePlacement
from virtctl.models.meta import Condition, LabelSelector, ObjectMeta
from virtctl.models.quota import QuotaSpec, QuotaStatus

METHODS = (
    "VmiPodUsage",
    "VirtualResources",
    "DedicatedVirtualResources",
    "IgnoreVmiCalculator",
    "GuestEffectiveResources",
)


class ApplicationAwareResourceQuota(Model, frozen=True):
    """How much a namespace may use, machines counted by what their guests have."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: QuotaSpec | None = None
    status: QuotaStatus | None = None


class NamespaceChoice(Model, frozen=True):
    """Namespaces by labels and annotations; both must fit."""

    annotations: dict[str, str] = {}
    labels: LabelSelector | None = None


class AwareClusterQuotaSpec(Model, frozen=True):
    """How much several namespaces may use together."""

    quota: QuotaSpec
    selector: NamespaceChoice


class NamespaceUsage(Model, frozen=True):
    """How much one namespace uses."""

    namespace: str
    status: QuotaStatus


class AwareClusterQuotaStatus(Model, frozen=True):
    """How much is used, in sum and by namespace."""

    namespaces: tuple[NamespaceUsage, ...] = ()
    total: QuotaStatus | None = None


class ApplicationAwareClusterResourceQuota(Model, frozen=True):
    """How much several namespaces may use together."""

    spec: AwareClusterQuotaSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: AwareClusterQuotaStatus | None = None


class ApplicationAwareAppliedClusterResourceQuota(Model, frozen=True):
    """A quota of several namespaces, shown in each of them."""

    spec: AwareClusterQuotaSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: AwareClusterQuotaStatus | None = None


class QuotaCertificates(Model, frozen=True):
    """How certificates are renewed."""

    ca: CertificateLifetime | None = None
    server: CertificateLifetime | None = None


class CalculatorConfiguration(Model, frozen=True):
    """How machines are counted."""

    config_name: Annotated[str, Fact(enum=METHODS, default="DedicatedVirtualResources")] = ""


class AwareQuotaConfiguration(Model, frozen=True):
    """How quotas count, and which there may be."""

    allow_application_aware_cluster_resource_quota: bool | None = None
    sidecar_evaluators: tuple[Container, ...] = ()
    vmi_calculator_configuration: CalculatorConfiguration | None = None


_PULL = Fact(enum=("Always", "IfNotPresent", "Never"))


class AwareQuotaInstallation(Model, frozen=True):
    """Where quotas work and how."""

    cert_config: QuotaCertificates | None = None
    configuration: AwareQuotaConfiguration | None = None
    image_pull_policy: Annotated[str, _PULL] = ""
    infra: NodePlacement | None = None
    namespace_selector: LabelSelector | None = None
    """Namespaces whose pods wait for room; those with a certain label when nothing is said."""
    priority_class: str = ""
    workload: NodePlacement | None = None


class InstallationStatus(Model, frozen=True):
    """How an operator's installation is."""

    conditions: tuple[Condition, ...] = ()
    observed_version: str = ""
    operator_version: str = ""
    phase: str = ""
    target_version: str = ""


class AAQ(Model, frozen=True):
    """The installation of application-aware quotas."""

    spec: AwareQuotaInstallation
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: InstallationStatus | None = None


class MigrationQuotaInstallation(Model, frozen=True):
    """Where migrations are given room."""

    cert_config: QuotaCertificates | None = None
    image_pull_policy: Annotated[str, _PULL] = ""
    infra: NodePlacement | None = None
    priority_class: str = ""
    workload: NodePlacement | None = None


class MTQ(Model, frozen=True):
    """The installation of quotas for migrations."""

    spec: MigrationQuotaInstallation
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: InstallationStatus | None = None


class MigrationQuotaSpec(Model, frozen=True):
    """What migrations may use beyond the quotas of their namespace."""

    additional_migration_resources: dict[str, QuantityText] = {}


class BlockingQuota(Model, frozen=True):
    """A quota that would keep a migration from starting."""

    name: str = ""
    spec: QuotaSpec | None = None


class MigrationQuotaStatus(Model, frozen=True):
    """Which migrations need it."""

    additional_migration_resources: dict[str, QuantityText] = {}
    creation_time: Time | None = None
    migrations_to_blocking_resource_quotas: dict[str, tuple[str, ...]] = {}
    original_blocking_resource_quotas: tuple[BlockingQuota, ...] = ()


class VirtualMachineMigrationResourceQuota(Model, frozen=True):
    """What migrations may use beyond the quotas of their namespace."""

    spec: MigrationQuotaSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: MigrationQuotaStatus | None = None
