"""DataImportCrons: an import for each new version of an image, and a DataSource for the newest.

Which version there is stands in an annotation, which the node's ``polling`` writes by the schedule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.controllers.cdi import labels
from virtctl.local.runtime import conditions, polls, reconcile
from virtctl.local.runtime.changes import (
    Announce,
    Change,
    Create,
    delete,
    difference,
    patch,
    status_patch,
)
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
_CLEANUP_LABEL = f"{CRON_LABEL}.cleanup"
_LAST_USE = "cdi.kubevirt.io/storage.import.lastUseTime"
_RETAIN = "cdi.kubevirt.io/storage.pod.retainAfterCompletion"
_KEPT = 3  # spec.importsToKeep
_BROKEN = {"Error", "ImagePullFailed"}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A cron, the DataVolumes that it made, and its DataSource.

    ``rival`` is another cron that has the DataSource already, empty when there is none.
    """

    cron: Document
    volumes: tuple[Document, ...] = ()
    source: Document | None = None
    rival: str = ""


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
        source = service.find(DATA_SOURCE, key.namespace, _managed(cron))
        other = _manager(source)
        rival = service.find(DATA_IMPORT_CRON, key.namespace, other) if other else None
        is_rival = other != key.name and rival is not None and _managed(rival) == _managed(cron)
        return Seen(
            cron=cron,
            volumes=tuple(service.list(DATA_VOLUME, key.namespace, labels=label).items),
            source=source,
            rival=other if is_rival else "",
        )

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """The import that is due, the DataSource, the status, and the end of old imports."""
        if is_deleting(seen.cron):
            return ()
        if seen.rival:
            message = f"DataSource {_managed(seen.cron)} is already managed by DataImportCron"
            return [
                Announce(
                    about=seen.cron,
                    reason="ErrDataSourceAlreadyManaged",
                    message=f"{message} {seen.rival}",
                    warning=True,
                )
            ]
        digest = polls.desired(seen.cron)
        current = _volume(seen, import_name(seen.cron, digest)) if digest else None
        before = _under_way(seen) if current is None else None
        newest = current if current is not None and _is_done(current) else _last(seen)
        status = _status(seen, digest, (current, before, newest), now)
        return [
            *_due(seen, digest, (current, before), now),
            *_point(seen, newest),
            *_collect(seen, newest),
            *status_patch(DATA_IMPORT_CRON, seen.cron, status),
        ]


def _due(
    seen: Seen, digest: str, found: tuple[Document | None, Document | None], now: float
) -> Iterator[Change]:
    """The import of a new version, once none of an older one is under way."""
    current, before = found
    if not digest or current is not None:
        return
    if before is not None:
        if not _is_broken(before):
            return
        yield delete(DATA_VOLUME, before)
    yield Create(kind=DATA_VOLUME, document=_import(seen.cron, digest, now))


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


def _is_broken(volume: Document) -> bool:
    running = conditions.find_condition(volume, "Running") or {}
    return text(running, "status") == "False" and text(running, "reason") in _BROKEN


def _under_way(seen: Seen) -> Document | None:
    """The import that the status tells of, as long as it is not done."""
    known = next(iter(objects(seen.cron, "status", "currentImports")), {})
    found = _volume(seen, text(known, "DataVolumeName"))
    return None if found is None or _is_done(found) else found


def _manager(source: Document | None) -> str:
    """The cron that a DataSource belongs to; empty for none."""
    return strings(source or {}, "metadata", "labels").get(CRON_LABEL, "")


def _last(seen: Seen) -> Document | None:
    """What the DataSource stands for already."""
    name = text(seen.source or {}, "spec", "source", "pvc", "name")
    return _volume(seen, name) if name else None


def _labels(cron: Document) -> dict[str, str]:
    """Labels of what a cron makes."""
    made = {
        **labels.RECOMMENDED,
        **labels.handed_on(strings(cron, "metadata", "labels")),
        CRON_LABEL: name_of(cron),
    }
    if text(cron, "spec", "retentionPolicy") == "None":
        made[_CLEANUP_LABEL] = "true"
    return made


def _ownership(cron: Document) -> Document:
    """What a cron makes goes with it only where its ``retentionPolicy`` says so."""
    if text(cron, "spec", "retentionPolicy") != "None":
        return {}
    return {"ownerReferences": [controller_reference(DATA_IMPORT_CRON, cron)]}


def _import(cron: Document, digest: str, now: float) -> Document:
    """The DataVolume of one version, pinned by its digest."""
    template = deepcopy(child(cron, "spec", "template"))
    spec = child(template, "spec")
    url = text(spec, "source", "registry", "url")
    if url:
        put(spec, f"{polls.without_version(url)}@{digest}", "source", "registry", "url")
    metadata = child(template, "metadata")
    retain = strings(cron, "metadata", "annotations").get(_RETAIN)
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
                _LAST_USE: stamp(now),
                **({_RETAIN: retain} if retain else {}),
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
                "labels": {**_labels(seen.cron)},
                **_ownership(seen.cron),
            },
            "spec": {"source": source},
        }
        yield Create(kind=DATA_SOURCE, document=document)
        return
    if _manager(seen.source) != name_of(seen.cron):
        return  # it is somebody else's, and stays as it is
    body: Document = {}
    if source and child(seen.source, "spec", "source") != source:
        body["spec"] = {"source": {**source, "snapshot": None, "dataSource": None}}
    present = child(seen.source, "metadata", "labels")
    new = difference(present, {**present, **_labels(seen.cron)})
    if new:
        body["metadata"] = {"labels": new}
    if body:
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
    seen: Seen,
    digest: str,
    found: tuple[Document | None, Document | None, Document | None],
    now: float,
) -> Document:
    current, before, newest = found
    made: Document = {**child(seen.cron, "status")}
    polled = polls.polled(seen.cron)
    if polled:
        made["lastExecutionTimestamp"] = stamp(polled)
    if digest and (before is None or _is_broken(before)):
        name = import_name(seen.cron, digest)
        made["currentImports"] = [{"DataVolumeName": name, "Digest": digest}]
    if newest is not None:
        place: Document = {"name": name_of(newest), "namespace": namespace_of(newest)}
        if child(made, "lastImportedPVC") != place:
            made["lastImportedPVC"] = place
            made["lastImportTimestamp"] = stamp(now)
    if current is not None and _is_done(current):
        made["sourceFormat"] = "pvc"
    wanted = [_progressing(current or before), _up_to_date(digest, current)]
    made["conditions"] = conditions.beating(objects(made, "conditions"), wanted, now)
    return made


def _progressing(volume: Document | None) -> Document:
    phase = text(volume or {}, "status", "phase")
    if volume is None or phase == "Succeeded":
        reason, message = "NoImport", "No current import"
    elif phase == "ImportScheduled":
        reason, message = phase, "Import is scheduled"
    elif phase == "ImportInProgress":
        reason, message = "ImportProgressing", "Import is progressing"
    else:
        reason, message = phase, f"Import DataVolume phase {phase}"
    word = "True" if phase == "ImportInProgress" else "False"
    return condition("Progressing", word, reason=reason, message=message)


def _up_to_date(digest: str, current: Document | None) -> Document:
    if not digest:
        reason, message = "NoDigest", "No source digest"
    elif current is None:
        reason, message = "Outdated", "Source digest updated since last import"
    elif _is_done(current):
        message = "Latest import is up to date"
        return condition("UpToDate", "True", reason="UpToDate", message=message)
    else:
        reason, message = "ImportProgressing", "Import is progressing"
    return condition("UpToDate", "False", reason=reason, message=message)
