"""ResourceQuotas: how much of each is used. Who refuses to go beyond them is admission."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.quotas.allowance import hard, used_of
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Change, Requeue, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, child, name_of, namespace_of
from virtctl.models.kinds import (
    CONFIG_MAP,
    POD,
    PVC,
    RESOURCE_QUOTA,
    SECRET,
    SERVICE,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
    Kind,
)
from virtctl.wire.quantities import Quantity

_COUNTED = (POD, PVC, SERVICE, CONFIG_MAP, SECRET, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE)
RESYNC = 30.0
"""Seconds until objects of kinds that are not watched are counted again."""


@dataclass(frozen=True)
class Seen:
    """A quota and what is used of it."""

    quota: Document
    used: dict[str, Quantity]


class StoredObjects:
    """What ``service`` has, as rules read it."""

    def __init__(self, service: ApiService) -> None:
        self._service = service

    def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """One object; None when it is not there."""
        try:
            return self._service.get(kind, namespace, name)
        except NotFound:
            return None

    def list(self, kind: Kind, namespace: str) -> Iterable[Document]:
        """The objects of a namespace."""
        return self._service.list(kind, namespace).items


class QuotaController:
    """Keeps the status of ResourceQuotas."""

    name = "quota"
    component = "resourcequota-controller"

    def __init__(self) -> None:
        self._known: set[Key] = set()

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Quotas, and what they are mostly about."""
        counted = (Watched(kind, self._quotas_near) for kind in _COUNTED)
        return (Watched(RESOURCE_QUOTA, self._note), *counted)

    def _note(self, quota: Document) -> Iterable[Key]:
        key = Key(namespace_of(quota), name_of(quota))
        self._known.add(key)
        return (key,)

    def _quotas_near(self, document: Document) -> Iterable[Key]:
        return tuple(key for key in self._known if key.namespace == namespace_of(document))

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The quota of ``key`` and what is used of it."""
        try:
            quota = service.get(RESOURCE_QUOTA, *key)
        except NotFound:
            self._known.discard(key)
            return None
        return Seen(quota, used_of(quota, hard(quota), StoredObjects(service)))

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """The quota's status."""
        del now
        if is_deleting(seen.quota):
            return ()
        status: Document = {
            "hard": dict(child(seen.quota, "spec", "hard")),
            "used": {name: str(amount) for name, amount in sorted(seen.used.items())},
        }
        return (*status_patch(RESOURCE_QUOTA, seen.quota, status), Requeue(RESYNC))
