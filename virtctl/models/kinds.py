"""The one table of kinds: group, version, names, scope and subresources.

Client, server, completion and docs read it. Names are those of the real APIs. The command line
imports it at every run: rows are plain values, and look-ups build their indices on first use.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple


class Kind(NamedTuple):
    """One served kind, in the version that is stored. ``group`` is empty for the core API.

    ``also`` are the other versions in which it is served; only their names differ. ``selectable``
    are paths besides its name and namespace by which it can be selected. ``one`` is its singular,
    where that is not its name in lower case.
    """

    group: str
    version: str
    name: str
    plural: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = (
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    )  # fmt: skip
    also: tuple[str, ...] = ()
    selectable: tuple[str, ...] = ()
    one: str = ""

    @property
    def singular(self) -> str:
        """Lower-case singular, as in ``kubectl api-resources``."""
        return self.one or self.name.lower()

    @property
    def api_version(self) -> str:
        """``apiVersion`` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """``plural.group``, as messages and CRD names spell it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def versions(self) -> tuple[str, ...]:
        """All versions in which it is served, the stored one first."""
        return (self.version, *self.also)

    def served_as(self, version: str) -> Kind:
        """The kind as it is called in another of its versions."""
        return self if version == self.version else self._replace(version=version)


_ALL = ("all",)
_STATUS = ("status",)
_SCALED = ("scale", "status")
_ALPHA1 = ("v1alpha1",)
_ALPHA3 = ("v1alpha3",)


def _row(  # noqa: PLR0913 - one word for each column
    api: str,
    name: str,
    plural: str,
    *short: str,
    namespaced: bool = True,
    sub: tuple[str, ...] = (),
    cat: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
) -> Kind:
    """A row; ``api`` is group and version."""
    group, _, version = api.rpartition("/")
    return Kind(group, version, name, plural, namespaced, short, cat, sub, also=also)


def _cluster(
    api: str,
    name: str,
    plural: str,
    *short: str,
    sub: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
) -> Kind:
    """A row of cluster scope."""
    return _row(api, name, plural, *short, namespaced=False, sub=sub, also=also)


# fmt: off
# Kubernetes itself
NAMESPACE = _cluster("v1", "Namespace", "namespaces", "ns", sub=("status", "finalize"))
NODE = _cluster("v1", "Node", "nodes", "no", sub=_STATUS)
POD = _row(
    "v1", "Pod", "pods", "po", cat=_ALL,
    sub=("status", "log", "exec", "attach", "portforward", "eviction"),
)
SERVICE = _row("v1", "Service", "services", "svc", cat=_ALL, sub=_STATUS)
ENDPOINTS = _row("v1", "Endpoints", "endpoints", "ep")
ENDPOINT_SLICE = _row("discovery.k8s.io/v1", "EndpointSlice", "endpointslices")
SERVICE_ACCOUNT = _row("v1", "ServiceAccount", "serviceaccounts", "sa", sub=("token",))
SECRET = _row("v1", "Secret", "secrets")
CONFIG_MAP = _row("v1", "ConfigMap", "configmaps", "cm")
EVENT = _row("v1", "Event", "events", "ev")
PVC = _row("v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", sub=_STATUS)
PV = _cluster("v1", "PersistentVolume", "persistentvolumes", "pv", sub=_STATUS)
RESOURCE_QUOTA = _row("v1", "ResourceQuota", "resourcequotas", "quota", sub=_STATUS)
LIMIT_RANGE = _row("v1", "LimitRange", "limitranges", "limits")
CONTROLLER_REVISION = _row("apps/v1", "ControllerRevision", "controllerrevisions")
DAEMON_SET = _row("apps/v1", "DaemonSet", "daemonsets", "ds", cat=_ALL, sub=_STATUS)
DEPLOYMENT = _row("apps/v1", "Deployment", "deployments", "deploy", cat=_ALL, sub=_SCALED)
REPLICA_SET = _row("apps/v1", "ReplicaSet", "replicasets", "rs", cat=_ALL, sub=_SCALED)
STATEFUL_SET = _row("apps/v1", "StatefulSet", "statefulsets", "sts", cat=_ALL, sub=_SCALED)
REPLICATION_CONTROLLER = _row(
    "v1", "ReplicationController", "replicationcontrollers", "rc", cat=_ALL, sub=_SCALED,
)
JOB = _row("batch/v1", "Job", "jobs", cat=_ALL, sub=_STATUS)
CRON_JOB = _row("batch/v1", "CronJob", "cronjobs", "cj", cat=_ALL, sub=_STATUS)
INGRESS = _row("networking.k8s.io/v1", "Ingress", "ingresses", "ing", sub=_STATUS)
AUTOSCALER = _row(
    "autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", cat=_ALL,
    sub=_STATUS, also=("v1",),
)
DISRUPTION_BUDGET = _row(
    "policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", sub=_STATUS,
)
STORAGE_CLASS = _cluster("storage.k8s.io/v1", "StorageClass", "storageclasses", "sc")
LEASE = _row("coordination.k8s.io/v1", "Lease", "leases")
RESOURCE_CLAIM = _row("resource.k8s.io/v1", "ResourceClaim", "resourceclaims", sub=_STATUS)
RESOURCE_CLAIM_TEMPLATE = _row(
    "resource.k8s.io/v1", "ResourceClaimTemplate", "resourceclaimtemplates"
)
DEVICE_CLASS = _cluster("resource.k8s.io/v1", "DeviceClass", "deviceclasses")
RUNTIME_CLASS = _cluster("node.k8s.io/v1", "RuntimeClass", "runtimeclasses")
PRIORITY_CLASS = _cluster("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", "pc")
ROLE = _row("rbac.authorization.k8s.io/v1", "Role", "roles")
ROLE_BINDING = _row("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings")
CLUSTER_ROLE = _cluster("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles")
CLUSTER_ROLE_BINDING = _cluster(
    "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings",
)
DEFINITION = _cluster(
    "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", "crd",
    "crds", sub=_STATUS,
)
API_SERVICE = _cluster("apiregistration.k8s.io/v1", "APIService", "apiservices", sub=_STATUS)

# KubeVirt
VIRTUAL_MACHINE = _row(
    "kubevirt.io/v1", "VirtualMachine", "virtualmachines", "vm", "vms", cat=_ALL, sub=_STATUS,
    also=_ALPHA3,
)
VIRTUAL_MACHINE_INSTANCE = _row(
    "kubevirt.io/v1", "VirtualMachineInstance", "virtualmachineinstances", "vmi", "vmis", cat=_ALL,
    also=_ALPHA3,
)
INSTANCE_REPLICA_SET = _row(
    "kubevirt.io/v1", "VirtualMachineInstanceReplicaSet", "virtualmachineinstancereplicasets",
    "vmirs", "vmirss", cat=_ALL, sub=_SCALED, also=_ALPHA3,
)
MIGRATION = _row(
    "kubevirt.io/v1", "VirtualMachineInstanceMigration", "virtualmachineinstancemigrations",
    "vmim", "vmims", cat=_ALL, sub=_STATUS, also=_ALPHA3,
)
PRESET = _row(
    "kubevirt.io/v1", "VirtualMachineInstancePreset", "virtualmachineinstancepresets", "vmipreset",
    "vmipresets", cat=_ALL, also=_ALPHA3,
)
KUBEVIRT = _row(
    "kubevirt.io/v1", "KubeVirt", "kubevirts", "kv", "kvs", cat=_ALL, sub=_STATUS, also=_ALPHA3,
)
POOL = _row(
    "pool.kubevirt.io/v1beta1", "VirtualMachinePool", "virtualmachinepools", "vmpool", "vmpools",
    cat=_ALL, sub=_SCALED, also=_ALPHA1,
)
SNAPSHOT = _row(
    "snapshot.kubevirt.io/v1beta1", "VirtualMachineSnapshot", "virtualmachinesnapshots",
    "vmsnapshot", "vmsnapshots", cat=_ALL, sub=_STATUS, also=_ALPHA1,
)
SNAPSHOT_CONTENT = _row(
    "snapshot.kubevirt.io/v1beta1", "VirtualMachineSnapshotContent",
    "virtualmachinesnapshotcontents", "vmsnapshotcontent", "vmsnapshotcontents", cat=_ALL,
    sub=_STATUS, also=_ALPHA1,
)
RESTORE = _row(
    "snapshot.kubevirt.io/v1beta1", "VirtualMachineRestore", "virtualmachinerestores", "vmrestore",
    "vmrestores", cat=_ALL, sub=_STATUS, also=_ALPHA1,
)
CLONE = _row(
    "clone.kubevirt.io/v1beta1", "VirtualMachineClone", "virtualmachineclones", "vmclone",
    "vmclones", cat=_ALL, sub=_STATUS, also=_ALPHA1,
)
EXPORT = _row(
    "export.kubevirt.io/v1", "VirtualMachineExport", "virtualmachineexports", "vmexport",
    "vmexports", cat=_ALL, sub=_STATUS, also=("v1beta1",),
)
BACKUP = _row(
    "backup.kubevirt.io/v1alpha1", "VirtualMachineBackup", "virtualmachinebackups", "vmbackup",
    "vmbackups", cat=_ALL, sub=_STATUS,
)
BACKUP_TRACKER = _row(
    "backup.kubevirt.io/v1alpha1", "VirtualMachineBackupTracker", "virtualmachinebackuptrackers",
    "vmbackuptracker", "vmbackuptrackers", cat=_ALL, sub=_STATUS,
)
INSTANCETYPE = _row(
    "instancetype.kubevirt.io/v1beta1", "VirtualMachineInstancetype",
    "virtualmachineinstancetypes", "vminstancetype", "vminstancetypes", "vmf", "vmfs", cat=_ALL,
)
CLUSTER_INSTANCETYPE = _cluster(
    "instancetype.kubevirt.io/v1beta1", "VirtualMachineClusterInstancetype",
    "virtualmachineclusterinstancetypes", "vmclusterinstancetype", "vmclusterinstancetypes",
    "vmcf", "vmcfs",
)
PREFERENCE = _row(
    "instancetype.kubevirt.io/v1beta1", "VirtualMachinePreference", "virtualmachinepreferences",
    "vmpref", "vmprefs", "vmp", "vmps", cat=_ALL,
)
CLUSTER_PREFERENCE = _cluster(
    "instancetype.kubevirt.io/v1beta1", "VirtualMachineClusterPreference",
    "virtualmachineclusterpreferences", "vmcp", "vmcps",
)
MIGRATION_POLICY = _cluster(
    "migrations.kubevirt.io/v1alpha1", "MigrationPolicy", "migrationpolicies", sub=_STATUS,
)
PLUGIN = _cluster("plugin.kubevirt.io/v1alpha1", "Plugin", "plugins")
TEMPLATE = _row(
    "template.kubevirt.io/v1beta1", "VirtualMachineTemplate", "virtualmachinetemplates", "vmt",
    "vmts", sub=_STATUS, also=_ALPHA1,
)
TEMPLATE_REQUEST = _row(
    "template.kubevirt.io/v1beta1", "VirtualMachineTemplateRequest",
    "virtualmachinetemplaterequests", "vmtr", "vmtrs", sub=_STATUS, also=_ALPHA1,
)

# Their neighbours
DATA_VOLUME = _row(
    "cdi.kubevirt.io/v1beta1", "DataVolume", "datavolumes", "dv", "dvs", cat=_ALL, sub=_STATUS,
)
DATA_SOURCE = _row("cdi.kubevirt.io/v1beta1", "DataSource", "datasources", "das", cat=_ALL)
DATA_IMPORT_CRON = _row(
    "cdi.kubevirt.io/v1beta1", "DataImportCron", "dataimportcrons", "dic", "dics", cat=_ALL,
)
STORAGE_PROFILE = _cluster(
    "cdi.kubevirt.io/v1beta1", "StorageProfile", "storageprofiles", sub=_STATUS,
)
CDI_CONFIG = _cluster("cdi.kubevirt.io/v1beta1", "CDIConfig", "cdiconfigs")
CDI = _cluster("cdi.kubevirt.io/v1beta1", "CDI", "cdis", "cdi", "cdis")
VOLUME_IMPORT_SOURCE = _row("cdi.kubevirt.io/v1beta1", "VolumeImportSource", "volumeimportsources")
VOLUME_UPLOAD_SOURCE = _row("cdi.kubevirt.io/v1beta1", "VolumeUploadSource", "volumeuploadsources")
VOLUME_CLONE_SOURCE = _row("cdi.kubevirt.io/v1beta1", "VolumeCloneSource", "volumeclonesources")
VOLUME_SNAPSHOT = _row(
    "snapshot.storage.k8s.io/v1", "VolumeSnapshot", "volumesnapshots", "vs", sub=_STATUS,
)
VOLUME_SNAPSHOT_CONTENT = _cluster(
    "snapshot.storage.k8s.io/v1", "VolumeSnapshotContent", "volumesnapshotcontents", "vsc", "vscs",
    sub=_STATUS,
)
VOLUME_SNAPSHOT_CLASS = _cluster(
    "snapshot.storage.k8s.io/v1", "VolumeSnapshotClass", "volumesnapshotclasses", "vsclass",
    "vsclasses",
)
ATTACHMENT_DEFINITION = _row(
    "k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", "network-attachment-definitions",
    "net-attach-def",
)._replace(one="network-attachment-definition")
MULTI_NETWORK_POLICY = _row(
    "k8s.cni.cncf.io/v1beta1", "MultiNetworkPolicy", "multi-networkpolicies", "multi-policy",
    also=("v1beta2",),
)._replace(one="multi-networkpolicy")
IPAM_CLAIM = _row("k8s.cni.cncf.io/v1alpha1", "IPAMClaim", "ipamclaims", sub=_STATUS)
USER_NETWORK = _row(
    "k8s.ovn.org/v1", "UserDefinedNetwork", "userdefinednetworks", sub=_STATUS,
)
CLUSTER_USER_NETWORK = _cluster(
    "k8s.ovn.org/v1", "ClusterUserDefinedNetwork", "clusteruserdefinednetworks", sub=_STATUS,
)
NETWORK_POLICY = _row("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", "netpol")
NODE_NETWORK_POLICY = _cluster(
    "nmstate.io/v1", "NodeNetworkConfigurationPolicy", "nodenetworkconfigurationpolicies", "nncp",
    sub=_STATUS, also=("v1beta1",),
)
NODE_NETWORK_ENACTMENT = _cluster(
    "nmstate.io/v1beta1", "NodeNetworkConfigurationEnactment",
    "nodenetworkconfigurationenactments", "nnce", sub=_STATUS,
)
NODE_NETWORK_STATE = _cluster(
    "nmstate.io/v1beta1", "NodeNetworkState", "nodenetworkstates", "nns", sub=_STATUS,
)

# Settings and quotas of a whole installation
HYPERCONVERGED = _row(
    "hco.kubevirt.io/v1beta1", "HyperConverged", "hyperconvergeds", "hco", "hcos", cat=_ALL,
    sub=_STATUS,
)
AAQ = _cluster("aaq.kubevirt.io/v1alpha1", "AAQ", "aaqs", "aaq", "aaqs", sub=_STATUS)
AWARE_QUOTA = _row(
    "aaq.kubevirt.io/v1alpha1", "ApplicationAwareResourceQuota", "applicationawareresourcequotas",
    "arq", "arqs", sub=_STATUS,
)
AWARE_CLUSTER_QUOTA = _cluster(
    "aaq.kubevirt.io/v1alpha1", "ApplicationAwareClusterResourceQuota",
    "applicationawareclusterresourcequotas", "acrq", "acrqs", sub=_STATUS,
)
AWARE_APPLIED_QUOTA = _row(
    "aaq.kubevirt.io/v1alpha1", "ApplicationAwareAppliedClusterResourceQuota",
    "applicationawareappliedclusterresourcequotas", "aacrq", "aacrqs",
)
MTQ = _cluster("mtq.kubevirt.io/v1alpha1", "MTQ", "mtqs", "mtq", "mtqs", sub=_STATUS)
MIGRATION_QUOTA = _row(
    "mtq.kubevirt.io/v1alpha1", "VirtualMachineMigrationResourceQuota",
    "virtualmachinemigrationresourcequotas", "vmmrq", "vmmrqs", cat=_ALL, sub=_STATUS,
)
# fmt: on

_CREATED = ("create",)
TOKEN_REQUEST = Kind(
    "authentication.k8s.io",
    "v1",
    "TokenRequest",
    "tokenrequests",
    verbs=_CREATED,
)
REVIEWS: tuple[Kind, ...] = tuple(
    Kind(group, version, name, f"{name.lower()}s", namespaced, verbs=_CREATED)
    for group, version, name, namespaced in (
        ("authentication.k8s.io", "v1", "SelfSubjectReview", False),
        ("authentication.k8s.io", "v1", "TokenReview", False),
        ("authorization.k8s.io", "v1", "LocalSubjectAccessReview", True),
        ("authorization.k8s.io", "v1", "SelfSubjectAccessReview", False),
        ("authorization.k8s.io", "v1", "SelfSubjectRulesReview", False),
        ("authorization.k8s.io", "v1", "SubjectAccessReview", False),
        ("upload.cdi.kubevirt.io", "v1beta1", "UploadTokenRequest", True),
    )
)
"""Resources that are only ever created and never stored."""

KINDS: tuple[Kind, ...] = (
    NAMESPACE, NODE, POD, SERVICE, ENDPOINTS, SERVICE_ACCOUNT, SECRET, CONFIG_MAP, EVENT, PVC, PV,
    RESOURCE_QUOTA, LIMIT_RANGE, CONTROLLER_REVISION, DAEMON_SET, DEPLOYMENT, REPLICA_SET,
    STATEFUL_SET, REPLICATION_CONTROLLER, JOB, CRON_JOB, INGRESS, AUTOSCALER, DISRUPTION_BUDGET,
    STORAGE_CLASS, LEASE, PRIORITY_CLASS, RUNTIME_CLASS,
    RESOURCE_CLAIM, RESOURCE_CLAIM_TEMPLATE, DEVICE_CLASS,
    ENDPOINT_SLICE, ROLE, ROLE_BINDING, CLUSTER_ROLE, CLUSTER_ROLE_BINDING, DEFINITION,
    API_SERVICE,
    VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE, INSTANCE_REPLICA_SET, MIGRATION, PRESET, KUBEVIRT,
    POOL, SNAPSHOT, SNAPSHOT_CONTENT, RESTORE, CLONE, EXPORT, BACKUP, BACKUP_TRACKER,
    INSTANCETYPE, CLUSTER_INSTANCETYPE, PREFERENCE, CLUSTER_PREFERENCE, MIGRATION_POLICY, PLUGIN,
    TEMPLATE, TEMPLATE_REQUEST,
    DATA_VOLUME, DATA_SOURCE, DATA_IMPORT_CRON, STORAGE_PROFILE, CDI_CONFIG, CDI,
    VOLUME_IMPORT_SOURCE, VOLUME_UPLOAD_SOURCE, VOLUME_CLONE_SOURCE,
    VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CONTENT, VOLUME_SNAPSHOT_CLASS,
    ATTACHMENT_DEFINITION, MULTI_NETWORK_POLICY, NETWORK_POLICY, IPAM_CLAIM, USER_NETWORK,
    CLUSTER_USER_NETWORK,
    NODE_NETWORK_POLICY, NODE_NETWORK_ENACTMENT, NODE_NETWORK_STATE,
    HYPERCONVERGED, AAQ, AWARE_QUOTA, AWARE_CLUSTER_QUOTA, AWARE_APPLIED_QUOTA, MTQ,
    MIGRATION_QUOTA,
)  # fmt: skip


class KindIndex:
    """Look-ups in a set of kinds. Where several fit, the first in the set is found."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self.kinds = tuple(kinds)
        self._plurals: dict[tuple[str, str, str], Kind] = {}
        self._names: dict[tuple[str, str], Kind] = {}
        self._words: dict[str, Kind] = {}
        for kind in self.kinds:
            for version in kind.versions:
                self._plurals.setdefault((kind.group, version, kind.plural), kind)
                called = kind.served_as(version)
                self._names.setdefault((called.api_version, kind.name), called)
            for word in (kind.plural, kind.singular, kind.resource, *kind.short):
                self._words.setdefault(word, kind)

    def by_plural(self, group: str, version: str, plural: str) -> Kind | None:
        """The stored kind that is served at ``/apis/<group>/<version>/<plural>``."""
        return self._plurals.get((group, version, plural))

    def by_name(self, api_version: str, name: str) -> Kind | None:
        """The kind that an object's ``apiVersion`` and ``kind`` name, as called in that version."""
        return self._names.get((api_version, name))

    def by_word(self, word: str) -> Kind | None:
        """The kind that a user means by ``vm``, ``pods``, ``virtualmachines.kubevirt.io`` ..."""
        return self._words.get(word.lower())


@cache
def _index() -> KindIndex:
    return KindIndex(KINDS)


def by_plural(group: str, version: str, plural: str) -> Kind | None:
    """The kind of the table served at ``/apis/<group>/<version>/<plural>``."""
    return _index().by_plural(group, version, plural)


def by_name(api_version: str, name: str) -> Kind | None:
    """The kind of the table that an object's ``apiVersion`` and ``kind`` name."""
    return _index().by_name(api_version, name)


def by_word(word: str) -> Kind | None:
    """The kind that a user means by ``vm``, ``pods``, ``virtualmachines.kubevirt.io`` ..."""
    return _index().by_word(word)
