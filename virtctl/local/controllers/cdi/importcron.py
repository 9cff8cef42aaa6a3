"""DataImportCrons: an import for each new version of an image, and a DataSource for the newest.

Which version there is stands in an annotation, which the node's ``polling`` writes by the schedule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, polls, reconcile
from virtctl.local.runtime.changes import Change, Create, delete, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import controller_reference, is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.times import stamp
from virtctl.models.documents import (
    Document,
    child,
    integer,
    name_of,
    namespace_of,
    objects,
    put,
    strings,
    text,
)
from virtctl.models.kinds import DATA_IMPORT_CRON, DATA_SOURCE, DATA_VOLUME

CRON_LABEL = "cdi.kubevirt.io/dataImportCron"
_KEPT = 3  # spec.importsToKeep


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A cron, the DataVolumes that it made, and its DataSource."""

    cron: Document
    volumes: tuple[Document, ...] = ()
    source: Document | None = None


class ImportCronController:
    """Keeps imports and DataSources of DataImportCrons."""

    name = "dataimportcron"
    component = "dataimportcron-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Crons, their DataVolumes and DataSources."""
        return (
            Watched(DATA_IMPORT_CRON, reconcile.itself),
            Watched(DATA_VOLUME, _cron_of),
            Watched(DATA_SOURCE, _cron_of),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The cron of ``key`` and what it made."""
        try:
            cron = service.get(DATA_IMPORT_CRON, *key)
        except NotFound:
            return None
        label = f"{CRON_LABEL}={key.name}"
        return Seen(
            cron=cron,
            volumes=tuple(service.list(DATA_VOLUME, key.namespace, labels=label).items),
            source=service.find(DATA_SOURCE, key.namespace, _managed(cron)),
        )

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """The import that is due, the DataSource, the status, and the end of old imports."""
        if is_deleting(seen.cron):
            return ()
        made: list[Change] = []
        digest = polls.desired(seen.cron)
        current = _volume(seen, import_name(seen.cron, digest)) if digest else None
        if digest and current is None:
            made.append(Create(kind=DATA_VOLUME, document=_import(seen.cron, digest)))
        newest = current if current is not None and _is_done(current) else _last(seen)
        made.extend(_point(seen, newest))
        made.extend(_collect(seen, newest))
        made.extend(
            status_patch(DATA_IMPORT_CRON, seen.cron, _status(seen, digest, (current, newest), now))
        )
        return made


def import_name(cron: Document, digest: str) -> str:
    """The name of the import of one version."""
    short = digest.removeprefix("sha256:")[:12]
    return f"{_managed(cron)}-{short}"


def _managed(cron: Document) -> str:
    return text(cron, "spec", "managedDataSource")


def _cron_of(document: Document) -> Iterable[Key]:
    name = strings(document, "metadata", "labels").get(CRON_LABEL)
    return (Key(namespace_of(document), name),) if name else ()


def _volume(seen: Seen, name: str) -> Document | None:
    return next((one for one in seen.volumes if name_of(one) == name), None)


def _is_done(volume: Document) -> bool:
    return text(volume, "status", "phase") == "Succeeded"


def _last(seen: Seen) -> Document | None:
    """What the DataSource stands for already."""
    name = text(seen.source or {}, "spec", "source", "pvc", "name")
    return _volume(seen, name) if name else None


def _labels(cron: Document) -> Document:
    copied = {
        name: value
        for name, value in strings(cron, "metadata", "labels").items()
        if name.startswith("instancetype.kubevirt.io/")
    }
    return {**copied, CRON_LABEL: name_of(cron)}


def _ownership(cron: Document) -> Document:
    """What a cron makes goes with it only where its ``retentionPolicy`` says so."""
    if text(cron, "spec", "retentionPolicy") != "None":
        return {}
    return {"ownerReferences": [controller_reference(DATA_IMPORT_CRON, cron)]}


def _import(cron: Document, digest: str) -> Document:
    """The DataVolume of one version, pinned by its digest."""
    template = deepcopy(child(cron, "spec", "template"))
    spec = child(template, "spec")
    url = text(spec, "source", "registry", "url")
    if url:
        put(spec, f"{polls.without_version(url)}@{digest}", "source", "registry", "url")
    metadata = child(template, "metadata")
    return {
        "apiVersion": DATA_VOLUME.api_version,
        "kind": DATA_VOLUME.name,
        "metadata": {
            "name": import_name(cron, digest),
            "namespace": namespace_of(cron),
            "labels": {**strings(metadata, "labels"), **_labels(cron)},
            "annotations": {
                **strings(metadata, "annotations"),
                "cdi.kubevirt.io/storage.bind.immediate.requested": "true",
                "cdi.kubevirt.io/storage.deleteAfterCompletion": "false",
            },
            **_ownership(cron),
        },
        "spec": spec,
    }


def _point(seen: Seen, newest: Document | None) -> Iterator[Change]:
    """The DataSource, and that it stands for the newest import."""
    source: Document = {}
    if newest is not None:
        source = {"pvc": {"name": name_of(newest), "namespace": namespace_of(newest)}}
    if seen.source is None:
        if not _managed(seen.cron):
            return
        document: Document = {
            "apiVersion": DATA_SOURCE.api_version,
            "kind": DATA_SOURCE.name,
            "metadata": {
                "name": _managed(seen.cron),
                "namespace": namespace_of(seen.cron),
                "labels": _labels(seen.cron),
                **_ownership(seen.cron),
            },
            "spec": {"source": source},
        }
        yield Create(kind=DATA_SOURCE, document=document)
    elif source and child(seen.source, "spec", "source") != source:
        body: Document = {"spec": {"source": {**source, "snapshot": None, "dataSource": None}}}
        yield patch(DATA_SOURCE, seen.source, body)


def _collect(seen: Seen, newest: Document | None) -> Iterator[Change]:
    """Delete imports that are older than those that are kept, never the newest."""
    if text(seen.cron, "spec", "garbageCollect") == "Never":
        return
    kept = max(integer(seen.cron, "spec", "importsToKeep", default=_KEPT), 1)
    done = [one for one in seen.volumes if _is_done(one) and one is not newest]
    done.sort(key=lambda one: text(one, "metadata", "creationTimestamp"), reverse=True)
    yield from (delete(DATA_VOLUME, one) for one in done[kept - (newest is not None) :])


def _status(
    seen: Seen, digest: str, found: tuple[Document | None, Document | None], now: float
) -> Document:
    current, newest = found
    made: Document = {**child(seen.cron, "status"), "sourceFormat": "pvc"}
    polled = polls.polled(seen.cron)
    if polled:
        made["lastExecutionTimestamp"] = stamp(polled)
    if digest:
        name = import_name(seen.cron, digest)
        made["currentImports"] = [{"DataVolumeName": name, "Digest": digest}]
    if newest is not None:
        place: Document = {"name": name_of(newest), "namespace": namespace_of(newest)}
        if child(made, "lastImportedPVC") != place:
            made["lastImportedPVC"] = place
            made["lastImportTimestamp"] = stamp(now)
    wanted = _conditions(digest, current)
    made["conditions"] = conditions.merged(objects(made, "conditions"), wanted, now)
    return made


def _conditions(digest: str, current: Document | None) -> list[Document]:
    if not digest:
        return [
            condition("UpToDate", "False", reason="NoDigest", message="No source digest"),
            condition("Progressing", "False", reason="NoImport", message="No current import"),
        ]
    phase = text(current or {}, "status", "phase") or "Pending"
    if phase == "Succeeded":
        message = "Latest import is up to date"
        return [
            condition("UpToDate", "True", reason="UpToDate", message=message),
            condition("Progressing", "False", reason="NoImport", message="No current import"),
        ]
    if phase == "Failed":
        message = "Import DataVolume failed"
        return [
            condition("UpToDate", "False", reason="ImportFailed", message=message),
            condition("Progressing", "False", reason="ImportFailed", message=message),
        ]
    message = "Import is progressing"
    return [
        condition("UpToDate", "False", reason="ImportProgressing", message=message),
        condition("Progressing", "True", reason="ImportProgressing", message=message),
    ]
