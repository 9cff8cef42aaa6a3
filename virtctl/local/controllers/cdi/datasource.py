"""DataSources: what each stands for in the end, and whether that can be copied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.controllers.cdi import labels
from virtctl.local.runtime import conditions, reconcile
from virtctl.local.runtime.changes import Change, Requeue, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, child, find, namespace_of, objects, strings, text
from virtctl.models.kinds import DATA_SOURCE, DATA_VOLUME, PVC, VOLUME_SNAPSHOT

_LOOK_AGAIN, _LOOK_WHILE_READY = 5.0, 30.0  # seconds: what it leads to may be elsewhere
_OF_A_CRON = "cdi.kubevirt.io/dataImportCron"
_READY = "DataSource is ready to be consumed"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A DataSource, what it leads to, and how that is: a reason that is Ready, and a message.

    ``marks`` are labels of what it leads to.
    """

    source: Document
    origin: Document
    reason: str
    message: str
    marks: Mapping[str, str] = field(default_factory=dict)


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
        return _followed(service, source, key)

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """The status."""
        if is_deleting(seen.source):
            return ()
        word = "True" if seen.reason == "Ready" else "False"
        wanted = [condition("Ready", word, reason=seen.reason, message=seen.message)]
        known = objects(seen.source, "status", "conditions")
        status: Document = {
            **child(seen.source, "status"),
            "source": seen.origin if word == "True" else {},
            "conditions": conditions.beating(known, wanted, now),
        }
        wait = _LOOK_WHILE_READY if word == "True" else _LOOK_AGAIN
        changes: Iterable[Change] = status_patch(DATA_SOURCE, seen.source, status)
        return [*changes, *_labelled(seen), Requeue(wait)]


def _labelled(seen: Seen) -> Iterator[Change]:
    """Labels of what a DataSource stands for; where a cron gives them, only what is missing."""
    present = strings(seen.source, "metadata", "labels")
    ours = _OF_A_CRON not in present
    new = {
        name: value for name, value in labels.handed_on(seen.marks).items()
        if name not in present or (ours and present[name] != value)
    }  # fmt: skip
    if seen.reason == "Ready" and new:
        yield patch(DATA_SOURCE, seen.source, {"metadata": {"labels": {**new}}})


def _followed(service: ApiService, source: Document, key: Key) -> Seen:
    """What a DataSource leads to, by one other of its namespace at most (CDI's rule)."""
    origin = child(source, "spec", "source")
    inner = child(origin, "dataSource")
    if inner:
        place, name = text(inner, "namespace") or key.namespace, text(inner, "name")
        found = service.find(DATA_SOURCE, place, name)
        reason, message = _refused(found, Key(place, name), key)
        if reason:
            return Seen(source=source, origin={}, reason=reason, message=message)
        origin = child(found or {}, "spec", "source")
    return _state(service, source, origin)


def _refused(found: Document | None, inner: Key, key: Key) -> tuple[str, str]:
    """Why another DataSource cannot be followed: a reason and a message, both empty if it can."""
    if inner.namespace != key.namespace:
        message = "DataSource cannot reference a DataSource in another namespace"
        return "CrossNamespaceReference", message
    if inner == key:
        return "SelfReference", "DataSource cannot self-reference"
    if found is None:
        return "NotFound", f'datasources.cdi.kubevirt.io "{inner.name}" not found'
    if find(found, "spec", "source", "dataSource") is not None:
        message = "DataSource reference chain exceeds maximum depth of 1"
        return "MaxReferenceDepthReached", message
    return "", ""


def _state(service: ApiService, source: Document, origin: Document) -> Seen:
    if find(origin, "pvc") is not None:
        return _claim(service, source, origin)
    if find(origin, "snapshot") is None:
        return Seen(source=source, origin={}, reason="NoSource", message="No source PVC set")
    found = child(origin, "snapshot")
    place = text(found, "namespace") or namespace_of(source)
    snapshot = service.find(VOLUME_SNAPSHOT, place, text(found, "name"))
    if snapshot is None:
        return Seen(source=source, origin={}, reason="NotFound", message="Snapshot not found")
    if find(snapshot, "status", "readyToUse") is not True:
        message = "Snapshot phase is not ready"
        return Seen(source=source, origin={}, reason="SnapshotNotReady", message=message)
    marks = strings(snapshot, "metadata", "labels")
    return Seen(source=source, origin=origin, reason="Ready", message=_READY, marks=marks)


def _claim(service: ApiService, source: Document, origin: Document) -> Seen:
    found = child(origin, "pvc")
    place, name = text(found, "namespace") or namespace_of(source), text(found, "name")
    claim = service.find(PVC, place, name)
    volume = service.find(DATA_VOLUME, place, name)
    if claim is None and volume is None:
        return Seen(source=source, origin={}, reason="NotFound", message="PVC not found")
    phase = text(volume or {}, "status", "phase")
    if volume is not None and phase != "Succeeded":
        message = f"Import DataVolume phase {phase}"
        return Seen(source=source, origin={}, reason=phase, message=message)
    marks = {**strings(volume or {}, "metadata", "labels")}
    marks |= strings(claim or {}, "metadata", "labels")
    return Seen(source=source, origin=origin, reason="Ready", message=_READY, marks=marks)
