"""The roles and bindings that every cluster with KubeVirt has, as documents.

Facts: Kubernetes' user-facing and discovery roles, KubeVirt's roles (spec/api.md section 2.6) and
CDI's. What a role gives is written here once, as rows of group, resources and verbs.
"""

from __future__ import annotations

from dataclasses import dataclass

from virtctl.models.documents import Document
from virtctl.models.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, Kind

GROUP = "rbac.authorization.k8s.io"
AGGREGATE = f"{GROUP}/aggregate-to-"
_BOOTSTRAP = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_KUBEVIRT = {"kubevirt.io": ""}
_SUBRESOURCES = "subresources.kubevirt.io"

_READ = "get list watch"
_WRITE = "create delete deletecollection patch update"
_EDIT = "get delete create update patch list watch"
_FULL = f"{_EDIT} deletecollection"

_Row = tuple[str, str, str]
"""Group, resources and verbs; without resources, paths, nothing and verbs."""


@dataclass(frozen=True)
class Item:
    """An object that is made when it is missing, and put right when its rules differ."""

    kind: Kind
    document: Document


def _rule(row: _Row) -> Document:
    group, resources, verbs = row
    if not resources:
        return {"nonResourceURLs": [*group.split()], "verbs": [*verbs.split()]}
    return {
        "apiGroups": [group],
        "resources": [*resources.split()],
        "verbs": [*verbs.split()],
    }


def _role(name: str, labels: dict[str, str], *rows: _Row) -> Item:
    return Item(
        CLUSTER_ROLE,
        {
            "metadata": {"name": name, "labels": {**labels}},
            "rules": [_rule(row) for row in rows],
        },
    )


def _aggregate(name: str, to: str = "") -> Item:
    """A role that is the sum of the roles with its label; itself part of ``to``."""
    labels = {**_BOOTSTRAP, f"{AGGREGATE}{to}": "true"} if to else {**_BOOTSTRAP}
    selector: Document = {"matchLabels": {f"{AGGREGATE}{name}": "true"}}
    return Item(
        CLUSTER_ROLE,
        {
            "metadata": {"name": name, "labels": {**labels}},
            "aggregationRule": {"clusterRoleSelectors": [selector]},
            "rules": [],
        },
    )


def _binding(role: str, labels: dict[str, str], *groups: str, name: str = "") -> Item:
    return Item(
        CLUSTER_ROLE_BINDING,
        {
            "metadata": {"name": name or role, "labels": {**labels}},
            "roleRef": {"apiGroup": GROUP, "kind": CLUSTER_ROLE.name, "name": role},
            "subjects": [{"apiGroup": GROUP, "kind": "Group", "name": group} for group in groups],
        },
    )


def _to(name: str, labels: dict[str, str]) -> dict[str, str]:
    return {**labels, f"{AGGREGATE}{name}": "true"}


# Kubernetes

