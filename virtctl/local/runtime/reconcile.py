"""The loop around every controller: observe, decide (pure), carry out.

The store answers without waiting, so one turn of the loop, from reading to the last write, is one
step of the event loop: what was decided is carried out on what was seen.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias, TypeVar, assert_never, runtime_checkable

from virtctl.errors import AlreadyExists, ApiError, Conflict, NotFound
from virtctl.local.api.contract import CONTROLLER, Actor, DeleteOptions, WriteOptions
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import changes, events
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.informer import Informer, Seen, key_of
from virtctl.local.runtime.queue import Key, WorkQueue
from virtctl.models.documents import Document, namespace_of, text
from virtctl.models.kinds import Kind
from virtctl.wire.patches import merge_patch

log = logging.getLogger(__name__)

Subject = TypeVar("Subject")

LEAD = 0.08
"""Seconds that a user has to follow up on a machine that was just made before a controller does:
no more than one takes on a cluster, where it hears of the machine from another process."""

Doable: TypeAlias = changes.Create | changes.Patch | changes.Delete | changes.Announce
"""A change to the store; the others are for the queue."""


@dataclass(frozen=True)
class Watched:
    """A kind that concerns a controller; ``keys`` are its objects that a document is about."""

    kind: Kind
    keys: Callable[[Document], Iterable[Key]]


def itself(document: Document) -> Iterable[Key]:
    """The document's own key: for the kind that a controller is about."""
    return (key_of(document),)


def owner(kind: Kind) -> Callable[[Document], Iterable[Key]]:
    """Keys of the owners of ``kind`` that a document names."""

    def keys(document: Document) -> Iterable[Key]:
        for reference in _references(document):
            if text(reference, "kind") == kind.name:
                namespace = namespace_of(document) if kind.namespaced else ""
                yield Key(namespace, text(reference, "name"))

    return keys


def _references(document: Document) -> list[Document]:
    metadata = document.get("metadata")
    found = metadata.get("ownerReferences") if isinstance(metadata, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


class Controller(Protocol[Subject]):
    """What ``run`` loops around. ``component`` is the source of its events."""

    name: str
    component: str

    @property
    def watched(self) -> tuple[Watched, ...]:
        """The kinds that concern it."""

    def observe(self, service: ApiService, key: Key) -> Subject | None:
        """All that ``decide`` needs; None when there is nothing to decide."""

    def decide(self, seen: Subject, now: float) -> Sequence[changes.Change]:
        """What to change. Pure."""


@runtime_checkable
class Explains(Protocol):
    """A controller that says on its objects why a change was refused."""

    def refused(
        self, seen: object, change: Doable, error: ApiError, now: float
    ) -> Sequence[Doable]:
        """What to say of ``change``, which ``error`` kept from being done. Pure."""


async def run(
    controller: Controller[Subject], service: ApiService, clock: Clock, *, lead: float = 0.0
) -> None:
    """Run ``controller`` until cancelled; what a user makes is looked at ``lead`` seconds later."""
    queue = WorkQueue()
    async with asyncio.TaskGroup() as tasks:
        for watched in controller.watched:
            informer = Informer(service, watched.kind, _enqueue(queue, watched.keys, lead))
            tasks.create_task(informer.run(), name=f"{controller.name} {watched.kind.plural}")
        tasks.create_task(_work(controller, service, clock, queue), name=controller.name)


def _enqueue(
    queue: WorkQueue, keys: Callable[[Document], Iterable[Key]], lead: float
) -> Callable[[Seen], None]:
    def notify(seen: Seen) -> None:
        if keys is itself and seen.before is None and not _references(seen.latest):
            queue.add(key_of(seen.latest), lead)
            return
        # What an object is about may have changed, but not its own key.
        for document in (seen.latest,) if keys is itself else (seen.old, seen.new):
            if document is not None:
                for key in keys(document):
                    queue.add(key)

    return notify


async def _work(
    controller: Controller[Subject], service: ApiService, clock: Clock, queue: WorkQueue
) -> None:
    while True:
        key = await queue.get()
        turn(controller, service, clock, queue, key)
        await asyncio.sleep(0)  # many due keys must not keep streams and requests waiting


def turn(
    controller: Controller[Subject], service: ApiService, clock: Clock, queue: WorkQueue, key: Key
) -> None:
    """One look at one object. Failures put the key back with a growing delay."""
    try:
        now = clock.now()
        seen = controller.observe(service, key)
        if seen is not None:
            for change in controller.decide(seen, now):
                if isinstance(change, changes.Requeue):
                    queue.add(key, change.seconds)
                else:
                    _attempt(controller, service, seen, change, now)
        queue.forget(key)
    except Conflict:
        queue.retry(key)
    except ApiError as error:
        delay = queue.retry(key)
        log.warning("%s %s: %s; again in %.2g s", controller.name, "/".join(key), error, delay)
    except Exception:  # an object that trips a mistake of ours must not stop the others
        delay = queue.retry(key)
        log.exception("%s %s failed; again in %.2g s", controller.name, "/".join(key), delay)


def _attempt(
    controller: Controller[Subject],
    service: ApiService,
    seen: Subject,
    change: Doable,
    now: float,
) -> None:
    """Do one change; a refusal is explained, and raised."""
    try:
        carry_out(service, change, controller.component, now)
    except Conflict:
        raise
    except ApiError as error:
        if isinstance(controller, Explains):
            for said in controller.refused(seen, change, error, now):
                carry_out(service, said, controller.component, now)
        raise


def carry_out(
    service: ApiService,
    change: Doable,
    component: str,
    now: float,
    *,
    host: str = "",
    actor: Actor = CONTROLLER,
) -> None:
    """Do one change. Raises ``ApiError``; objects that are there or gone already are no error."""
    write = WriteOptions(actor=actor, field_manager=component)
    match change:
        case changes.Create():
            namespace = namespace_of(change.document) or None
            try:
                service.create(change.kind, namespace, change.document, write)
            except AlreadyExists:
                log.debug("%s exists already", change.kind.name)
        case changes.Patch():
            if change.admitted:
                write = replace(write, actor=replace(actor, system=False))
            try:
                service.patch(
                    change.kind,
                    change.namespace or None,
                    change.name,
                    merge_patch(change.body),
                    subresource=change.subresource,
                    options=write,
                )
            except NotFound:
                log.debug("%s %s is gone", change.kind.name, change.name)
        case changes.Delete():
            options = DeleteOptions(
                actor=actor,
                propagation=change.propagation,
                grace_period_seconds=change.grace_period_seconds,
                precondition_uid=change.uid,
            )
            try:
                service.delete(change.kind, change.namespace or None, change.name, options)
            except (NotFound, Conflict):
                log.debug("%s %s is gone", change.kind.name, change.name)
        case changes.Announce():
            events.record(service, change, component, now, host)
        case _:
            assert_never(change)
