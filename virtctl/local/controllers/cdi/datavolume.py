"""DataVolumes: a claim for each, filled from its source, and how far that is.

Phases, conditions and events are those of CDI's controllers for claims that are filled in place;
what they are read from is in ``runtime.fillings``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from virtctl.errors import ApiError, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.controllers.cdi import claimspec, reports
from virtctl.local.controllers.cdi.claimspec import NotValid, Surroundings
from virtctl.local.controllers.cdi.reports import Report
from virtctl.local.runtime import fillings, reconcile
from virtctl.local.runtime.changes import Announce, Change, Create, Requeue, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.informer import key_of
from virtctl.local.runtime.owners import is_controlled_by, is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import (
    Document,
    child,
    find,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
)
from virtctl.models.kinds import (
    CDI_CONFIG,
    DATA_SOURCE,
    DATA_VOLUME,
    PVC,
    STORAGE_CLASS,
    STORAGE_PROFILE,
    VOLUME_SNAPSHOT,
)
from virtctl.wire.quantities import quantity_or_none

_LOOK_AGAIN = 2.0  # seconds, while something is missing that is not watched
_HOPS = 5  # data sources that may name each other
_POPULATED = "cdi.kubevirt.io/storage.populatedFor"
_PREPOPULATED = "cdi.kubevirt.io/storage.prePopulated"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A DataVolume, its claim, and what its claim is made from.

    ``source`` is ``spec.source``, or what ``spec.sourceRef`` leads to; ``problem`` says why there
    is none. ``waits`` tells that claims of the claim's class wait for their first consumer.
    """

    volume: Document
    claim: Document | None = None
    source: Document = field(default_factory=dict)
    problem: str = ""
    around: Surroundings = field(default_factory=Surroundings)
    waits: bool = False


class DataVolumeController:
    """Makes the claims of DataVolumes, and tells how they are filled."""

    name = "datavolume"
    component = "datavolume-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """DataVolumes and their claims."""
        return (
            Watched(DATA_VOLUME, reconcile.itself),
            Watched(PVC, _volume_of),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The DataVolume of ``key`` and all that its claim needs."""
        try:
            volume = service.get(DATA_VOLUME, *key)
        except NotFound:
            return None
        claim = service.find(PVC, *key)
        if claim is not None:
            name = text(claim, "spec", "storageClassName")
            used = service.find(STORAGE_CLASS, None, name) if name else None
            waits = text(used or {}, "volumeBindingMode") == "WaitForFirstConsumer"
            return Seen(volume=volume, claim=claim, waits=waits)
        source, problem = _origin(service, volume)
        around = Surroundings(
            classes=tuple(service.list(STORAGE_CLASS).items),
            profiles={name_of(one): one for one in service.list(STORAGE_PROFILE).items},
            config=service.find(CDI_CONFIG, None, "config"),
            source_size=_size(service, source, key.namespace),
        )
        return Seen(volume=volume, source=source, problem=problem, around=around)

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """The claim, or the status."""
        if is_deleting(seen.volume):
            return ()
        if seen.claim is None:
            return list(_make(seen, now))
        if not is_controlled_by(seen.claim, seen.volume) and not _is_for(seen.claim, seen.volume):
            return list(_taken(seen, now))
        if self._has_others_status(seen.volume):
            return ()
        report = reports.of(seen.volume, seen.claim, waits=seen.waits)
        return list(_tell(seen.volume, report, now))

    def _has_others_status(self, volume: Document) -> bool:
        """Whether somebody else wrote the status: then it is theirs, and stays as it is."""
        return any(
            text(one, "subresource") == "status" and text(one, "manager") != self.component
            for one in objects(volume, "metadata", "managedFields")
        )

    def refused(
        self, seen: object, change: reconcile.Doable, error: ApiError, now: float
    ) -> Sequence[reconcile.Doable]:
        """Say why the claim was not made."""
        if not isinstance(seen, Seen) or not isinstance(change, Create):
            return ()
        message = f"Error creating PVC: {error}"
        report = reports.pending("ErrClaimNotValid", message)
        return [one for one in _tell(seen.volume, report, now) if not isinstance(one, Requeue)]