_AUTHENTICATED = "system:authenticated"
_ANYBODY = (_AUTHENTICATED, "system:unauthenticated")
_APPS = (
    "daemonsets deployments deployments/scale replicasets replicasets/scale statefulsets "
    "statefulsets/scale"
)
_KUBERNETES = (
    _role("cluster-admin", _BOOTSTRAP, ("*", "*", "*"), ("*", "", "*")),
    _role(
        "system:discovery",
        _BOOTSTRAP,
        (("/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version "
         "/version/"), "", "get"),
    ),
    _role(
        "system:public-info-viewer",
        _BOOTSTRAP,
        ("/healthz /livez /readyz /version /version/", "", "get"),
    ),
    _role(
        "system:basic-user",
        _BOOTSTRAP,
        ("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", "create"),
        ("authentication.k8s.io", "selfsubjectreviews", "create"),
    ),
    _aggregate("admin"),
    _aggregate("edit", to="admin"),
    _aggregate("view", to="edit"),
    _role(
        "system:aggregate-to-view",
        _to("view", _BOOTSTRAP),
        ("", ("configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods "
         "serviceaccounts services services/status"), _READ),
        ("", ("events limitranges namespaces/status pods/log pods/status resourcequotas "
         "resourcequotas/status"), _READ),
        ("", "namespaces", _READ),
        ("apps", (f"controllerrevisions {_APPS} daemonsets/status deployments/status "
         "replicasets/status statefulsets/status"), _READ),
        ("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status", _READ),
        ("batch", "jobs jobs/status", _READ),
        ("policy", "poddisruptionbudgets poddisruptionbudgets/status", _READ),
        ("resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates", _READ),
    ),
    _role(
        "system:aggregate-to-edit",
        _to("edit", _BOOTSTRAP),
        ("", "pods/attach pods/exec pods/portforward secrets", _READ),
        ("", "serviceaccounts", "impersonate"),
        ("", "pods pods/attach pods/exec pods/portforward", _WRITE),
        ("", "pods/eviction", "create"),
        ("", "configmaps events persistentvolumeclaims secrets serviceaccounts services", _WRITE),
        ("", "serviceaccounts/token", "create"),
        ("apps", _APPS, _WRITE),
        ("autoscaling", "horizontalpodautoscalers", _WRITE),
        ("batch", "jobs", _WRITE),
        ("policy", "poddisruptionbudgets", _WRITE),
        ("resource.k8s.io", "resourceclaims resourceclaimtemplates", _WRITE),
        ("coordination.k8s.io", "leases", _FULL),
    ),
    _role(
        "system:aggregate-to-admin",
        _to("admin", _BOOTSTRAP),
        ("authorization.k8s.io", "localsubjectaccessreviews", "create"),
        (GROUP, "rolebindings roles", _FULL),
    ),
    _binding("cluster-admin", _BOOTSTRAP, "system:masters"),
    _binding("system:discovery", _BOOTSTRAP, _AUTHENTICATED),
    _binding("system:basic-user", _BOOTSTRAP, _AUTHENTICATED),
    _binding("system:public-info-viewer", _BOOTSTRAP, *_ANYBODY),
)  # fmt: skip

# KubeVirt

_INSTANCE = "virtualmachineinstances"
_MACHINE = "virtualmachines"


def _of(resource: str, verbs: str) -> str:
    return " ".join(f"{resource}/{verb}" for verb in verbs.split())


_INFO = "guestosinfo filesystemlist userlist sev/fetchcertchain sev/querylaunchmeasurement"
_INSTANCE_READS = _of(_INSTANCE, f"{_INFO} objectgraph")
_MACHINE_READS = _of(_MACHINE, "expand-spec objectgraph")
_STREAMS = _of(_INSTANCE, "console vnc portforward usbredir")
_INSTANCE_CHANGES = _of(
    _INSTANCE,
    "pause unpause addvolume removevolume freeze unfreeze softreboot reset sev/setupsession "
    "sev/injectlaunchsecret evacuate/cancel backup redefine-checkpoint",
)
_MACHINE_CHANGES = _of(
    _MACHINE,
    "start stop restart addvolume removevolume memorydump removememorydump evacuate/cancel",
)
_KINDS = f"{_MACHINE} {_INSTANCE} virtualmachineinstancepresets virtualmachineinstancereplicasets"
_NEIGHBOURS = (
    ("snapshot.kubevirt.io",
     "virtualmachinesnapshots virtualmachinesnapshotcontents virtualmachinerestores"),
    ("export.kubevirt.io", "virtualmachineexports"),
    ("clone.kubevirt.io", "virtualmachineclones"),
    ("backup.kubevirt.io", "virtualmachinebackups virtualmachinebackuptrackers"),
    ("instancetype.kubevirt.io",
     ("virtualmachineinstancetypes virtualmachineclusterinstancetypes virtualmachinepreferences "
     "virtualmachineclusterpreferences")),
    ("pool.kubevirt.io", "virtualmachinepools"),
    ("template.kubevirt.io", "virtualmachinetemplates virtualmachinetemplaterequests"),
)  # fmt: skip
_POLICIES: _Row = ("migrations.kubevirt.io", "migrationpolicies", _READ)
_MIGRATIONS = "virtualmachineinstancemigrations"


def _kubevirt(verbs: str) -> tuple[_Row, ...]:
    """What a role may do with the kinds of KubeVirt, except migrate."""
    return (
        (_SUBRESOURCES, "expand-vm-spec", "update"),
        ("kubevirt.io", _KINDS, verbs),
        ("kubevirt.io", _MIGRATIONS, _READ),
        *((group, kinds, verbs) for group, kinds in _NEIGHBOURS),
        _POLICIES,
    )


