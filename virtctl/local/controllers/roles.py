"""Roles: those that are shipped are there, and aggregated ones say what they are the sum of."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.access.authorizer import aggregated
from virtctl.local.api.access.shipped import SHIPPED, Item
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Change, patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, child, find, name_of
from virtctl.models.kinds import CLUSTER_ROLE

_ALL = Key("", "*")
_RULED = {name_of(item.document) for item in SHIPPED if item.document.get("rules")}


@dataclass(frozen=True)
class Seen:
    """All cluster roles."""

    roles: tuple[Document, ...]


class RoleController:
    """Keeps the rules of aggregated cluster roles."""

    name = "roles"
    component = "clusterrole-aggregation-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Any cluster role can be a part of any other."""
        return (Watched(CLUSTER_ROLE, lambda _: (_ALL,)),)

    def prepare(self, service: ApiService) -> None:
        """Make what is shipped and missing, and bring shipped rules up to date."""
        for item in SHIPPED:
            _keep(service, item)

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen:
        """All roles, whichever changed."""
        del key
        return Seen(tuple(service.list(CLUSTER_ROLE).items))

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """Write the rules of the aggregated roles that are out of date."""
        del now
        made: list[Change] = []
        for role in seen.roles:
            if not child(role, "aggregationRule"):
                continue
            rules = [rule.document() for rule in aggregated(role, seen.roles)]
            if rules != (find(role, "rules") or []):
                made.append(patch(CLUSTER_ROLE, role, {"rules": [*rules]}))
        return made


def _keep(service: ApiService, item: Item) -> None:
    name = name_of(item.document)
    document: Document = {
        "apiVersion": item.kind.api_version,
        "kind": item.kind.name,
        **deepcopy(item.document),
    }
    try:
        known = service.get(item.kind, None, name)
    except NotFound:
        service.create(item.kind, None, document)
        return
    if item.kind == CLUSTER_ROLE and name in _RULED:
        service.update(item.kind, None, name, {**known, "rules": document["rules"]})
