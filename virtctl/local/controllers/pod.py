"""Placement of pods on nodes: the scheduler's job, by selector and by what is free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, placement, reconcile
from virtctl.local.runtime.changes import Announce, Change, Requeue, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import (
    Document,
    child,
    find,
    flag,
    name_of,
    namespace_of,
    objects,
    text,
)
from virtctl.models.kinds import NODE, POD
from virtctl.wire.quantities import Quantity, parse_quantity

_PATIENCE = 5.0  # seconds between attempts to place a pod that fits nowhere
_OVER = {"Succeeded", "Failed"}
_GATED = condition(
    "PodScheduled",
    "False",
    reason="SchedulingGated",
    message="Scheduling is blocked due to non-empty scheduling gates",
)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A pod without a node, the nodes, and the pods that are on them already."""

    pod: Document
    nodes: tuple[Document, ...]
    placed: tuple[Document, ...]


class PodController:
    """The scheduler."""

    name = "pod"
    component = "default-scheduler"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Pods that wait for a node."""
        return (Watched(POD, _waiting),)

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The pod of ``key`` if it waits for a node."""
        try:
            pod = service.get(POD, *key)
        except NotFound:
            return None
        if not list(_waiting(pod)):
            return None
        placed = [
            other
            for other in service.list(POD).items
            if text(other, "spec", "nodeName") and text(other, "status", "phase") not in _OVER
        ]
        return Seen(pod=pod, nodes=tuple(service.list(NODE).items), placed=tuple(placed))

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """Where the pod goes, or why it goes nowhere."""
        if any(objects(seen.pod, "spec", "schedulingGates")):
            return list(_scheduled(seen.pod, _GATED, now))
        refusals: Counter[str] = Counter()
        for node in seen.nodes:
            why = refusal(seen.pod, node, _on(node, seen.placed)) or _crowded(seen, node)
            if not why:
                return _bind(seen.pod, node, now)
            refusals[why] += 1
        return _unschedulable(seen, refusals, now)


def _waiting(document: Document) -> Iterable[Key]:
    done = text(document, "status", "phase") in _OVER or is_deleting(document)
    if done or text(document, "spec", "nodeName"):
        return ()
    return (Key(namespace_of(document), name_of(document)),)


def _on(node: Document, placed: Iterable[Document]) -> list[Document]:
    return [pod for pod in placed if text(pod, "spec", "nodeName") == name_of(node)]


def refusal(pod: Document, node: Document, placed: Iterable[Document]) -> str:
    """Why ``node`` cannot take ``pod``, in the scheduler's words; empty when it can."""
    if flag(node, "spec", "unschedulable"):
        return "node(s) were unschedulable"
    if not conditions.holds(node, "Ready"):
        return "node(s) had untolerated taint {node.kubernetes.io/not-ready: }"
    if why := placement.selection_refusal(pod, node):
        return why
    for taint in objects(node, "spec", "taints"):
        if text(taint, "effect") != "PreferNoSchedule" and not _tolerates(pod, taint):
            return f"node(s) had untolerated taint {{{text(taint, 'key')}: {text(taint, 'value')}}}"
    return _lacking(pod, node, placed)


def _tolerates(pod: Document, taint: Document) -> bool:
    for toleration in objects(pod, "spec", "tolerations"):
        if text(toleration, "effect") not in {"", text(taint, "effect")}:
            continue
        if text(toleration, "operator") == "Exists":
            if text(toleration, "key") in {"", text(taint, "key")}:
                return True
        elif (text(toleration, "key"), text(toleration, "value")) == (
            text(taint, "key"),
            text(taint, "value"),
        ):
            return True
    return False


def _crowded(seen: Seen, node: Document) -> str:
    """What the other pods have against ``node``, by affinity and spread."""
    around = (seen.pod, node, seen.nodes, seen.placed)
    return placement.affinity_refusal(*around) or placement.spread_refusal(*around)


def _lacking(pod: Document, node: Document, placed: Iterable[Document]) -> str:
    free = _quantities(child(node, "status", "allocatable"))
    for other in placed:
        for resource, amount in requests_of(other).items():
            if resource in free:
                free[resource] -= amount
    for resource, amount in requests_of(pod).items():
        if amount.nano > free.get(resource, Quantity(0)).nano:
            return f"Insufficient {resource}"
    return ""


def requests_of(pod: Document) -> dict[str, Quantity]:
    """What a pod's containers request in sum."""
    total: dict[str, Quantity] = {}
    for container in objects(pod, "spec", "containers"):
        for resource, amount in _quantities(child(container, "resources", "requests")).items():
            total[resource] = total.get(resource, Quantity(0)) + amount
    return total


def _quantities(document: Document) -> dict[str, Quantity]:
    return {
        key: parse_quantity(value)
        for key, value in document.items()
        if isinstance(value, (str, int, float))
    }


def _bind(pod: Document, node: Document, now: float) -> list[Change]:
    name = name_of(node)
    placed = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {name}"
    return [
        *_scheduled(pod, condition("PodScheduled", "True"), now),
        patch(POD, pod, {"spec": {"nodeName": name}}),
        Announce(about=pod, reason="Scheduled", message=placed),
    ]


def _unschedulable(seen: Seen, refusals: Counter[str], now: float) -> list[Change]:
    each = ", ".join(f"{count} {why}" for why, count in sorted(refusals.items()))
    message = f"0/{len(seen.nodes)} nodes are available"
    message += f": {each}." if each else "."
    said = condition("PodScheduled", "False", reason="Unschedulable", message=message)
    made: list[Change] = list(_scheduled(seen.pod, said, now))
    if made:
        event = Announce(about=seen.pod, reason="FailedScheduling", message=message, warning=True)
        made.append(event)
    return [*made, Requeue(_PATIENCE)]


def _scheduled(pod: Document, said: Document, now: float) -> Iterable[Change]:
    status = dict(child(pod, "status"))
    known = find(status, "conditions")
    before = [one for one in known if isinstance(one, dict)] if isinstance(known, list) else []
    status["conditions"] = conditions.merged(before, [said], now)
    return status_patch(POD, pod, status)
