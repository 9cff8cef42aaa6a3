"""DataSources: what each stands for in the end, and whether that can be copied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, fillings, reconcile
from virtctl.local.runtime.changes import Change, Requeue, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, child, find, objects, text
from virtctl.models.kinds import DATA_SOURCE, DATA_VOLUME, PVC, VOLUME_SNAPSHOT

_LOOK_AGAIN = 5.0  # seconds: what a source leads to may be in another namespace
_HOPS = 5


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A DataSource, what it leads to, and how that is: a reason that is Ready, and a message."""

    source: Document
    origin: Document
    reason: str
    message: str


class DataSourceController:
    """Keeps the status of DataSources."""

    name = "datasource"
    component = "datasource-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """DataSources, and claims of their names."""
        return (
            Watched(DATA_SOURCE, reconcile.itself),
            Watched(PVC, reconcile.itself),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The DataSource of ``key``, followed to its end."""
        try:
            source = service.get(DATA_SOURCE, *key)
        except NotFound:
            return None
        origin, place = child(source, "spec", "source"), key.namespace
        for _ in range(_HOPS):
            inner = child(origin, "dataSource")
            if not inner:
                reason, message = _state(service, origin, place)
                return Seen(source=source, origin=origin, reason=reason, message=message)
            place = text(inner, "namespace") or place
            found = service.find(DATA_SOURCE, place, text(inner, "name"))
            if found is None:
                message = f'DataSource "{place}/{text(inner, "name")}" not found'
                return Seen(source=source, origin={}, reason="NotFound", message=message)
            origin = child(found, "spec", "source")
        message = "the DataSource leads through too many others"
        return Seen(source=source, origin={}, reason="MaxDepthReached", message=message)

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """The status."""
        if is_deleting(seen.source):
            return ()
        word = "True" if seen.reason == "Ready" else "False"
        wanted = [condition("Ready", word, reason=seen.reason, message=seen.message)]
        status: Document = {
            **child(seen.source, "status"),
            "source": seen.origin,
            "conditions": conditions.merged(
                objects(seen.source, "status", "conditions"), wanted, now
            ),
        }
        changes: Iterable[Change] = status_patch(DATA_SOURCE, seen.source, status)
        return [*changes, *([] if word == "True" else [Requeue(_LOOK_AGAIN)])]


def _state(service: ApiService, origin: Document, namespace: str) -> tuple[str, str]:
    if find(origin, "pvc") is not None:
        return _claim(service, child(origin, "pvc"), namespace)
    if find(origin, "snapshot") is None:
        return "NoSource", "No source PVC or snapshot set"
    found = child(origin, "snapshot")
    place = text(found, "namespace") or namespace
    snapshot = service.find(VOLUME_SNAPSHOT, place, text(found, "name"))
    if snapshot is None:
        return "NotFound", "Snapshot not found"
    if find(snapshot, "status", "readyToUse") is not True:
        return "SnapshotNotReady", "Snapshot is not ready to use"
    return "Ready", "DataSource is ready to be consumed"


def _claim(service: ApiService, found: Document, namespace: str) -> tuple[str, str]:
    place, name = text(found, "namespace") or namespace, text(found, "name")
    claim = service.find(PVC, place, name)
    volume = service.find(DATA_VOLUME, place, name)
    if claim is None:
        return "NotFound", "PVC not found"
    if not fillings.is_filled(claim):
        phase = text(volume or {}, "status", "phase") or "Pending"
        return phase, f"Import DataVolume {phase}" if volume else "PVC is not filled"
    return "Ready", "DataSource is ready to be consumed"