def _volume_of(claim: Document) -> Iterable[Key]:
    """A claim may belong to the DataVolume of its name."""
    return (key_of(claim),)


def _make(seen: Seen, now: float) -> Iterator[Change]:
    volume = seen.volume
    succeeded = text(volume, "status", "phase") == "Succeeded"
    if succeeded and strings(volume, "metadata", "annotations").get(_PREPOPULATED):
        return
    if seen.problem:
        yield from _tell(volume, reports.pending("Pending", seen.problem), now)
        yield Requeue(_LOOK_AGAIN)
        return
    try:
        claim = claimspec.build(volume, seen.source, seen.around)
    except NotValid as error:
        yield from _tell(volume, reports.pending("ErrClaimNotValid", str(error)), now)
        yield Requeue(_LOOK_AGAIN)
        return
    yield Create(kind=PVC, document=claim)
    yield from _tell(volume, reports.pending("Pending", f"PVC {name_of(volume)} Pending"), now)


def _taken(seen: Seen, now: float) -> Iterator[Change]:
    name = name_of(seen.volume)
    message = f'Resource "{name}" already exists and is not managed by DataVolume'
    yield from _tell(seen.volume, reports.pending("ErrResourceExists", message), now)
    yield Requeue(_LOOK_AGAIN)


def _is_for(claim: Document, volume: Document) -> bool:
    """Whether somebody filled the claim for exactly this DataVolume."""
    if strings(claim, "metadata", "annotations").get(_POPULATED) == name_of(volume):
        return True
    return strings(volume, "metadata", "annotations").get(_PREPOPULATED) == name_of(claim)


def _tell(volume: Document, report: Report, now: float) -> Iterator[Change]:
    status = reports.status(volume, report, now)
    yield from status_patch(DATA_VOLUME, volume, status)
    for reason, message, warning in reports.events(volume, report):
        yield Announce(about=volume, reason=reason, message=message, warning=warning)


def _origin(service: ApiService, volume: Document) -> tuple[Document, str]:
    """What a DataVolume is filled from, and why that is not known."""
    spec = child(volume, "spec")
    if find(spec, "sourceRef") is None:
        source = child(spec, "source")
        if not fillings.wish(source, namespace_of(volume)):
            populated = fillings.content_reference({"spec": _claim_spec(spec), "metadata": {}})
            return {}, "" if populated else "the DataVolume has no source"
        return source, ""
    namespace = text(spec, "sourceRef", "namespace") or namespace_of(volume)
    name = text(spec, "sourceRef", "name")
    for _ in range(_HOPS):
        found = service.find(DATA_SOURCE, namespace, name)
        if found is None:
            return {}, f'DataSource "{namespace}/{name}" not found'
        origin = child(found, "spec", "source")
        inner = child(origin, "dataSource")
        if not inner:
            return origin, "" if origin else f'DataSource "{namespace}/{name}" has no source'
        namespace, name = text(inner, "namespace") or namespace, text(inner, "name")
    return {}, "the DataSource leads through too many others"


def _claim_spec(spec: Document) -> Document:
    return child(spec, "pvc") or child(spec, "storage")


def _size(service: ApiService, source: Document, namespace: str) -> int:
    """Bytes of the disk that ``source`` copies; 0 when it copies none."""
    origin = child(source, "pvc")
    if origin:
        found = service.find(PVC, text(origin, "namespace") or namespace, text(origin, "name"))
        size = strings(found or {}, "metadata", "annotations").get(fillings.DISK_SIZE, "")
        if size.isdigit():
            return int(size)
        return _bytes(find(found or {}, "status", "capacity", "storage"))
    origin = child(source, "snapshot")
    if origin:
        place = text(origin, "namespace") or namespace
        found = service.find(VOLUME_SNAPSHOT, place, text(origin, "name"))
        return _bytes(find(found or {}, "status", "restoreSize"))
    return 0


def _bytes(size: object) -> int:
    found = quantity_or_none(size)
    return found.value if found is not None else 0
