"""Per-kind strategy: what differs between kinds when objects are read and written.

The table of kinds itself is ``virtctl.models.kinds``; here is what the server does with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from virtctl.models import documents, kinds
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind

_METADATA = ("metadata.name", "metadata.namespace")
# The groups of Kubernetes itself. Others end in ``k8s.io``, too, and are still custom resources.
_BUILTIN = frozenset({
    "", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps",
    "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
    "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io",
    "flowcontrol.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io", "policy",
    "rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io",
})  # fmt: skip


def is_builtin(kind: Kind) -> bool:
    """Whether Kubernetes itself has the kind; the others are custom resources.

    Custom resources know no strategic merge patch, always demand a resourceVersion on PUT, and
    are selected by metadata fields only.
    """
    return kind.group in _BUILTIN


def is_builtin_group(group: str) -> bool:
    """Whether the group is one of Kubernetes itself."""
    return group in _BUILTIN


# Built-in kinds whose generation Kubernetes counts, as it does for every custom resource.
_COUNTED = frozenset({
    ("apiextensions.k8s.io", "CustomResourceDefinition"), ("apps", "DaemonSet"),
    ("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("batch", "Job"),
    ("batch", "CronJob"), ("networking.k8s.io", "Ingress"), ("", "ReplicationController"),
    ("policy", "PodDisruptionBudget"), ("scheduling.k8s.io", "PriorityClass"), ("", "Pod"),
    ("networking.k8s.io", "NetworkPolicy"), ("discovery.k8s.io", "EndpointSlice"),
})  # fmt: skip


def counts_generation(kind: Kind) -> bool:
    """Whether ``metadata.generation`` is kept."""
    return not is_builtin(kind) or (kind.group, kind.name) in _COUNTED


# Built-in kinds that, as custom resources, are replaced only by who names the revision.
_REVISED = frozenset({
    ("coordination.k8s.io", "Lease"), ("policy", "PodDisruptionBudget"),
    ("apiregistration.k8s.io", "APIService"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
})  # fmt: skip
# Built-in kinds that a PUT makes when there is none of the name.
_PUT = frozenset({
    ("", "Endpoints"), ("", "Event"), ("", "LimitRange"), ("", "Service"),
    ("coordination.k8s.io", "Lease"), ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"), ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
})  # fmt: skip
# Kinds whose deletion answers with the object even when that is gone.
_SHOWN = frozenset({
    ("", "Namespace"), ("", "PersistentVolume"), ("", "PersistentVolumeClaim"), ("", "Pod"),
    ("", "ResourceQuota"), ("", "Service"), ("", "ServiceAccount"),
    ("storage.k8s.io", "StorageClass"),
})  # fmt: skip
# Kinds whose dependents are kept when their deletion does not say what is to become of them.
_ORPHANING = frozenset({("", "ReplicationController"), ("batch", "Job")})
# Kinds whose status does not take metadata along, and what stays of it.
_OWN_METADATA = ("labels", "annotations", "finalizers")
_STATUS_KEEPS = {
    ("apps", "Deployment"): ("labels",),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _OWN_METADATA,
    ("apiregistration.k8s.io", "APIService"): _OWN_METADATA,
}


def needs_revision(kind: Kind) -> bool:
    """Whether an update must name the revision that it is made of."""
    return not is_builtin(kind) or (kind.group, kind.name) in _REVISED


def may_be_put(kind: Kind) -> bool:
    """Whether a PUT of what is not there makes it."""
    return (kind.group, kind.name) in _PUT


def is_shown_deleted(kind: Kind) -> bool:
    """Whether a completed deletion answers with the object, not with a ``Status``."""
    return (kind.group, kind.name) in _SHOWN


def taken_with_status(kind: Kind) -> tuple[str, ...]:
    """Which metadata a write to ``status`` changes, too."""
    if not is_builtin(kind):
        return ()
    kept = _STATUS_KEEPS.get((kind.group, kind.name), ())
    return tuple(name for name in _OWN_METADATA if name not in kept)


def orphans(kind: Kind) -> bool:
    """Whether dependents are kept unless a deletion says otherwise."""
    return (kind.group, kind.name) in _ORPHANING


def _nothing(document: Document) -> None:
    del document


def _namespace(document: Document) -> None:
    documents.put(document, ["kubernetes"], "spec", "finalizers")
    documents.put(document, "Active", "status", "phase")
    name = documents.name_of(document)
    documents.put(document, name, "metadata", "labels", "kubernetes.io/metadata.name")


def _pending(document: Document) -> None:
    documents.put(document, "Pending", "status", "phase")


def _pod(document: Document) -> None:
    documents.put(document, {"phase": "Pending", "qosClass": _quality(document)}, "status")


def _quality(pod: Document) -> str:
    """The class that decides who loses memory first, as the kubelet counts."""
    spec = pod.get("spec")
    found: list[Document] = []
    for which in ("initContainers", "containers"):
        listed = spec.get(which) if isinstance(spec, dict) else None
        for one in listed if isinstance(listed, list) else ():
            resources = one.get("resources") if isinstance(one, dict) else None
            found.append(resources if isinstance(resources, dict) else {})
    if not any(one.get("limits") or one.get("requests") for one in found):
        return "BestEffort"
    whole = all(
        {"cpu", "memory"} <= limits.keys() and limits == one.get("requests", limits)
        for one in found
        if isinstance(limits := one.get("limits") or {}, dict)
    )
    return "Guaranteed" if whole else "Burstable"


def _status(status: Document) -> Callable[[Document], None]:
    """A new object's status before anybody has looked at it."""
    return lambda document: documents.put(document, deepcopy(status), "status")


def _service(document: Document) -> None:
    documents.put(document, {}, "status", "loadBalancer")


