"""HorizontalPodAutoscalers keep what they scale between their bounds.

Nothing measures loads here, so between the bounds the number stays as it is, and the autoscaler
says that it knows no metric; kube-controller-manager does the same without a metrics server.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, reconcile
from virtctl.local.runtime.changes import Announce, Change, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.times import stamp
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    integer,
    namespace_of,
    objects,
    text,
)
from virtctl.models.kinds import AUTOSCALER, INSTANCE_REPLICA_SET, POOL

_SCALED = {kind.name: kind for kind in (INSTANCE_REPLICA_SET, POOL)}


@dataclass(frozen=True)
class Pair:
    """An autoscaler and what it scales; None when that is not there, or cannot be scaled here."""

    autoscaler: Document
    target: Document | None


class AutoscalerController:
    """Scales replica sets of instances, and pools of machines."""

    name = "autoscaler"
    component = "horizontal-pod-autoscaler"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Autoscalers, and what they may be about."""
        return tuple(Watched(kind, _all) for kind in (AUTOSCALER, INSTANCE_REPLICA_SET, POOL))

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> tuple[Pair, ...]:
        """The autoscalers of the namespace."""
        found = service.list(AUTOSCALER, key.namespace).items
        return tuple(Pair(one, _target(service, one)) for one in found if not is_deleting(one))

    def decide(self, seen: tuple[Pair, ...], now: float) -> list[Change]:
        """Scale what is out of bounds, and say so."""
        return [change for pair in seen for change in _changes(pair, now)]


def _all(document: Document) -> tuple[Key, ...]:
    return (Key(namespace_of(document), "*"),)


def _target(service: ApiService, autoscaler: Document) -> Document | None:
    reference = child(autoscaler, "spec", "scaleTargetRef")
    kind = _SCALED.get(text(reference, "kind"))
    if kind is None or text(reference, "apiVersion").partition("/")[0] != kind.group:
        return None
    try:
        return service.get(kind, namespace_of(autoscaler), text(reference, "name"))
    except NotFound:
        return None


def _changes(pair: Pair, now: float) -> Iterator[Change]:
    autoscaler, target = pair.autoscaler, pair.target
    if target is None:
        wanted = [condition("AbleToScale", "False", reason="FailedGetScale")]
        yield from _said(autoscaler, {}, wanted, now)
        return
    current = integer(target, "spec", "replicas", default=1)
    desired, why = _desired(autoscaler, current)
    numbers: Document = {
        "currentReplicas": integer(target, "status", "replicas"),
        "desiredReplicas": desired,
    }
    reason = "SucceededRescale" if why else "SucceededGetScale"
    wanted = [condition("AbleToScale", "True", reason=reason)]
    if why:
        numbers["lastScaleTime"] = stamp(now)
        kind = _SCALED[text(target, "kind")]
        yield patch(kind, target, {"spec": {"replicas": desired}})
        message = f"New size: {desired}; reason: {why}"
        yield Announce(about=autoscaler, reason="SuccessfulRescale", message=message)
    elif not current:
        wanted.append(condition("ScalingActive", "False", reason="ScalingDisabled"))
    else:
        wanted.append(condition("ScalingActive", "False", reason="FailedGetResourceMetric"))
    yield from _said(autoscaler, numbers, wanted, now)


def _desired(autoscaler: Document, current: int) -> tuple[int, str]:
    """How many there shall be, and why that is another number than ``current``."""
    least = integer(autoscaler, "spec", "minReplicas", default=1)
    most = integer(autoscaler, "spec", "maxReplicas", default=current)
    if current == 0 and least != 0:
        return 0, ""  # who scales to nothing switches autoscaling off
    if current > most:
        return most, "Current number of replicas above Spec.MaxReplicas"
    if current < least:
        return least, "Current number of replicas below Spec.MinReplicas"
    return current, ""


def _said(
    autoscaler: Document, numbers: Document, wanted: list[Document], now: float
) -> Iterator[Change]:
    known = objects(autoscaler, "status", "conditions")
    merged: list[JsonValue] = [*conditions.merged(known, wanted, now)]
    status: Document = {
        **child(autoscaler, "status"),
        **numbers,
        "observedGeneration": integer(autoscaler, "metadata", "generation"),
        "conditions": merged,
    }
    yield from status_patch(AUTOSCALER, autoscaler, status)
