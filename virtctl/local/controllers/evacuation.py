"""Machines that must leave their node: a migration for each (api.md §5, evictions).

One must leave when an eviction of its pod was answered by moving it, and when its node has the
taint by which nodes are drained and its eviction strategy says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from virtctl.errors import TooManyRequests
from virtctl.local.api.service import ApiService
from virtctl.local.api.verbs.eviction import must_move
from virtctl.local.runtime import conditions, migrating, migrationsettings, phases, reconcile
from virtctl.local.runtime.changes import Announce, Change, Create, Requeue
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.times import seconds
from virtctl.models.documents import (
    Document,
    child,
    name_of,
    namespace_of,
    objects,
    text,
)
from virtctl.models.kinds import KUBEVIRT, MIGRATION, NODE, VIRTUAL_MACHINE_INSTANCE

_AGAIN = 30.0  # seconds after a migration that failed
_PATIENCE = 5.0  # seconds between looks whether there is room for one more


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A node, the instances on it, all migrations, and the KubeVirt object's configuration."""

    node: Document
    vmis: tuple[Document, ...]
    migrations: tuple[Document, ...] = ()
    configuration: Document | None = None


class EvacuationController:
    """Makes migrations for machines that must leave their node."""

    name = "evacuation"
    component = "disruptionbudget-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Nodes, and what is on them."""
        return (
            Watched(NODE, lambda node: (Key("", name_of(node)),)),
            Watched(VIRTUAL_MACHINE_INSTANCE, _of_instance),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """What is on the node."""
        node = service.find(NODE, None, key.name)
        if node is None:
            return None
        vmis = service.list(VIRTUAL_MACHINE_INSTANCE).items
        found = [child(one, "spec", "configuration") for one in service.list(KUBEVIRT).items]
        return Seen(
            node=node,
            vmis=tuple(vmi for vmi in vmis if text(vmi, "status", "nodeName") == key.name),
            migrations=tuple(service.list(MIGRATION).items),
            configuration=found[0] if found else {},
        )

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """The migrations that are to be made now."""
        leaving = [vmi for vmi in seen.vmis if _must_leave(vmi, seen)]
        room = migrationsettings.limits(seen.configuration or {}).node - sum(
            _is_moving(vmi, seen.migrations) for vmi in seen.vmis
        )
        made: list[Change] = []
        for vmi in leaving:
            if _is_moving(vmi, seen.migrations):
                continue
            if room <= 0 or _failed_lately(vmi, seen.migrations, now):
                made.append(Requeue(_PATIENCE))
                continue
            room -= 1
            made.extend(_move(vmi))
        return made


def _of_instance(vmi: Document) -> tuple[Key, ...]:
    node = text(vmi, "status", "nodeName")
    return (Key("", node),) if node else ()


def _must_leave(vmi: Document, seen: Seen) -> bool:
    if is_deleting(vmi) or phases.phase_of(vmi) != "Running":
        return False
    if not conditions.holds(vmi, "LiveMigratable"):
        return False
    if text(vmi, "status", "evacuationNodeName") == name_of(seen.node):
        return True
    return _is_drained(seen) and _would_move(vmi, seen.configuration or {})


def _is_drained(seen: Seen) -> bool:
    key = text(migrationsettings.settings(seen.configuration or {}), "nodeDrainTaintKey")
    return any(
        text(taint, "key") == key and text(taint, "effect") == "NoSchedule"
        for taint in objects(seen.node, "spec", "taints")
    )


def _would_move(vmi: Document, configuration: Document) -> bool:
    try:
        return must_move(vmi, configuration)
    except TooManyRequests:
        return False


def _is_moving(vmi: Document, migrations: tuple[Document, ...]) -> bool:
    return any(not migrating.is_final(one) for one in _of(vmi, migrations))


def _failed_lately(vmi: Document, migrations: tuple[Document, ...], now: float) -> bool:
    return any(
        text(one, "status", "phase") == "Failed" and now - _ended(one) < _AGAIN
        for one in _of(vmi, migrations)
    )


def _ended(migration: Document) -> float:
    passed = list(objects(migration, "status", "phaseTransitionTimestamps"))
    return seconds(text(passed[-1], "phaseTransitionTimestamp")) if passed else 0.0


def _of(vmi: Document, migrations: tuple[Document, ...]) -> list[Document]:
    near = [one for one in migrations if namespace_of(one) == namespace_of(vmi)]
    return migrating.migrations_of(near, name_of(vmi))


def _move(vmi: Document) -> Iterator[Change]:
    node = text(vmi, "status", "nodeName")
    migration: Document = {
        "apiVersion": MIGRATION.api_version,
        "kind": MIGRATION.name,
        "metadata": {
            "generateName": "kubevirt-evacuation-",
            "namespace": namespace_of(vmi),
            "annotations": {"kubevirt.io/evacuationMigration": node},
        },
        "spec": {"vmiName": name_of(vmi)},
    }
    yield Create(kind=MIGRATION, document=migration)
    message = f"Created Migration of VMI {namespace_of(vmi)}/{name_of(vmi)} away from {node}"
    yield Announce(about=vmi, reason="SuccessfulCreate", message=message)
