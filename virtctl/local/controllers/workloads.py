"""The Deployments, ReplicaSets and DaemonSets that the components' pods seem to be of.

Clients look at these to see whether KubeVirt is there and ready. They follow the pods, not the
other way round: the daemon does the components' work, so nothing here can be scaled or rolled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, reconcile
from virtctl.local.runtime.changes import Change, Create, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import controller_of, controller_reference, is_deleting
from virtctl.local.runtime.podmanifest import COMPONENT
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    integer,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
)
from virtctl.models.kinds import DAEMON_SET, DEPLOYMENT, POD, REPLICA_SET, Kind

_ROLE = "kubevirt.io"
_HASH = "pod-template-hash"
_REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class Shape:
    """A component: its name, and whether each node has a pod of it."""

    name: str
    per_node: bool = False

    @property
    def kind(self) -> Kind:
        """What its pods are of."""
        return DAEMON_SET if self.per_node else DEPLOYMENT


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A component's pods, and the objects above them as far as they are there."""

    shape: Shape
    pods: tuple[Document, ...]
    workload: Document | None = None
    replica_set: Document | None = None

    @property
    def ready(self) -> int:
        """How many pods are ready."""
        return sum(conditions.holds(pod, "Ready") for pod in self.pods)


class WorkloadController:
    """Shows what the pods of ``shapes`` in ``namespace`` are of."""

    name = "workloads"
    component = "virt-operator"

    def __init__(self, namespace: str, shapes: Iterable[Shape]) -> None:
        self._namespace = namespace
        self._shapes = {shape.name: shape for shape in shapes}

    @property
    def watched(self) -> tuple[Watched, ...]:
        """The components' pods, and the objects above them."""
        return (
            Watched(POD, self._component_of_pod),
            Watched(DEPLOYMENT, self._component_of),
            Watched(REPLICA_SET, reconcile.owner(DEPLOYMENT)),
            Watched(DAEMON_SET, self._component_of),
        )

    def _component_of_pod(self, pod: Document) -> Iterable[Key]:
        if COMPONENT in strings(pod, "metadata", "annotations"):
            yield Key(namespace_of(pod), strings(pod, "metadata", "labels").get(_ROLE, ""))

    def _component_of(self, document: Document) -> Iterable[Key]:
        yield Key(namespace_of(document), name_of(document))

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The component of ``key``; None while it has no pods to speak of."""
        shape = self._shapes.get(key.name)
        if shape is None or key.namespace != self._namespace:
            return None
        pods = [
            pod
            for pod in service.list(POD, key.namespace, labels=f"{_ROLE}={key.name}").items
            if COMPONENT in strings(pod, "metadata", "annotations") and not is_deleting(pod)
        ]
        if not pods:
            return None
        workload = _find(service, shape.kind, key)
        set_key = Key(key.namespace, replica_set_name(pods[0]))
        return Seen(
            shape=shape,
            pods=tuple(pods),
            workload=workload,
            replica_set=None if shape.per_node else _find(service, REPLICA_SET, set_key),
        )

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """What to change about one component's objects."""
        kind = seen.shape.kind
        if seen.workload is None:
            return [Create(kind=kind, document=build_workload(seen))]
        if is_deleting(seen.workload):
            return []
        made: list[Change] = list(_restore(kind, seen.workload))
        if seen.shape.per_node:
            made.extend(_adopt(seen, DAEMON_SET, seen.workload))
            made.extend(status_patch(kind, seen.workload, daemon_status(seen)))
            return made
        if seen.replica_set is None:
            document = build_replica_set(seen, seen.workload)
            return [*made, Create(kind=REPLICA_SET, document=document)]
        made.extend(_restore(REPLICA_SET, seen.replica_set))
        made.extend(_adopt(seen, REPLICA_SET, seen.replica_set))
        made.extend(status_patch(REPLICA_SET, seen.replica_set, set_status(seen)))
        made.extend(status_patch(kind, seen.workload, deployment_status(seen, now)))
        return made


def _find(service: ApiService, kind: Kind, key: Key) -> Document | None:
    try:
        return service.get(kind, *key)
    except NotFound:
        return None


def replica_set_name(pod: Document) -> str:
    """The name of the ReplicaSet that a pod's name tells."""
    return name_of(pod).rpartition("-")[0]


def build_workload(seen: Seen) -> Document:
    """The Deployment or DaemonSet above a component's pods."""
    pod = seen.pods[0]
    spec: Document = {
        "selector": {"matchLabels": {_ROLE: seen.shape.name}},
        "template": _template(pod),
        "revisionHistoryLimit": 10,
    }
    if seen.shape.per_node:
        rolling: Document = {"maxSurge": 0, "maxUnavailable": 1}
        spec["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": rolling}
    else:
        rolling = {"maxSurge": "25%", "maxUnavailable": "25%"}
        spec.update(
            {
                "replicas": 1,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
                "progressDeadlineSeconds": 600,
            }
        )
    return {
        "apiVersion": seen.shape.kind.api_version,
        "kind": seen.shape.kind.name,
        "metadata": {
            "name": seen.shape.name,
            "namespace": namespace_of(pod),
            "labels": dict(strings(pod, "metadata", "labels")),
            "annotations": {} if seen.shape.per_node else {_REVISION: "1"},
        },
        "spec": spec,
    }


