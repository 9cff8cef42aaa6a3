"""Owner references: what loses its owners goes; foreground and orphan deletion.

Kubernetes' garbage collector, over all served kinds. An owner of a kind that is not served counts
as being there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from virtctl.errors import ApiError, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Delete, delete, patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.informer import Informer, Seen, key_of
from virtctl.local.runtime.owners import (
    FOREGROUND,
    ORPHAN,
    finalizers,
    is_deleting,
    references,
    without_finalizer,
)
from virtctl.local.runtime.queue import Key, WorkQueue
from virtctl.models.documents import Document, JsonValue, flag, text, uid_of
from virtctl.models.kinds import Kind

log = logging.getLogger(__name__)

_NEVER_OWN = {"Event", "Lease"}


@dataclass(frozen=True)
class Dependent:
    """An object that names the one in question as its owner."""

    kind: Kind
    document: Document


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An object, the references to owners of it that are there, and what depends on it."""

    kind: Kind
    document: Document
    owners_there: tuple[Document, ...] = ()
    dependents: tuple[Dependent, ...] = ()


class GarbageController:
    """Collects garbage of all kinds."""

    name = "garbage"
    component = "garbage-collector"

    def __init__(self) -> None:
        self._informers: dict[str, Informer] = {}

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled. Kinds that definitions add are followed, too."""
        queue, changed = WorkQueue(), asyncio.Event()
        self._informers = {}
        unsubscribe = service.registry.subscribe(changed.set)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._work(service, clock, queue), name="garbage")
                while True:
                    changed.clear()
                    for informer in self._added(service, queue):
                        tasks.create_task(informer.run(), name=f"garbage {informer.kind.plural}")
                    await changed.wait()
        finally:
            unsubscribe()

    def _added(self, service: ApiService, queue: WorkQueue) -> Iterator[Informer]:
        """Informers of the kinds that have none yet."""
        notify = self._notify(service, queue)
        for kind in service.registry.kinds:
            if kind.name not in _NEVER_OWN and kind.resource not in self._informers:
                informer = Informer(service, kind, notify)
                self._informers[kind.resource] = informer
                yield informer

    def _notify(self, service: ApiService, queue: WorkQueue) -> Callable[[Seen], None]:
        def notify(seen: Seen) -> None:
            document = seen.latest
            concerned = seen.new is not None and (
                references(document) or _waits(document, ORPHAN) or _waits(document, FOREGROUND)
            )
            if concerned:
                queue.add(_joined(seen.kind, document))
            if seen.new is None:
                for dependent in self._dependents(uid_of(document)):
                    queue.add(_joined(dependent.kind, dependent.document))
                for owner in self._owners(service, document):
                    queue.add(owner)

        return notify

    def _owners(self, service: ApiService, document: Document) -> Iterator[Key]:
        for reference in references(document):
            kind = _kind_of(service, reference)
            if kind is not None:
                namespace = key_of(document).namespace if kind.namespaced else ""
                yield Key(f"{kind.resource}|{namespace}", text(reference, "name"))

    def _dependents(self, uid: str) -> Iterator[Dependent]:
        for informer in self._informers.values():
            for document in informer.owned_by(uid):
                yield Dependent(informer.kind, document)

    async def _work(self, service: ApiService, clock: Clock, queue: WorkQueue) -> None:
        while True:
            key = await queue.get()
            try:
                self._turn(service, clock, key)
                queue.forget(key)
            except ApiError as error:
                delay = queue.retry(key)
                log.warning("garbage %s: %s; again in %.2g s", "/".join(key), error, delay)
            await asyncio.sleep(0)

    def _turn(self, service: ApiService, clock: Clock, key: Key) -> None:
        resource, _, namespace = key.namespace.partition("|")
        informer = self._informers.get(resource)
        if informer is None:
            return
        try:
            document = service.get(informer.kind, namespace or None, key.name)
        except NotFound:
            return
        subject = Subject(
            kind=informer.kind,
            document=document,
            owners_there=tuple(
                one for one in references(document) if _is_there(service, one, namespace)
            ),
            dependents=tuple(self._dependents(uid_of(document))),
        )
        for change in self.decide(subject):
            reconcile.carry_out(service, change, self.component, clock.now())

    def decide(self, subject: Subject) -> list[reconcile.Doable]:
        """What to change because of owner references."""
        document = subject.document
        if _waits(document, ORPHAN):
            return _orphan(subject)
        if _waits(document, FOREGROUND):
            return _foreground(subject)
        if is_deleting(document) or len(references(document)) == len(subject.owners_there):
            return []
        if not subject.owners_there:
            return [delete(subject.kind, document)]
        body: Document = {"metadata": {"ownerReferences": [*subject.owners_there]}}
        return [patch(subject.kind, document, body)]


def _kind_of(service: ApiService, reference: Document) -> Kind | None:
    return service.registry.by_name(text(reference, "apiVersion"), text(reference, "kind"))


def _joined(kind: Kind, document: Document) -> Key:
    key = key_of(document)
    return Key(f"{kind.resource}|{key.namespace}", key.name)


def _waits(document: Document, finalizer: str) -> bool:
    return is_deleting(document) and finalizer in finalizers(document)


def _is_there(service: ApiService, reference: Document, namespace: str) -> bool:
    kind = _kind_of(service, reference)
    if kind is None:
        return True
    try:
        found = service.get(kind, namespace if kind.namespaced else None, text(reference, "name"))
    except NotFound:
        return False
    return uid_of(found) == text(reference, "uid")


def _orphan(subject: Subject) -> list[reconcile.Doable]:
    """Dependents forget their owner, then the owner may go."""
    uid = uid_of(subject.document)
    made: list[reconcile.Doable] = []
    for dependent in subject.dependents:
        kept: list[JsonValue] = [
            one for one in references(dependent.document) if text(one, "uid") != uid
        ]
        body: Document = {"metadata": {"ownerReferences": kept or None}}
        made.append(patch(dependent.kind, dependent.document, body))
    body = without_finalizer(subject.document, ORPHAN)
    return [*made, patch(subject.kind, subject.document, body)]


def _foreground(subject: Subject) -> list[reconcile.Doable]:
    """Dependents go first; the owner waits for those that block it."""
    made: list[reconcile.Doable] = [
        _removal(dependent)
        for dependent in subject.dependents
        if not is_deleting(dependent.document)
    ]
    if not any(_blocks(dependent, subject.document) for dependent in subject.dependents):
        body = without_finalizer(subject.document, FOREGROUND)
        made.append(patch(subject.kind, subject.document, body))
    return made


def _removal(dependent: Dependent) -> Delete:
    return delete(dependent.kind, dependent.document)


def _blocks(dependent: Dependent, owner: Document) -> bool:
    return any(
        text(one, "uid") == uid_of(owner) and flag(one, "blockOwnerDeletion")
        for one in references(dependent.document)
    )
