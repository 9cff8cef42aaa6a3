"""Columns of workloads, quotas, roles and definitions, as Kubernetes' printers have them."""

from __future__ import annotations

from datetime import datetime

from virtctl.local.api.cells import AGE, NAME, at, condition_status, joined, pure, text
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue
from virtctl.wire import tables
from virtctl.wire.tables import Cell, Column

_CREATED = Column("Created At", text("metadata", "creationTimestamp"), "date")


def _count(*path: str) -> Cell:
    """A number that is 0 when absent."""
    return pure(lambda item: documents.integer(item, *path))


def _containers(key: str, *path: str) -> Cell:
    """Names or images of the containers of the template."""
    return pure(
        lambda item: ",".join(
            documents.text(container, key)
            for container in documents.objects(item, *path, "template", "spec", "containers")
        )
    )


def _selector(*path: str) -> Cell:
    def read(item: Document) -> JsonValue:
        pairs = documents.strings(item, *path).items()
        return joined([f"{key}={value}" for key, value in sorted(pairs)])

    return pure(read)


def _wide(*path: str) -> tuple[Column, Column]:
    return (
        Column("Containers", _containers("name", *path), priority=1),
        Column("Images", _containers("image", *path), priority=1),
    )


_WIDE = _wide("spec")
_SELECTOR = Column("Selector", _selector("spec", "selector", "matchLabels"), priority=1)


def _ready(item: Document) -> JsonValue:
    wanted = documents.integer(item, "spec", "replicas", default=1)
    return f"{documents.integer(item, 'status', 'readyReplicas')}/{wanted}"


def _node_selector(item: Document) -> JsonValue:
    pairs = documents.strings(item, "spec", "template", "spec", "nodeSelector").items()
    return joined([f"{key}={value}" for key, value in sorted(pairs)])


def _job_status(item: Document) -> JsonValue:
    for type_, shown in (("Complete", "Complete"), ("Failed", "Failed")):
        if condition_status(item, type_) == "True":
            return shown
    if documents.flag(item, "spec", "suspend"):
        return "Suspended"
    return "Running"


def _completions(item: Document) -> JsonValue:
    done = documents.integer(item, "status", "succeeded")
    return f"{done}/{documents.integer(item, 'spec', 'completions', default=1)}"


def _duration(item: Document, now: datetime) -> JsonValue:
    begin = documents.text(item, "status", "startTime")
    end = documents.text(item, "status", "completionTime")
    if not begin:
        return ""
    return tables.age(begin, datetime.fromisoformat(end) if end else now)


def _hosts(item: Document) -> JsonValue:
    rules = documents.objects(item, "spec", "rules")
    return ",".join(documents.text(rule, "host") or "*" for rule in rules) or "*"


def _balancers(item: Document) -> JsonValue:
    found = documents.objects(item, "status", "loadBalancer", "ingress")
    return ",".join(documents.text(one, "ip") or documents.text(one, "hostname") for one in found)


def _ingress_ports(item: Document) -> JsonValue:
    return "80, 443" if documents.items(item, "spec", "tls") else "80"


def _active(item: Document) -> JsonValue:
    return len(documents.items(item, "status", "active"))


def _last_schedule(item: Document, now: datetime) -> JsonValue:
    last = documents.text(item, "status", "lastScheduleTime")
    return tables.age(last, now) if last else "<none>"


def _reference(item: Document) -> JsonValue:
    target = documents.child(item, "spec", "scaleTargetRef")
    return f"{documents.text(target, 'kind')}/{documents.text(target, 'name')}"


_SHOWN_TARGETS = 2


def _targets(item: Document) -> JsonValue:
    """What each metric is, and what it shall be."""
    metrics = list(documents.objects(item, "spec", "metrics"))
    known = list(documents.objects(item, "status", "currentMetrics"))
    found = [
        _target(metric, known[position] if position < len(known) else {})
        for position, metric in enumerate(metrics)
    ]
    shown = joined(found[:_SHOWN_TARGETS]).replace(",", ", ")
    rest = len(found) - _SHOWN_TARGETS
    return f"{shown} + {rest} more..." if rest > 0 else shown