def _template(pod: Document) -> Document:
    labels = {k: v for k, v in strings(pod, "metadata", "labels").items() if k != _HASH}
    annotations = {COMPONENT: strings(pod, "metadata", "annotations")[COMPONENT]}
    spec = {k: v for k, v in child(pod, "spec").items() if k != "nodeName"}
    return {
        "metadata": {"labels": dict(labels), "annotations": dict(annotations)},
        "spec": spec,
    }


def build_replica_set(seen: Seen, deployment: Document) -> Document:
    """The ReplicaSet between a Deployment and its pod."""
    pod = seen.pods[0]
    name = replica_set_name(pod)
    digest = name.removeprefix(f"{seen.shape.name}-")
    template = _template(pod)
    labels: Document = {**child(template, "metadata", "labels"), _HASH: digest}
    child(template, "metadata")["labels"] = labels
    return {
        "apiVersion": REPLICA_SET.api_version,
        "kind": REPLICA_SET.name,
        "metadata": {
            "name": name,
            "namespace": namespace_of(pod),
            "labels": dict(labels),
            "annotations": {_REVISION: "1"},
            "ownerReferences": [controller_reference(DEPLOYMENT, deployment)],
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {_ROLE: seen.shape.name, _HASH: digest}},
            "template": template,
        },
    }


def _restore(kind: Kind, document: Document) -> Iterator[Change]:
    """One replica, as there is one daemon."""
    if kind != DAEMON_SET and find(document, "spec", "replicas") != 1:
        yield patch(kind, document, {"spec": {"replicas": 1}})


def _adopt(seen: Seen, kind: Kind, owner: Document) -> Iterator[Change]:
    for pod in seen.pods:
        if controller_of(pod) is None:
            metadata: Document = {"ownerReferences": [controller_reference(kind, owner)]}
            if kind == REPLICA_SET:
                digest = name_of(owner).removeprefix(f"{seen.shape.name}-")
                metadata["labels"] = {_HASH: digest}
            yield patch(POD, pod, {"metadata": metadata})


def daemon_status(seen: Seen) -> Document:
    """``DaemonSet.status``."""
    count = len(seen.pods)
    status: Document = {
        "currentNumberScheduled": count,
        "desiredNumberScheduled": count,
        "updatedNumberScheduled": count,
        "numberMisscheduled": 0,
        "numberReady": seen.ready,
        "observedGeneration": _generation(seen.workload),
    }
    counts: Document = {
        "numberAvailable": seen.ready,
        "numberUnavailable": count - seen.ready,
    }
    return status | {key: value for key, value in counts.items() if value}


def set_status(seen: Seen) -> Document:
    """``ReplicaSet.status``."""
    count = len(seen.pods)
    status: Document = {
        "replicas": count,
        "fullyLabeledReplicas": count,
        "observedGeneration": _generation(seen.replica_set),
    }
    if seen.ready:
        status.update({"readyReplicas": seen.ready, "availableReplicas": seen.ready})
    return status


def deployment_status(seen: Seen, now: float) -> Document:
    """``Deployment.status``: available while its pod is ready."""
    count = len(seen.pods)
    status: Document = {
        "replicas": count,
        "updatedReplicas": count,
        "observedGeneration": _generation(seen.workload),
    }
    if seen.ready:
        status.update({"readyReplicas": seen.ready, "availableReplicas": seen.ready})
    if count > seen.ready:
        status["unavailableReplicas"] = count - seen.ready
    known = list(objects(seen.workload or {}, "status", "conditions"))
    found: list[JsonValue] = conditions.merged(known, _deployment_conditions(seen), now)
    return {**status, "conditions": found}


def _deployment_conditions(seen: Seen) -> list[Document]:
    available = (
        condition(
            "Available", "True", reason="MinimumReplicasAvailable",
            message="Deployment has minimum availability.",
        )
        if seen.ready
        else condition(
            "Available", "False", reason="MinimumReplicasUnavailable",
            message=_why_unready(seen) or "Deployment does not have minimum availability.",
        )
    )  # fmt: skip
    name = replica_set_name(seen.pods[0])
    message = f'ReplicaSet "{name}" has successfully progressed.'
    progressing = condition("Progressing", "True", reason="NewReplicaSetAvailable", message=message)
    return [available, progressing]


def _why_unready(seen: Seen) -> str:
    for pod in seen.pods:
        ready = conditions.find_condition(pod, "Ready")
        if ready is not None and text(ready, "message"):
            return text(ready, "message")
    return ""


def _generation(document: Document | None) -> int:
    return integer(document or {}, "metadata", "generation", default=1)
