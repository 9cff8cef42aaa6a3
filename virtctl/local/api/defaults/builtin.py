"""What kube-apiserver fills in of pods, of what makes pods, and of other kinds of its own.

One table of rows: where a value goes, and what it is. A path's steps are fields; ``[]`` goes on
with each item of a list, ``[field=value]`` only with an object that says so, and ``+`` makes an
object that is missing. What is written differently than the kind's schema allows is left to those
who refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import cache
from typing import NamedTuple, TypeAlias

from virtctl.models import documents, kinds
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import Kind

Value: TypeAlias = "JsonValue | Callable[[Document], JsonValue]"
"""What a field gets; a function is given the object that lacks it, and None is nothing."""
Row: TypeAlias = "tuple[str, Value]"

_RBAC = "rbac.authorization.k8s.io"
_MODE = 0o644
_COUNTED = frozenset({"timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"})
"""Fields whose 0 is as if they were not there."""


def _pull_policy(container: Document) -> JsonValue:
    """``Always`` for the image's tag ``latest``, which one without tag and digest has."""
    image, _, digest = documents.text(container, "image").partition("@")
    tag = image.rpartition("/")[2].partition(":")[2] or ("" if digest else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


def _only_a_name(volume: Document) -> JsonValue:
    return {} if set(volume) <= {"name"} else None


def _untyped(strategy: Document) -> JsonValue:
    return None if strategy.get("type") else {}


def _one_of_two(first: str, second: str, value: JsonValue) -> Callable[[Document], JsonValue]:
    """``value`` unless ``second`` is set, beside which ``first`` may be left out."""
    return lambda spec: None if first not in spec and spec.get(second) is not None else value


def _group_of(subject: Document) -> JsonValue:
    return _RBAC if subject.get("kind") in {"User", "Group"} else None


def _same_as(field: str) -> Callable[[Document], JsonValue]:
    return lambda holder: deepcopy(holder.get(field))


def _labels_of_template(document: Document) -> JsonValue:
    return {**documents.strings(document, "spec", "template", "metadata", "labels")} or None


def _template_labels(spec: Document) -> JsonValue:
    return {**documents.strings(spec, "template", "metadata", "labels")} or None


_HTTP = (("httpGet.path", "/"), ("httpGet.scheme", "HTTP"))
_PROBE: tuple[Row, ...] = (
    ("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3),
    *_HTTP, ("grpc.service", ""),
)  # fmt: skip


def _below(prefix: str, rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple((f"{prefix}.{path}", value) for path, value in rows)


def _one_device(request: Document) -> JsonValue:
    exact = documents.text(request, "allocationMode") == "ExactCount"
    return 1 if exact and not request.get("count") else None


_DEVICES: tuple[Row, ...] = tuple(
    (f"requests[].{kind}.{field}", value)
    for kind in ("exactly", "firstAvailable[]")
    for field, value in (("allocationMode", "ExactCount"), ("count", _one_device))
)
_CONTAINER: tuple[Row, ...] = (
    ("imagePullPolicy", _pull_policy),
    ("resources", {}),
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
    ("ports[].protocol", "TCP"),
    ("env[].valueFrom.fieldRef.apiVersion", "v1"),
    *_below("livenessProbe", _PROBE),
    *_below("readinessProbe", _PROBE),
    *_below("startupProbe", _PROBE),
    *_below("lifecycle.postStart", _HTTP),
    *_below("lifecycle.preStop", _HTTP),
)
_VOLUME: tuple[Row, ...] = (
    ("emptyDir", _only_a_name),
    ("secret.defaultMode", _MODE),
    ("configMap.defaultMode", _MODE),
    ("downwardAPI.defaultMode", _MODE),
    ("downwardAPI.items[].fieldRef.apiVersion", "v1"),
    ("projected.defaultMode", _MODE),
    ("projected.sources[].downwardAPI.items[].fieldRef.apiVersion", "v1"),
    ("projected.sources[].serviceAccountToken.expirationSeconds", 3600),
    ("hostPath.type", ""),
    ("iscsi.iscsiInterface", "default"),
    ("ephemeral.volumeClaimTemplate.spec.volumeMode", "Filesystem"),
)
_POD: tuple[Row, ...] = (
    ("dnsPolicy", "ClusterFirst"),
    ("restartPolicy", "Always"),
    ("schedulerName", "default-scheduler"),
    ("securityContext", {}),
    ("terminationGracePeriodSeconds", 30),
    ("serviceAccountName", _same_as("serviceAccount")),
    ("serviceAccount", _same_as("serviceAccountName")),
    *_below("containers[]", _CONTAINER),
    *_below("initContainers[]", _CONTAINER),
    *_below("ephemeralContainers[]", _CONTAINER),
    *_below("volumes[]", _VOLUME),
)
_TEMPLATE = _below("spec.template.spec", _POD)
_LIMIT = 2**31 - 1

ROWS: dict[Kind, tuple[Row, ...]] = {
    kinds.POD: (
        *_below("spec", _POD),
        ("spec.enableServiceLinks", True),
        *(
            (f"spec[hostNetwork=True].{which}[].ports[].hostPort", _same_as("containerPort"))
            for which in ("containers", "initContainers")
        ),
    ),
    kinds.DEPLOYMENT: (
        ("spec.replicas", 1),
        ("spec.strategy+.type", "RollingUpdate"),
        ("spec.strategy[type=RollingUpdate].rollingUpdate+.maxUnavailable", "25%"),
        ("spec.strategy[type=RollingUpdate].rollingUpdate+.maxSurge", "25%"),
        ("spec.revisionHistoryLimit", 10),
        ("spec.progressDeadlineSeconds", 600),
        *_TEMPLATE,
    ),
    kinds.DAEMON_SET: (
        ("spec.updateStrategy+.type", "RollingUpdate"),
        ("spec.updateStrategy[type=RollingUpdate].rollingUpdate+.maxUnavailable", 1),
        ("spec.updateStrategy[type=RollingUpdate].rollingUpdate+.maxSurge", 0),
        ("spec.revisionHistoryLimit", 10),
        *_TEMPLATE,
    ),
    kinds.STATEFUL_SET: (
        ("spec.podManagementPolicy", "OrderedReady"),
        ("spec.updateStrategy+.rollingUpdate", _untyped),
        ("spec.updateStrategy+.type", "RollingUpdate"),
        ("spec.updateStrategy[type=RollingUpdate].rollingUpdate.partition", 0),
        ("spec.persistentVolumeClaimRetentionPolicy+.whenDeleted", "Retain"),
        ("spec.persistentVolumeClaimRetentionPolicy+.whenScaled", "Retain"),
        ("spec.replicas", 1),
        ("spec.revisionHistoryLimit", 10),
        ("spec.volumeClaimTemplates[].apiVersion", "v1"),
        ("spec.volumeClaimTemplates[].kind", "PersistentVolumeClaim"),
        ("spec.volumeClaimTemplates[].spec.volumeMode", "Filesystem"),
        ("spec.volumeClaimTemplates[].status+.phase", "Pending"),
        *_TEMPLATE,
    ),
    kinds.REPLICA_SET: (("spec.replicas", 1), *_TEMPLATE),
    kinds.REPLICATION_CONTROLLER: (
        ("spec.replicas", 1),
        ("spec.selector", _template_labels),
        *_TEMPLATE,
    ),
    kinds.API_SERVICE: (("spec.service.port", 443),),
    kinds.JOB: (
        ("spec.completions", _one_of_two("completions", "parallelism", 1)),
        ("spec.parallelism", 1),
        ("spec.backoffLimit", _one_of_two("backoffLimit", "backoffLimitPerIndex", 6)),
        ("spec.backoffLimit", _LIMIT),
        ("spec.completionMode", "NonIndexed"),
        ("spec.manualSelector", False),
        ("spec.podReplacementPolicy", _one_of_two("", "podFailurePolicy", "TerminatingOrFailed")),
        ("spec.podReplacementPolicy", "Failed"),
        ("spec.suspend", False),
        ("spec.podFailurePolicy.rules[].onPodConditions[].status", "True"),
        *_TEMPLATE,
    ),
    kinds.CRON_JOB: (
        ("spec.concurrencyPolicy", "Allow"),
        ("spec.suspend", False),
        ("spec.successfulJobsHistoryLimit", 3),
        ("spec.failedJobsHistoryLimit", 1),
        *_below("spec.jobTemplate.spec.template.spec", _POD),
    ),
    kinds.PV: (
        ("spec.persistentVolumeReclaimPolicy", "Retain"),
        ("spec.volumeMode", "Filesystem"),
        ("spec.hostPath.type", ""),
    ),
    kinds.STORAGE_CLASS: (("reclaimPolicy", "Delete"), ("volumeBindingMode", "Immediate")),
    kinds.ROLE_BINDING: (("roleRef.apiGroup", _RBAC), ("subjects[].apiGroup", _group_of)),
    kinds.CLUSTER_ROLE_BINDING: (("roleRef.apiGroup", _RBAC), ("subjects[].apiGroup", _group_of)),
    kinds.ENDPOINTS: (("subsets[].ports[].protocol", "TCP"),),
    kinds.ENDPOINT_SLICE: (("ports[].name", ""), ("ports[].protocol", "TCP")),
    kinds.PRIORITY_CLASS: (("preemptionPolicy", "PreemptLowerPriority"),),
    kinds.RESOURCE_QUOTA: (("status", {}),),
    kinds.RESOURCE_CLAIM: _below("spec.devices", _DEVICES),
    kinds.RESOURCE_CLAIM_TEMPLATE: _below("spec.spec.devices", _DEVICES),
}
"""What each kind gets, in this order."""

_POSTED: tuple[Row, ...] = (
    ("spec.serviceAccountName", "default"),
    ("spec.serviceAccount", _same_as("serviceAccountName")),
    ("spec.priority", 0),
    ("spec.preemptionPolicy", "PreemptLowerPriority"),
)
"""What admission adds to a pod that somebody posts."""


class _Step(NamedTuple):
    name: str
    each: bool
    made: bool
    only: tuple[str, str] | None


_FORM = re.compile(r"(\w+)(\[\])?(\+)?(?:\[(\w+)=(\w+)\])?(?:\.|$)")


@cache
def _steps(path: str) -> tuple[_Step, ...]:
    return tuple(
        _Step(found[1], bool(found[2]), bool(found[3]), (found[4], found[5]) if found[4] else None)
        for found in _FORM.finditer(path)
    )


def default_builtin(kind: Kind, document: Document, *, posted: bool = False) -> None:
    """Fill in ``document``, in place; ``posted`` is what somebody makes, not a controller."""
    rows = ROWS.get(kind, ())
    if kind == kinds.REPLICATION_CONTROLLER:  # a job's are added to its template's later
        _set(document, _steps("metadata.labels"), lambda _: _labels_of_template(document))
    if posted and kind == kinds.POD:
        rows += _POSTED
    for path, value in rows:
        _set(document, _steps(path), value)
    if kind == kinds.POD:
        _request_limits(document)
    elif kind == kinds.JOB:
        _select(document)
        _set(document, _steps("metadata.labels"), lambda _: _labels_of_template(document))
    elif kind == kinds.LIMIT_RANGE:
        _complete(document)
    elif kind == kinds.NAMESPACE:
        name = documents.name_of(document)
        documents.put(document, name, "metadata", "labels", "kubernetes.io/metadata.name")


def _set(holder: JsonValue, steps: Sequence[_Step], value: Value) -> None:
    if not isinstance(holder, dict):
        return
    (name, each, made, only), rest = steps[0], steps[1:]
    known = holder.get(name)
    if not rest:
        if known is None or known == "" or (known == 0 and name in _COUNTED):
            found = value(holder) if callable(value) else deepcopy(value)
            if found is not None:
                holder[name] = found
        return
    if known is None and made:
        known = holder[name] = {}
    for one in known if each and isinstance(known, list) else (known,):
        if only is None or (isinstance(one, dict) and str(one.get(only[0])) == only[1]):
            _set(one, rest, value)


def _request_limits(pod: Document) -> None:
    """A container requests what it is limited to, unless it says what it requests."""
    for field in ("containers", "initContainers"):
        for resources in _objects_at(pod, "spec", field, "resources"):
            limits = resources.get("limits")
            requests = resources.get("requests") or {}
            if isinstance(limits, dict) and limits and isinstance(requests, dict):
                resources["requests"] = {**limits, **requests}


def _objects_at(pod: Document, root: str, field: str, name: str) -> Iterator[Document]:
    parent = pod.get(root)
    found = parent.get(field) if isinstance(parent, dict) else None
    for one in found if isinstance(found, list) else ():
        inner = one.get(name) if isinstance(one, dict) else None
        if isinstance(inner, dict):
            yield inner


def _select(job: Document) -> None:
    """A job's pods are known by its uid, which their template gets as labels."""
    spec, uid = job.get("spec"), documents.uid_of(job)
    template = spec.get("template") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(template, dict) or not uid:
        return
    if spec.get("manualSelector") or spec.get("selector"):
        return
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    for start in ("batch.kubernetes.io/", ""):
        for field, text in (("controller-uid", uid), ("job-name", documents.name_of(job))):
            documents.put(template, text, "metadata", "labels", f"{start}{field}")


def _complete(limits: Document) -> None:
    """Containers' limits that are not given follow from those that are."""
    spec = limits.get("spec")
    found = spec.get("limits") if isinstance(spec, dict) else None
    for item in found if isinstance(found, list) else ():
        if isinstance(item, dict) and item.get("type") == "Container":
            item["default"] = {**_amounts(item, "max"), **_amounts(item, "default")}
            lowest = {**_amounts(item, "min"), **_amounts(item, "default")}
            item["defaultRequest"] = {**lowest, **_amounts(item, "defaultRequest")}


def _amounts(item: Document, field: str) -> Document:
    found = item.get(field)
    return found if isinstance(found, dict) else {}
