"""MTQ: what migrations may use beyond quotas, and which of them need it.

The pod that a machine is moved into is let through by admission; here is only said how it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.quotas.allowance import hard
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, reconcile
from virtctl.local.runtime.changes import Change, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.installations import deployed
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    name_of,
    namespace_of,
    text,
)
from virtctl.models.kinds import MIGRATION, MIGRATION_QUOTA, MTQ, RESOURCE_QUOTA
from virtctl.wire.quantities import Quantity, parse_quantity

_OVER = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True)
class Seen:
    """MTQ's object, or what migrations of a namespace may use, with its quotas and migrations."""

    installation: Document | None = None
    quota: Document | None = None
    limits: tuple[Document, ...] = ()
    migrations: tuple[Document, ...] = ()


class MigrationQuotaController:
    """Keeps the status of both kinds; the keys of MTQ objects have no namespace."""

    name = "migration quotas"
    component = "mtq-controller"

    def __init__(self, version: str) -> None:
        self._version = version
        self._known: set[Key] = set()

    @property
    def watched(self) -> tuple[Watched, ...]:
        """MTQ's kinds, and what they are about."""
        return (
            Watched(MTQ, reconcile.itself),
            Watched(MIGRATION_QUOTA, self._note),
            Watched(MIGRATION, self._near),
            Watched(RESOURCE_QUOTA, self._near),
        )

    def _note(self, quota: Document) -> Iterable[Key]:
        key = Key(namespace_of(quota), name_of(quota))
        self._known.add(key)
        return (key,)

    def _near(self, document: Document) -> Iterable[Key]:
        return tuple(key for key in self._known if key.namespace == namespace_of(document))

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """What ``key`` names, and what else is in its namespace."""
        try:
            if not key.namespace:
                return Seen(installation=service.get(MTQ, None, key.name))
            quota = service.get(MIGRATION_QUOTA, *key)
        except NotFound:
            self._known.discard(key)
            return None
        return Seen(
            quota=quota,
            limits=tuple(service.list(RESOURCE_QUOTA, key.namespace).items),
            migrations=tuple(service.list(MIGRATION, key.namespace).items),
        )

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """The status."""
        if seen.installation is not None:
            status = deployed(seen.installation, self._version or "dev", now)
            return status_patch(MTQ, seen.installation, status)
        if seen.quota is None or is_deleting(seen.quota):
            return ()
        return status_patch(MIGRATION_QUOTA, seen.quota, _status(seen.quota, seen))


def _status(quota: Document, seen: Seen) -> Document:
    more: Document = dict(child(quota, "spec", "additionalMigrationResources"))
    blocking = [limit for limit in seen.limits if _is_near(limit, more)]
    names: list[JsonValue] = [name_of(limit) for limit in blocking]
    moved = [
        name_of(one)
        for one in seen.migrations
        if text(one, "status", "phase") not in {*_OVER, "Running"}
        and conditions.holds(one, "migrationRejectedByResourceQuota")
    ]
    status: Document = {"additionalMigrationResources": more}
    if moved and names:
        status["migrationsToBlockingResourceQuotas"] = dict.fromkeys(moved, names)
        status["originalBlockingResourceQuotas"] = [
            {"name": name_of(limit), "spec": dict(child(limit, "spec"))} for limit in blocking
        ]
    return status


def _is_near(limit: Document, more: Document) -> bool:
    """Whether less than ``more`` is left of a ResourceQuota."""
    used = child(limit, "status", "used")
    for name, most in hard(limit).items():
        amount, taken = more.get(name), used.get(name, 0)
        if isinstance(amount, (str, int, float)) and isinstance(taken, (str, int, float)):
            left = most - parse_quantity(taken)
            if left < parse_quantity(amount) or left <= Quantity(0):
                return True
    return False