_CHANGES: tuple[_Row, ...] = (
    (_SUBRESOURCES, f"{_STREAMS} {_INSTANCE_READS}", "get"),
    (_SUBRESOURCES, _INSTANCE_CHANGES, "update"),
    (_SUBRESOURCES, f"{_MACHINE_READS} {_MACHINE}/portforward", "get"),
    (_SUBRESOURCES, _MACHINE_CHANGES, "update"),
    ("subresources.template.kubevirt.io", "virtualmachinetemplates/process", "create"),
)
_MACHINES = (
    _role(
        "kubevirt.io:default",
        _KUBEVIRT,
        (_SUBRESOURCES, "version guestfs", "get list"),
        ("kubevirt.io", "kubevirts", "get list"),
    ),
    _role(
        "kubevirt.io:view",
        _to("view", _KUBEVIRT),
        (_SUBRESOURCES, f"{_MACHINE_READS} {_INSTANCE_READS}", "get"),
        *_kubevirt(_READ),
    ),
    _role(
        "kubevirt.io:edit",
        _to("edit", _KUBEVIRT),
        *_CHANGES,
        ("kubevirt.io", "kubevirts", "get list"),
        *_kubevirt(_EDIT),
    ),
    _role(
        "kubevirt.io:admin",
        _to("admin", _KUBEVIRT),
        *_CHANGES,
        (_SUBRESOURCES, f"{_INSTANCE}/vnc/screenshot", "get"),
        ("kubevirt.io", "kubevirts", "get list"),
        *_kubevirt(_FULL),
    ),
    _role(
        "kubevirt.io:migrate",
        _KUBEVIRT,
        (_SUBRESOURCES, f"{_MACHINE}/migrate", "update"),
        ("kubevirt.io", _MIGRATIONS, _FULL),
    ),
    _role(
        "instancetype.kubevirt.io:view",
        _KUBEVIRT,
        ("instancetype.kubevirt.io",
         "virtualmachineclusterinstancetypes virtualmachineclusterpreferences", _READ),
    ),
    _binding("kubevirt.io:default", _KUBEVIRT, _AUTHENTICATED),
    _binding("instancetype.kubevirt.io:view", _KUBEVIRT, _AUTHENTICATED),
)  # fmt: skip

# CDI

_CDI = {"cdi.kubevirt.io": ""}
_CDI_KINDS = (
    "datavolumes datasources dataimportcrons volumeimportsources volumeuploadsources "
    "volumeclonesources"
)
_CDI_WRITES: tuple[_Row, ...] = (
    ("cdi.kubevirt.io", _CDI_KINDS, "*"),
    ("cdi.kubevirt.io", "datavolumes/source", "create"),
    ("upload.cdi.kubevirt.io", "uploadtokenrequests", "*"),
)
_VOLUMES = (
    _role("cdi.kubevirt.io:admin", _to("admin", _CDI), *_CDI_WRITES),
    _role("cdi.kubevirt.io:edit", _to("edit", _CDI), *_CDI_WRITES),
    _role(
        "cdi.kubevirt.io:view",
        _to("view", _CDI),
        ("cdi.kubevirt.io", _CDI_KINDS, _READ),
        ("cdi.kubevirt.io", "datavolumes/source", "create"),
    ),
    _role(
        "cdi.kubevirt.io:config-reader",
        _CDI,
        ("cdi.kubevirt.io", "cdiconfigs storageprofiles", _READ),
    ),
    _binding("cdi.kubevirt.io:config-reader", _CDI, _AUTHENTICATED),
)

# Ours

_SIGHTS = "local.virtctl.io"
_NETWORKS = (
    _role(f"{_SIGHTS}:view", _to("view", {}), (_SIGHTS, "pods/network", "get")),
    _role(f"{_SIGHTS}:admin", _to("admin", {}), (_SIGHTS, "pods/capture", "get")),
)

SHIPPED: tuple[Item, ...] = (*_KUBERNETES, *_MACHINES, *_VOLUMES, *_NETWORKS)
"""Everything, roles before the bindings that name them."""
