"""Server-side table columns per kind: those of Kubernetes' printers and of KubeVirt's CRDs."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from virtctl.local.api.catalog import is_builtin
from virtctl.local.api.cells import AGE, NAME, at, condition_status, joined, pure, size, text
from virtctl.local.api.corecolumns import CORE_COLUMNS
from virtctl.local.api.customs.printed import columns, printed_of
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import Kind
from virtctl.wire import tables
from virtctl.wire.tables import Cell, Column

# Pods


def _statuses(pod: Document) -> list[Document]:
    return list(documents.objects(pod, "status", "containerStatuses"))


def _pod_ready(pod: Document) -> JsonValue:
    ready = sum(1 for status in _statuses(pod) if status.get("ready") is True)
    return f"{ready}/{len(documents.items(pod, 'spec', 'containers'))}"


def _stopped_init(pod: Document) -> str:
    """Why an init container waits, when it is not merely its turn; empty when none does."""
    for status in documents.objects(pod, "status", "initContainerStatuses"):
        reason = documents.text(status, "state", "waiting", "reason")
        if reason not in {"", "PodInitializing"}:
            return f"Init:{reason}"
    return ""


def _pod_status(pod: Document) -> JsonValue:
    reason = documents.text(pod, "status", "reason") or documents.text(pod, "status", "phase")
    for status in reversed(_statuses(pod)):
        for state in ("waiting", "terminated"):
            reason = documents.text(status, "state", state, "reason") or reason
    reason = _stopped_init(pod) or reason
    for known in documents.objects(pod, "status", "conditions"):
        if known.get("type") == "PodScheduled" and known.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    if documents.text(pod, "metadata", "deletionTimestamp"):
        return "Terminating"
    return reason


def _pod_restarts(pod: Document) -> JsonValue:
    return str(sum(documents.integer(status, "restartCount") for status in _statuses(pod)))


def _pod_gates(pod: Document) -> JsonValue:
    gates = [
        documents.text(gate, "conditionType")
        for gate in documents.objects(pod, "spec", "readinessGates")
    ]
    if not gates:
        return "<none>"
    true = {
        condition.get("type")
        for condition in documents.objects(pod, "status", "conditions")
        if condition.get("status") == "True"
    }
    return f"{sum(1 for gate in gates if gate in true)}/{len(gates)}"


_POD = (
    NAME,
    Column("Ready", pure(_pod_ready)),
    Column("Status", pure(_pod_status)),
    Column("Restarts", pure(_pod_restarts)),
    AGE,
    Column("IP", text("status", "podIP", absent="<none>"), priority=1),
    Column("Node", text("spec", "nodeName", absent="<none>"), priority=1),
    Column("Nominated Node", text("status", "nominatedNodeName", absent="<none>"), priority=1),
    Column("Readiness Gates", pure(_pod_gates), priority=1),
)


# Services


def _service_ports(service: Document) -> JsonValue:
    found = []
    for port in documents.objects(service, "spec", "ports"):
        node = documents.integer(port, "nodePort")
        shown = f"{documents.integer(port, 'port')}" + (f":{node}" if node else "")
        found.append(f"{shown}/{documents.text(port, 'protocol', default='TCP')}")
    return joined(found)


def _external_ip(service: Document) -> JsonValue:
    external = [str(address) for address in documents.items(service, "spec", "externalIPs")]
    external.extend(
        documents.text(ingress, "ip") or documents.text(ingress, "hostname")
        for ingress in documents.objects(service, "status", "loadBalancer", "ingress")
    )
    match documents.text(service, "spec", "type"):
        case "ExternalName":
            return documents.text(service, "spec", "externalName")
        case "LoadBalancer":
            return joined(external, "<pending>")
        case _:
            return joined(external, "<none>")


def _selector(service: Document) -> JsonValue:
    pairs = documents.strings(service, "spec", "selector").items()
    return joined([f"{key}={value}" for key, value in sorted(pairs)])


_SERVICE = (
    NAME,
    Column("Type", text("spec", "type", absent="ClusterIP")),
    Column("Cluster-IP", text("spec", "clusterIP", absent="<none>")),
    Column("External-IP", pure(_external_ip)),
    Column("Port(s)", pure(_service_ports)),
    AGE,
    Column("Selector", pure(_selector), priority=1),
)


# Nodes


def _node_status(node: Document) -> JsonValue:
    ready = condition_status(node, "Ready")
    shown = {"True": "Ready", "False": "NotReady"}.get(str(ready), "Unknown")
    if documents.flag(node, "spec", "unschedulable"):
        shown += ",SchedulingDisabled"
    return shown


def _node_roles(node: Document) -> JsonValue:
    prefix = "node-role.kubernetes.io/"
    labels = documents.strings(node, "metadata", "labels")
    return joined(sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix)))


def _node_address(type_: str) -> Cell:
    def read(node: Document) -> JsonValue:
        for address in documents.objects(node, "status", "addresses"):
            if address.get("type") == type_:
                return address.get("address")
        return "<none>"

    return pure(read)


_NODE = (
    NAME,
    Column("Status", pure(_node_status)),
    Column("Roles", pure(_node_roles)),
    AGE,
    Column("Version", text("status", "nodeInfo", "kubeletVersion")),
    Column("Internal-IP", _node_address("InternalIP"), priority=1),
    Column("External-IP", _node_address("ExternalIP"), priority=1),
    Column("OS-Image", text("status", "nodeInfo", "osImage", absent="<unknown>"), priority=1),
    Column(
        "Kernel-Version",
        text("status", "nodeInfo", "kernelVersion", absent="<unknown>"),
        priority=1,
    ),
    Column(
        "Container-Runtime",
        text("status", "nodeInfo", "containerRuntimeVersion", absent="<unknown>"),
        priority=1,
    ),
)


# Events


def _event_object(event: Document) -> JsonValue:
    kind = documents.text(event, "involvedObject", "kind").lower()
    name = documents.text(event, "involvedObject", "name")
    return f"{kind}/{name}" if name else kind


def _event_last(event: Document, now: datetime) -> JsonValue:
    last = event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp")
    return tables.age(last, now)


def _event_first(event: Document, now: datetime) -> JsonValue:
    return tables.age(event.get("firstTimestamp") or event.get("eventTime"), now)


def _event_source(event: Document) -> JsonValue:
    component = documents.text(event, "source", "component")
    host = documents.text(event, "source", "host")
    shown = component or documents.text(event, "reportingComponent")
    return f"{shown}, {host}" if host else shown


_EVENT = (
    Column("Last Seen", _event_last),
    Column("Type", text("type")),
    Column("Reason", text("reason")),
    Column("Object", pure(_event_object)),
    Column("Subobject", text("involvedObject", "fieldPath"), priority=1),
    Column("Source", pure(_event_source), priority=1),
    Column("Message", pure(lambda event: documents.text(event, "message").strip())),
    Column("First Seen", _event_first, priority=1),
    Column(
        "Count",
        pure(lambda event: documents.integer(event, "count", default=1)),
        "integer",
        priority=1,
    ),
    Column("Name", tables.name_cell, format="name", priority=1),
)


# Storage

_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _modes(*path: str) -> Cell:
    return pure(
        lambda item: ",".join(
            _MODES.get(str(mode), str(mode)) for mode in documents.items(item, *path)
        )
    )


def _claim(volume: Document) -> JsonValue:
    namespace = documents.text(volume, "spec", "claimRef", "namespace")
    name = documents.text(volume, "spec", "claimRef", "name")
    return f"{namespace}/{name}" if name else ""


def _claim_status(claim: Document) -> JsonValue:
    if documents.text(claim, "metadata", "deletionTimestamp"):
        return "Terminating"
    return documents.text(claim, "status", "phase")


_PVC = (
    NAME,
    Column("Status", pure(_claim_status)),
    Column("Volume", text("spec", "volumeName")),
    Column("Capacity", text("status", "capacity", "storage")),
    Column("Access Modes", _modes("status", "accessModes")),
    Column("StorageClass", text("spec", "storageClassName")),
    Column("VolumeAttributesClass", text("spec", "volumeAttributesClassName", absent="<unset>")),
    AGE,
    Column("VolumeMode", text("spec", "volumeMode", absent="Filesystem"), priority=1),
)
_PV = (
    NAME,
    Column("Capacity", text("spec", "capacity", "storage")),
    Column("Access Modes", _modes("spec", "accessModes")),
    Column("Reclaim Policy", text("spec", "persistentVolumeReclaimPolicy")),
    Column("Status", pure(_claim_status)),
    Column("Claim", pure(_claim)),
    Column("StorageClass", text("spec", "storageClassName")),
    Column("VolumeAttributesClass", text("spec", "volumeAttributesClassName", absent="<unset>")),
    Column("Reason", text("status", "reason")),
    AGE,
    Column("VolumeMode", text("spec", "volumeMode", absent="Filesystem"), priority=1),
)
_DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


def _class_name(item: Document) -> JsonValue:
    notes = documents.strings(item, "metadata", "annotations")
    is_default = any(notes.get(key) == "true" for key in _DEFAULT_CLASS)
    return f"{documents.name_of(item)} (default)" if is_default else documents.name_of(item)


_STORAGE_CLASS = (
    Column("Name", pure(_class_name), format="name"),
    Column("Provisioner", text("provisioner")),
    Column("ReclaimPolicy", text("reclaimPolicy", absent="Delete")),
    Column("VolumeBindingMode", text("volumeBindingMode", absent="Immediate")),
    Column("AllowVolumeExpansion", pure(lambda item: documents.flag(item, "allowVolumeExpansion"))),
    AGE,
)


def _controller(item: Document) -> JsonValue:
    for owner in documents.objects(item, "metadata", "ownerReferences"):
        if owner.get("controller") is True:
            group = documents.text(owner, "apiVersion").rpartition("/")[0]
            kind = documents.text(owner, "kind").lower()
            return f"{kind}.{group}/{documents.text(owner, 'name')}" if group else kind
    return "<none>"


_COLUMNS: dict[tuple[str, str], tuple[Column, ...]] = {
    ("", "Pod"): _POD,
    ("", "Service"): _SERVICE,
    ("", "Node"): _NODE,
    ("", "Event"): _EVENT,
    ("", "Namespace"): (NAME, Column("Status", text("status", "phase")), AGE),
    ("", "Secret"): (
        NAME,
        Column("Type", text("type")),
        Column("Data", size("data"), "integer"),
        AGE,
    ),
    ("", "ConfigMap"): (NAME, Column("Data", size("data", "binaryData"), "integer"), AGE),
    ("", "ServiceAccount"): (NAME, AGE),
    ("", "PersistentVolumeClaim"): _PVC,
    ("", "PersistentVolume"): _PV,
    ("storage.k8s.io", "StorageClass"): _STORAGE_CLASS,
    ("coordination.k8s.io", "Lease"): (
        NAME,
        Column("Holder", text("spec", "holderIdentity")),
        AGE,
    ),
    ("apps", "ControllerRevision"): (
        NAME,
        Column("Controller", pure(_controller)),
        Column("Revision", at("revision"), "integer"),
        AGE,
    ),
}
_DEFAULT = (NAME, AGE)


@cache
def columns_of(kind: Kind) -> tuple[Column, ...]:
    """The columns of a kind of the table: name and age unless it has its own."""
    if is_builtin(kind):
        key = kind.group, kind.name
        return _COLUMNS.get(key) or CORE_COLUMNS.get(key, _DEFAULT)
    return columns(printed_of(kind))
