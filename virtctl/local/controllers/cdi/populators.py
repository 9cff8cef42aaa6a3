"""Claims that name what they are to be filled from: the wish is written on them.

CDI makes such a claim with a second, prime one, which is filled and whose volume is handed over.
Here a claim is filled in place, as that of a DataVolume is, and nobody uses it before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import fillings, reconcile
from virtctl.local.runtime.changes import Announce, Change, Requeue, patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, child, find, text
from virtctl.models.kinds import (
    PVC,
    VOLUME_CLONE_SOURCE,
    VOLUME_IMPORT_SOURCE,
    VOLUME_UPLOAD_SOURCE,
    Kind,
)

_LOOK_AGAIN = 2.0
_KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (VOLUME_IMPORT_SOURCE, VOLUME_UPLOAD_SOURCE, VOLUME_CLONE_SOURCE)
}
_COPIED = {"PersistentVolumeClaim": "pvc", "VolumeSnapshot": "snapshot"}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A claim that nothing was written on yet, what it names, and that object if it is ours."""

    claim: Document
    kind: str
    namespace: str
    name: str
    source: Document | None = None


class PopulatorController:
    """Writes on claims what is to be put into them."""

    name = "populators"
    component = "populator-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Claims; what they name is looked up."""
        return (Watched(PVC, reconcile.itself),)

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The claim of ``key``, if there is something to write."""
        try:
            claim = service.get(PVC, *key)
        except NotFound:
            return None
        origin = fillings.content_reference(claim)
        if origin is None or origin[0] not in fillings.CONTENTS or fillings.wanted(claim):
            return None
        kind, namespace, name = origin
        source = service.find(_KINDS[kind], namespace, name) if kind in _KINDS else None
        return Seen(claim=claim, kind=kind, namespace=namespace, name=name, source=source)

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """The claim's annotations."""
        del now
        if is_deleting(seen.claim):
            return ()
        marks = dict(_wish(seen))
        if not marks:
            message = f'{seen.kind} "{seen.namespace}/{seen.name}" not found'
            if seen.source is not None:
                message = f'{seen.kind} "{seen.namespace}/{seen.name}" has no source'
            event = Announce(
                about=seen.claim, reason="PopulatorNotFound", message=message, warning=True
            )
            return (event, Requeue(_LOOK_AGAIN))
        return (patch(PVC, seen.claim, {"metadata": {"annotations": {**marks}}}),)


def _wish(seen: Seen) -> Iterable[tuple[str, str]]:
    if seen.kind in _COPIED:
        source: Document = {_COPIED[seen.kind]: {"name": seen.name, "namespace": seen.namespace}}
        yield from fillings.wish(source, seen.namespace).items()
        return
    if seen.source is None:
        return
    marks = fillings.wish(_source(seen.kind, seen.source), seen.namespace)
    yield from marks.items()
    if marks:
        spec = child(seen.source, "spec")
        yield fillings.CONTENT, text(spec, "contentType") or "kubevirt"
        if find(spec, "preallocation") is True:
            yield fillings.PREALLOCATE, "true"


def _source(kind: str, document: Document) -> Document:
    """A populator's source in the form of a DataVolume's."""
    if kind == VOLUME_UPLOAD_SOURCE.name:
        return {"upload": {}}
    source = child(document, "spec", "source")
    if kind == VOLUME_IMPORT_SOURCE.name:
        return source
    copied = _COPIED.get(text(source, "kind"))
    return {copied: {"name": text(source, "name")}} if copied else {}
