"""Definitions of kinds: ours are there for clients to read, and a deleted one takes its objects
along. Each group and version that is served has its APIService.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from virtctl.errors import ApiError, NotFound
from virtctl.local.api.customs.admitting import CLEANUP
from virtctl.local.api.customs.describing import describe, own_definitions
from virtctl.local.api.fingerprint import models_fingerprint
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Change, Create, Delete, Requeue, patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.owners import finalizers, is_deleting, without_finalizer
from virtctl.local.runtime.queue import Key, WorkQueue
from virtctl.models import documents
from virtctl.models.documents import Document, name_of, namespace_of, text, uid_of
from virtctl.models.kinds import API_SERVICE, DEFINITION, Kind
from virtctl.wire.paths import SUBRESOURCES_GROUP

log = logging.getLogger(__name__)

FINGERPRINT = "local.kubevirt.io/models"
"""Annotation of our own definitions: which models they were written from."""
_PATIENCE = 0.1  # seconds between looks at a kind whose objects are not gone yet
_AGGREGATED = ((SUBRESOURCES_GROUP, "v1"), (SUBRESOURCES_GROUP, "v1alpha3"))


@dataclass(frozen=True)
class Seen:
    """A definition, the objects of its kind when it is to go, and the services that lack."""

    definition: Document
    kind: Kind | None = None
    objects: tuple[Document, ...] = ()
    lacking: tuple[Document, ...] = ()


class DefinitionController:
    """Keeps definitions and API services."""

    name = "definitions"
    component = "crd-controller"

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled. Definitions are large: none is kept."""
        await describe_own(service)
        async with asyncio.TaskGroup() as tasks:
            queue = WorkQueue()
            tasks.create_task(self._watch(service, queue), name="definitions watch")
            tasks.create_task(self._work(service, clock, queue), name="definitions")

    async def _watch(self, service: ApiService, queue: WorkQueue) -> None:
        while True:
            stream = service.watch(DEFINITION)
            try:
                async for event in stream:
                    if event.type != "ERROR":
                        queue.add(Key("", name_of(event.object)))
            finally:
                stream.close()

    async def _work(self, service: ApiService, clock: Clock, queue: WorkQueue) -> None:
        while True:
            key = await queue.get()
            try:
                seen = self.observe(service, key)
                for change in () if seen is None else self.decide(seen, clock.now()):
                    if isinstance(change, Requeue):
                        queue.add(key, change.seconds)
                    else:
                        reconcile.carry_out(service, change, self.component, clock.now())
                queue.forget(key)
            except ApiError as error:
                delay = queue.retry(key)
                log.warning("definition %s: %s; again in %.2g s", key.name, error, delay)
            await asyncio.sleep(0)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The definition of ``key``."""
        try:
            definition = service.get(DEFINITION, None, key.name)
        except NotFound:
            return None
        if not is_deleting(definition):
            return Seen(definition, lacking=tuple(_lacking(service, _served(definition))))
        found = text(definition, "spec", "group"), text(definition, "spec", "names", "plural")
        kind = next(
            (each for each in service.registry.kinds if (each.group, each.plural) == found), None
        )
        items = () if kind is None else tuple(service.list(kind).items)
        return Seen(definition, kind, items)

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """What to change about one definition."""
        del now
        if not is_deleting(seen.definition):
            return [Create(kind=API_SERVICE, document=service) for service in seen.lacking]
        if CLEANUP not in finalizers(seen.definition):
            return []
        if not seen.objects or seen.kind is None:
            return [patch(DEFINITION, seen.definition, without_finalizer(seen.definition, CLEANUP))]
        return [*_removals(seen.kind, seen.objects), Requeue(_PATIENCE)]


def _removals(kind: Kind, items: Iterable[Document]) -> Iterator[Change]:
    for item in items:
        if not is_deleting(item):
            yield Delete(
                kind=kind, namespace=namespace_of(item), name=name_of(item), uid=uid_of(item)
            )


async def describe_own(service: ApiService) -> None:
    """Store the definitions of our own kinds, where they are missing or out of date.

    It yields to others after each: together they take as long as starting the server.
    """
    for group, version in _AGGREGATED:
        for document in _lacking(service, ((group, version),)):
            service.create(API_SERVICE, None, document)
    for kind in own_definitions():
        _keep(service, kind)
        await asyncio.sleep(0)


def _keep(service: ApiService, kind: Kind) -> None:
    stored = service.find(DEFINITION, None, kind.resource)
    fingerprint = models_fingerprint()
    if stored is not None:
        known = documents.strings(stored, "metadata", "annotations").get(FINGERPRINT)
        if known in {None, fingerprint}:  # one that a user has replaced is left alone
            return
    document = describe(kind)
    documents.put(document, fingerprint, "metadata", "annotations", FINGERPRINT)
    if stored is None:
        service.create(DEFINITION, None, document)
    else:
        document["status"] = documents.child(stored, "status")
        service.update(DEFINITION, None, kind.resource, document)


def _served(definition: Document) -> Iterator[tuple[str, str]]:
    group = text(definition, "spec", "group")
    for version in documents.objects(definition, "spec", "versions"):
        if version.get("served") is True:
            yield group, text(version, "name")


def _lacking(service: ApiService, served: Iterable[tuple[str, str]]) -> Iterator[Document]:
    for group, version in served:
        if not service.exists(API_SERVICE, None, f"{version}.{group}"):
            yield api_service(group, version)


def api_service(group: str, version: str) -> Document:
    """The APIService of a group and version; aggregated ones name who would serve them."""
    aggregated = group == SUBRESOURCES_GROUP
    spec: Document = {
        "group": group,
        "version": version,
        "groupPriorityMinimum": 1000,
        "versionPriority": 15 if aggregated else 100,
    }
    if aggregated:
        spec["service"] = {"name": "virt-api", "namespace": "kubevirt", "port": 443}
    reason = "Passed" if aggregated else "Local"
    return {
        "apiVersion": API_SERVICE.api_version,
        "kind": API_SERVICE.name,
        "metadata": {"name": f"{version}.{group}"},
        "spec": spec,
        "status": {
            "conditions": [
                {
                    "type": "Available",
                    "status": "True",
                    "reason": reason,
                    "message": "the group and version is served here",
                }
            ]
        },
    }