def _target(metric: Document, known: Document) -> str:
    kind = documents.text(metric, "type")
    place = kind[:1].lower() + kind[1:]
    wanted, current = documents.child(metric, place, "target"), documents.child(known, place)
    is_resource = place in {"resource", "containerResource"}
    forms = ("averageValue", "averageUtilization") if is_resource else ("averageValue", "value")
    form = next((each for each in forms if wanted.get(each) is not None), forms[-1])
    unit = "%" if form == "averageUtilization" else ""
    value = documents.find(current, "current", form)
    there = "<unknown>" if value is None else f"{value}{unit}"
    goal = f"{wanted[form]}{unit}" if wanted.get(form) is not None else "<auto>"
    if is_resource:
        return f"{documents.text(metric, place, 'name')}: {there}/{goal}"
    is_average = form == "averageValue" and place != "pods"
    return f"{there}/{goal} (avg)" if is_average else f"{there}/{goal}"


def _usage(prefix: str) -> Cell:
    """Used and allowed amounts of limits, or of everything else."""

    def read(item: Document) -> JsonValue:
        hard = documents.child(item, "status", "hard")
        used = documents.child(item, "status", "used")
        return ", ".join(
            f"{name}: {used.get(name, 0)}/{hard[name]}"
            for name in sorted(hard)
            if name.startswith("limits.") is (prefix == "limits.")
        )

    return pure(read)


def _role(item: Document) -> JsonValue:
    return f"{documents.text(item, 'roleRef', 'kind')}/{documents.text(item, 'roleRef', 'name')}"


def _subjects(kind: str) -> Cell:
    def read(item: Document) -> JsonValue:
        return ", ".join(
            "/".join(
                part
                for part in (
                    documents.text(subject, "namespace") if kind == "ServiceAccount" else "",
                    documents.text(subject, "name"),
                )
                if part
            )
            for subject in documents.objects(item, "subjects")
            if subject.get("kind") == kind
        )

    return pure(read)


def _service(item: Document) -> JsonValue:
    service = documents.child(item, "spec", "service")
    if not service:
        return "Local"
    return f"{documents.text(service, 'namespace')}/{documents.text(service, 'name')}"


def _available(item: Document) -> JsonValue:
    for condition in documents.objects(item, "status", "conditions"):
        if condition.get("type") == "Available":
            reason = documents.text(condition, "reason")
            return "True" if condition.get("status") == "True" else f"False ({reason})"
    return "Unknown"


def _claim_state(item: Document) -> JsonValue:
    deleted = ["deleted"] if documents.text(item, "metadata", "deletionTimestamp") else []
    if not documents.child(item, "status", "allocation"):
        return ",".join(deleted or ["pending"])
    reserved = ["reserved"] if documents.items(item, "status", "reservedFor") else []
    return ",".join([*deleted, "allocated", *reserved])


def _endpoints(item: Document) -> JsonValue:
    found = [
        f"{documents.text(address, 'ip')}:{documents.integer(port, 'port')}"
        for subset in documents.objects(item, "subsets")
        for port in documents.objects(subset, "ports")
        for address in documents.objects(subset, "addresses")
    ]
    shown = joined(found[:3])
    return f"{shown} + {len(found) - 3} more..." if len(found) > 3 else shown


def _slice_ports(item: Document) -> JsonValue:
    ports = [str(port.get("port")) for port in documents.objects(item, "ports")]
    return ",".join(ports) or "<unset>"


def _slice_addresses(item: Document) -> JsonValue:
    found = [
        str(address)
        for endpoint in documents.objects(item, "endpoints")
        for address in documents.items(endpoint, "addresses")
    ]
    shown = ",".join(found[:3]) or "<unset>"
    return f"{shown} + {len(found) - 3} more..." if len(found) > 3 else shown


_BINDING = (
    NAME,
    Column("Role", pure(_role)),
    AGE,
    Column("Users", _subjects("User"), priority=1),
    Column("Groups", _subjects("Group"), priority=1),
    Column("ServiceAccounts", _subjects("ServiceAccount"), priority=1),
)
_RBAC = "rbac.authorization.k8s.io"