def _opaque(document: Document) -> None:
    document.setdefault("type", "Opaque")
    texts = document.pop("stringData", None)
    if isinstance(texts, dict):
        import base64

        data = documents.child(document, "data")
        for key, value in texts.items():
            data[key] = base64.b64encode(str(value).encode()).decode()
        document["data"] = data


@dataclass(frozen=True)
class Strategy:
    """``initial`` fills a new object; ``fields`` are what it can be selected by.

    ``places`` are where such fields are that are not at their paths. ``keeps_status`` kinds may be
    created with a status though it is a subresource.
    """

    fields: tuple[str, ...] = _METADATA
    initial: Callable[[Document], None] = _nothing
    keeps_status: bool = False
    normalize: Callable[[Document], None] = _nothing
    places: Mapping[str, str] = field(default_factory=dict)


_STRATEGIES: dict[tuple[str, str], Strategy] = {
    ("", "Namespace"): Strategy((*_METADATA, "status.phase"), _namespace),
    ("", "Node"): Strategy((*_METADATA, "spec.unschedulable"), keeps_status=True),
    ("", "Pod"): Strategy(
        (
            *_METADATA, "spec.nodeName", "spec.restartPolicy", "spec.schedulerName",
            "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP",
            "status.nominatedNodeName",
        ),
        _pod,
    ),
    ("", "Service"): Strategy((*_METADATA, "spec.clusterIP", "spec.type"), _service),
    ("", "Secret"): Strategy((*_METADATA, "type"), normalize=_opaque),
    ("", "Event"): Strategy(
        (
            *_METADATA, "involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
            "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
            "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
        ),
        places={"source": "source.component"},
    ),
    ("", "PersistentVolumeClaim"): Strategy(initial=_pending),
    ("", "PersistentVolume"): Strategy(initial=_pending),
    ("apiregistration.k8s.io", "APIService"): Strategy(keeps_status=True),
    ("apps", "Deployment"): Strategy(initial=_status({})),
    ("apps", "DaemonSet"): Strategy(
        initial=_status(
            dict.fromkeys(
                (
                    "currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled",
                    "numberReady",
                ),
                0,
            )
        )
    ),
    ("apps", "StatefulSet"): Strategy(initial=_status({"availableReplicas": 0, "replicas": 0})),
    ("apps", "ReplicaSet"): Strategy(initial=_status({"replicas": 0})),
    ("", "ReplicationController"): Strategy(
        (*_METADATA, "status.replicas"), _status({"replicas": 0})
    ),
    ("batch", "Job"): Strategy((*_METADATA, "status.successful"), _status({})),
    ("batch", "CronJob"): Strategy(initial=_status({})),
    ("policy", "PodDisruptionBudget"): Strategy(
        initial=_status(
            dict.fromkeys(
                ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"), 0
            )
        )
    ),
    ("networking.k8s.io", "Ingress"): Strategy(initial=_status({"loadBalancer": {}})),
}  # fmt: skip
_DEFAULT = Strategy()


def strategy_of(kind: Kind) -> Strategy:
    """The strategy of ``kind``."""
    if kind.selectable:
        return Strategy((*_METADATA, *kind.selectable))
    return _STRATEGIES.get((kind.group, kind.name), _DEFAULT)


_OLD_KUBEVIRT = "kubevirt.io/v1alpha3 is now deprecated and will be removed in a future release."
_DEPRECATIONS: dict[tuple[str, str], str] = {
    (kinds.PRESET.resource, version): (
        f"kubevirt.io/{version} VirtualMachineInstancePresets is now deprecated and will be "
        "removed in v2."
    )
    for version in kinds.PRESET.versions
} | {
    (kinds.ENDPOINTS.resource, "v1"): (
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
    ),
    (kinds.EXPORT.resource, "v1beta1"): (
        "export.kubevirt.io/v1beta1 VirtualMachineExport is now deprecated and will be removed "
        "in a future version."
    ),
    (kinds.TEMPLATE.resource, "v1alpha1"): (
        "template.kubevirt.io/v1alpha1 VirtualMachineTemplate is deprecated"
    ),
    (kinds.TEMPLATE_REQUEST.resource, "v1alpha1"): (
        "template.kubevirt.io/v1alpha1 VirtualMachineTemplateRequest is deprecated"
    ),
}


def deprecation(kind: Kind, version: str) -> str:
    """The warning for who uses ``kind`` in ``version``; empty when that is fine."""
    found = _DEPRECATIONS.get((kind.resource, version), "")
    if not found and (kind.group, version) == ("kubevirt.io", "v1alpha3"):
        return _OLD_KUBEVIRT
    return found


_VERSION = re.compile(r"^v([0-9]+)(?:(alpha|beta)([0-9]+))?$")
_STAGES = {"alpha": 1, "beta": 2, None: 3}


def version_rank(version: str) -> tuple[int, int, int, str]:
    """Sorts versions by how much they are preferred, least first: v1alpha1, v1beta1, v1, v2.

    Names of another form come before all, in the order of the alphabet.
    """
    found = _VERSION.match(version)
    if found is None:
        return (0, 0, 0, version)
    major, stage, minor = found.groups()
    return (_STAGES[stage], int(major), int(minor or 0), "")


def served_versions(served: Iterable[Kind]) -> dict[tuple[str, str], list[Kind]]:
    """Kinds by served group and version: groups as they come, preferred versions first."""
    groups: dict[str, dict[str, list[Kind]]] = {}
    for kind in served:
        for version in kind.versions:
            versions = groups.setdefault(kind.group, {})
            versions.setdefault(version, []).append(kind.served_as(version))
    return {
        (group, version): versions[version]
        for group, versions in groups.items()
        for version in sorted(versions, key=version_rank, reverse=True)
    }