CORE_COLUMNS: dict[tuple[str, str], tuple[Column, ...]] = {
    ("apps", "Deployment"): (
        NAME,
        Column("Ready", pure(_ready)),
        Column("Up-to-date", _count("status", "updatedReplicas"), "integer"),
        Column("Available", _count("status", "availableReplicas"), "integer"),
        AGE,
        *_WIDE,
        _SELECTOR,
    ),
    ("apps", "ReplicaSet"): (
        NAME,
        Column("Desired", _count("spec", "replicas"), "integer"),
        Column("Current", _count("status", "replicas"), "integer"),
        Column("Ready", _count("status", "readyReplicas"), "integer"),
        AGE,
        *_WIDE,
        _SELECTOR,
    ),
    ("apps", "DaemonSet"): (
        NAME,
        Column("Desired", _count("status", "desiredNumberScheduled"), "integer"),
        Column("Current", _count("status", "currentNumberScheduled"), "integer"),
        Column("Ready", _count("status", "numberReady"), "integer"),
        Column("Up-to-date", _count("status", "updatedNumberScheduled"), "integer"),
        Column("Available", _count("status", "numberAvailable"), "integer"),
        Column("Node Selector", pure(_node_selector)),
        AGE,
        *_WIDE,
        _SELECTOR,
    ),
    ("apps", "StatefulSet"): (NAME, Column("Ready", pure(_ready)), AGE, *_WIDE),
    ("", "ReplicationController"): (
        NAME,
        Column("Desired", _count("spec", "replicas"), "integer"),
        Column("Current", _count("status", "replicas"), "integer"),
        Column("Ready", _count("status", "readyReplicas"), "integer"),
        AGE,
        *_WIDE,
        Column("Selector", _selector("spec", "selector"), priority=1),
    ),
    ("batch", "CronJob"): (
        NAME,
        Column("Schedule", text("spec", "schedule")),
        Column("Timezone", text("spec", "timeZone", absent="<none>")),
        Column("Suspend", pure(lambda item: str(documents.flag(item, "spec", "suspend")))),
        Column("Active", pure(_active), "integer"),
        Column("Last Schedule", _last_schedule),
        AGE,
        *_wide("spec", "jobTemplate", "spec"),
        Column(
            "Selector",
            _selector("spec", "jobTemplate", "spec", "selector", "matchLabels"),
            priority=1,
        ),
    ),
    ("networking.k8s.io", "Ingress"): (
        NAME,
        Column("Class", text("spec", "ingressClassName", absent="<none>")),
        Column("Hosts", pure(_hosts)),
        Column("Address", pure(_balancers)),
        Column("Ports", pure(_ingress_ports)),
        AGE,
    ),
    ("batch", "Job"): (
        NAME,
        Column("Status", pure(_job_status)),
        Column("Completions", pure(_completions)),
        Column("Duration", _duration),
        AGE,
        *_WIDE,
        _SELECTOR,
    ),
    ("autoscaling", "HorizontalPodAutoscaler"): (
        NAME,
        Column("Reference", pure(_reference)),
        Column("Targets", pure(_targets)),
        Column("MinPods", at("spec", "minReplicas")),
        Column("MaxPods", _count("spec", "maxReplicas"), "integer"),
        Column("Replicas", _count("status", "currentReplicas"), "integer"),
        AGE,
    ),
    ("policy", "PodDisruptionBudget"): (
        NAME,
        Column("Min Available", text("spec", "minAvailable", absent="N/A")),
        Column("Max Unavailable", text("spec", "maxUnavailable", absent="N/A")),
        Column("Allowed Disruptions", _count("status", "disruptionsAllowed"), "integer"),
        AGE,
    ),
    ("scheduling.k8s.io", "PriorityClass"): (
        NAME,
        Column("Value", _count("value"), "integer"),
        Column("Global-Default", pure(lambda item: documents.flag(item, "globalDefault"))),
        AGE,
        Column("PreemptionPolicy", text("preemptionPolicy", absent="PreemptLowerPriority")),
    ),
    ("", "ResourceQuota"): (
        NAME,
        Column("Request", _usage("")),
        Column("Limit", _usage("limits.")),
        AGE,
    ),
    ("", "LimitRange"): (NAME, _CREATED),
    ("node.k8s.io", "RuntimeClass"): (NAME, Column("Handler", text("handler")), AGE),
    ("resource.k8s.io", "ResourceClaim"): (NAME, Column("State", pure(_claim_state)), AGE),
    ("resource.k8s.io", "ResourceClaimTemplate"): (NAME, AGE),
    ("resource.k8s.io", "DeviceClass"): (NAME, AGE),
    ("", "Endpoints"): (NAME, Column("Endpoints", pure(_endpoints)), AGE),
    ("discovery.k8s.io", "EndpointSlice"): (
        NAME,
        Column("AddressType", text("addressType")),
        Column("Ports", pure(_slice_ports)),
        Column("Endpoints", pure(_slice_addresses)),
        AGE,
    ),
    (_RBAC, "Role"): (NAME, _CREATED),
    (_RBAC, "ClusterRole"): (NAME, _CREATED),
    (_RBAC, "RoleBinding"): _BINDING,
    (_RBAC, "ClusterRoleBinding"): _BINDING,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (NAME, _CREATED),
    ("apiregistration.k8s.io", "APIService"): (
        NAME,
        Column("Service", pure(_service)),
        Column("Available", pure(_available)),
        AGE,
    ),
}
