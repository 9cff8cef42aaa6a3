"""VirtualMachineInstanceMigration: a pod on another node, the hand-over, and its end (api.md §1.3).

The nodes do the work: the target's agent starts a launcher that waits for the guest, the source's
has its launcher send it. They tell of it in ``migrationState`` of the instance, which this
controller begins, and reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, migrating, migrationsettings, phases, reconcile
from virtctl.local.runtime.changes import (
    Announce,
    Change,
    Create,
    Requeue,
    delete,
    patch,
    status_patch,
)
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.migrationpod import target_pod
from virtctl.local.runtime.owners import (
    finalizers,
    is_controlled_by,
    is_deleting,
    without_finalizer,
)
from virtctl.local.runtime.podmanifest import CREATED_BY
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.times import seconds, stamp
from virtctl.models.documents import (
    Document,
    child,
    flag,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import (
    KUBEVIRT,
    MIGRATION,
    MIGRATION_POLICY,
    NAMESPACE,
    POD,
    RESOURCE_QUOTA,
    VIRTUAL_MACHINE_INSTANCE,
)

FINALIZER = "kubevirt.io/migrationJobFinalize"
_KEPT = 5  # migrations of an instance that are over
_PATIENCE = 5.0  # seconds between looks whether there is room for one more
_UNSCHEDULABLE = 300.0  # seconds that a target pod may wait for a node
_AT_WORK = frozenset({"Scheduling", "Scheduled", "PreparingTarget", "TargetReady", "Running"})
_REJECTED = "migrationRejectedByResourceQuota"
_ABORTED = "migrationAbortRequested"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A migration, its instance, the pods that matter, and what else is under way.

    ``others`` are all other migrations, ``sources`` the nodes that instances leave, by migration.
    """

    migration: Document
    vmi: Document | None = None
    source: Document | None = None
    target: Document | None = None
    others: tuple[Document, ...] = ()
    sources: dict[str, str] | None = None
    configuration: Document | None = None
    policy: Document | None = None

    @property
    def phase(self) -> str:
        """The migration's phase."""
        return text(self.migration, "status", "phase")

    @property
    def state(self) -> Document:
        """What the instance tells of this migration."""
        found = migrating.state_of(self.vmi, uid_of(self.migration)) if self.vmi else {}
        return found or child(self.migration, "status", "migrationState")


class MigrationController:
    """Moves instances."""

    name = "migration"
    component = "virtualmachineinstancemigration-controller"

    def __init__(self) -> None:
        self._known: dict[Key, set[Key]] = {}
        self._rejected: set[Key] = set()

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Migrations, their instances and their pods, and what may let a rejected one go on."""
        return (
            Watched(MIGRATION, self._note),
            Watched(VIRTUAL_MACHINE_INSTANCE, self._about),
            Watched(POD, _of_pod),
            Watched(RESOURCE_QUOTA, self._rejected_in),
        )

    def _note(self, migration: Document) -> tuple[Key, ...]:
        key = Key(namespace_of(migration), name_of(migration))
        vmi = Key(key.namespace, text(migration, "spec", "vmiName"))
        self._known.setdefault(vmi, set()).add(key)
        if conditions.holds(migration, _REJECTED) and not migrating.is_final(migration):
            self._rejected.add(key)
        else:
            self._rejected.discard(key)
        return (key,)

    def _rejected_in(self, quota: Document) -> tuple[Key, ...]:
        return tuple(key for key in self._rejected if key.namespace == namespace_of(quota))

    def _about(self, vmi: Document) -> tuple[Key, ...]:
        return tuple(self._known.get(Key(namespace_of(vmi), name_of(vmi)), ()))

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The migration of ``key`` and all that it hangs on."""
        try:
            migration = service.get(MIGRATION, *key)
        except NotFound:
            for known in self._known.values():
                known.discard(key)
            self._rejected.discard(key)
            return None
        vmi = service.find(VIRTUAL_MACHINE_INSTANCE, key.namespace, _vmi_name(migration))
        every = service.list(MIGRATION).items
        pods = _pods(service, vmi)
        made = service.list(POD, key.namespace, labels=f"{migrating.JOB}={uid_of(migration)}").items
        return Seen(
            migration=migration,
            vmi=vmi,
            source=migrating.guest_pod(vmi, pods) if vmi is not None else None,
            target=next(iter(made), None),
            others=tuple(one for one in every if uid_of(one) != uid_of(migration)),
            sources=_sources(service, every),
            configuration=_configuration(service),
            policy=_policy(service, vmi),
        )

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """The migration's next step."""
        if migrating.is_final(seen.migration):
            return list(_after(seen))
        status = deepcopy(child(seen.migration, "status"))
        made = list(_step(seen, status, now))
        if text(status, "phase") not in {"", "Pending"}:
            _let_in(status, now)
        return [*made, *status_patch(MIGRATION, seen.migration, status)]

    def refused(
        self, seen: object, change: reconcile.Doable, error: Exception, now: float
    ) -> list[reconcile.Doable]:
        """A target pod that a quota forbids keeps the migration waiting, and says why."""
        if not isinstance(change, Create) or not isinstance(seen, Seen):
            return []
        status = deepcopy(child(seen.migration, "status"))
        phases.enter(status, "Pending", now)
        if "exceeded quota" not in str(error):
            return list(status_patch(MIGRATION, seen.migration, status))
        said = condition(_REJECTED, "True", reason="RejectedByResourceQuota", message=str(error))
        status["conditions"] = conditions.merged(objects(status, "conditions"), [said], now)
        return list(status_patch(MIGRATION, seen.migration, status))


def _let_in(status: Document, now: float) -> None:
    """No quota is in the way of a target pod that is there; changes ``status``."""
    known = list(objects(status, "conditions"))
    if any(text(one, "type") == _REJECTED for one in known):
        status["conditions"] = conditions.merged(known, (), now, drop=(_REJECTED,))


def _vmi_name(migration: Document) -> str:
    return text(migration, "spec", "vmiName")


def _of_pod(pod: Document) -> tuple[Key, ...]:
    name = strings(pod, "metadata", "annotations").get(migrating.JOB_NAME, "")
    return (Key(namespace_of(pod), name),) if name else ()


def _pods(service: ApiService, vmi: Document | None) -> list[Document]:
    if vmi is None:
        return []
    found = service.list(POD, namespace_of(vmi), labels=f"{CREATED_BY}={uid_of(vmi)}").items
    return [pod for pod in found if is_controlled_by(pod, vmi)]


def _sources(service: ApiService, migrations: list[Document]) -> dict[str, str]:
    """The nodes that instances of migrations at work leave, by the migrations' uids."""
    found = {}
    for one in migrations:
        if text(one, "status", "phase") in _AT_WORK:
            vmi = service.find(VIRTUAL_MACHINE_INSTANCE, namespace_of(one), _vmi_name(one))
            found[uid_of(one)] = text(vmi, "status", "nodeName") if vmi is not None else ""
    return found


def _configuration(service: ApiService) -> Document:
    for kubevirt in service.list(KUBEVIRT).items:
        return child(kubevirt, "spec", "configuration")
    return {}


def _policy(service: ApiService, vmi: Document | None) -> Document | None:
    if vmi is None:
        return None
    namespace = service.find(NAMESPACE, None, namespace_of(vmi))
    return migrationsettings.policy_for(vmi, namespace, service.list(MIGRATION_POLICY).items)


def _step(seen: Seen, status: Document, now: float) -> Iterator[Change]:
    """One step of a migration that is not over; changes ``status``."""
    vmi = seen.vmi
    if vmi is None or phases.is_final(vmi) or is_deleting(vmi):
        yield from _fail(seen, status, now, "the VMI is gone or has ended")
    elif _has_ended(seen):
        yield from _end(seen, status, now)
    elif is_deleting(seen.migration):
        yield from _abort(seen, vmi, status, now)
    elif seen.phase in {"", "Pending"}:
        yield from _begin(seen, vmi, status, now)
    elif _is_lost(seen.target):
        yield from _fail(seen, status, now, "the target pod failed or is gone")
    else:
        yield from _go_on(seen, vmi, status, now)


def _has_ended(seen: Seen) -> bool:
    return bool(seen.state) and not migrating.is_under_way(seen.state)


def _is_lost(target: Document | None) -> bool:
    return (
        target is None
        or is_deleting(target)
        or text(target, "status", "phase") in {"Succeeded", "Failed"}
    )


def _begin(seen: Seen, vmi: Document, status: Document, now: float) -> Iterator[Change]:
    phases.enter(status, "Pending", now)
    if seen.target is not None:
        phases.enter(status, "Scheduling", now)
        return
    if seen.source is None or not _has_room(seen, vmi):
        yield Requeue(_PATIENCE)
        return
    pod = target_pod(vmi, seen.source, seen.migration)
    yield Create(kind=POD, document=pod)
    message = f"Created migration target pod {namespace_of(pod)}/{name_of(pod)}"
    yield Announce(about=seen.migration, reason="SuccessfulCreate", message=message)
    phases.enter(status, "Scheduling", now)


def _has_room(seen: Seen, vmi: Document) -> bool:
    """Whether one more may be under way."""
    at_work = [node for uid, node in (seen.sources or {}).items() if uid != uid_of(seen.migration)]
    limits = migrationsettings.limits(seen.configuration or {})
    node = text(vmi, "status", "nodeName")
    return len(at_work) < limits.cluster and at_work.count(node) < limits.node


def _go_on(seen: Seen, vmi: Document, status: Document, now: float) -> Iterator[Change]:
    target = seen.target or {}
    match seen.phase:
        case "Scheduling" if text(target, "status", "phase") == "Running":
            phases.enter(status, "Scheduled", now)
        case "Scheduling":
            yield from _wait_for_node(seen, target, status, now)
        case "Scheduled":
            yield from _hand_over(seen, vmi, target)
            phases.enter(status, "PreparingTarget", now)
        case "PreparingTarget" if text(seen.state, "targetNodeAddress"):
            phases.enter(status, "TargetReady", now)
        case "TargetReady" if text(seen.state, "startTimestamp"):
            phases.enter(status, "Running", now)
            message = "VirtualMachineInstance is migrating."
            yield Announce(about=vmi, reason="Migrating", message=message)


def _wait_for_node(seen: Seen, target: Document, status: Document, now: float) -> Iterator[Change]:
    """A pod that fits nowhere is given up in the end."""
    since = seconds(text(target, "metadata", "creationTimestamp"))
    if text(target, "spec", "nodeName") or now - since < _UNSCHEDULABLE:
        yield Requeue(_PATIENCE)
        return
    why = f"the target pod found no node within {_UNSCHEDULABLE:g} seconds"
    yield from _fail(seen, status, now, why)


def _hand_over(seen: Seen, vmi: Document, target: Document) -> Iterator[Change]:
    """Hand the instance to the nodes."""
    source, node = seen.source or {}, text(target, "spec", "nodeName")
    settings = migrationsettings.settings(seen.configuration or {}, seen.policy)
    state: Document = {
        "migrationUid": uid_of(seen.migration),
        "mode": "PreCopy",
        "sourceNode": text(vmi, "status", "nodeName"),
        "sourcePod": name_of(source),
        "targetNode": node,
        "targetPod": name_of(target),
        "migrationConfiguration": settings,
    }
    if seen.policy is not None:
        state["migrationPolicyName"] = name_of(seen.policy)
    known = child(vmi, "status")
    active: Document = {**child(known, "activePods")}
    yield from status_patch(
        VIRTUAL_MACHINE_INSTANCE, vmi, {**known, "migrationState": state, "activePods": active}
    )
    label: Document = {"metadata": {"labels": {migrating.TARGET_NODE: node}}}
    yield patch(VIRTUAL_MACHINE_INSTANCE, vmi, label)
    message = "Migration target pod is ready for preparation by virt-handler."
    yield Announce(about=seen.migration, reason="SuccessfulHandOver", message=message)


def _end(seen: Seen, status: Document, now: float) -> Iterator[Change]:
    """The nodes are done with it."""
    if flag(seen.state, "failed"):
        why = text(seen.state, "failureReason") or "unknown"
        yield from _fail(seen, status, now, why)
        return
    phases.enter(status, "Succeeded", now)
    status["migrationState"] = dict(seen.state)
    message = "Source node reported migration succeeded"
    yield Announce(about=seen.migration, reason="SuccessfulMigration", message=message)


def _abort(seen: Seen, vmi: Document, status: Document, now: float) -> Iterator[Change]:
    """The migration was deleted before its end: the guest stays, if it still can."""
    said = condition(_ABORTED, "True", reason="MigrationAborted")
    status["conditions"] = conditions.merged(objects(status, "conditions"), [said], now)
    if not text(seen.state, "startTimestamp"):
        yield from _fail(seen, status, now, "migration aborted before it began")
    elif not flag(seen.state, "abortRequested"):
        wanted = migrating.with_state(vmi, abortRequested=True)
        yield from status_patch(VIRTUAL_MACHINE_INSTANCE, vmi, wanted)


def _fail(seen: Seen, status: Document, now: float, why: str) -> Iterator[Change]:
    """The guest stays where it is: what was made for it goes."""
    phases.enter(status, "Failed", now)
    state = dict(seen.state)
    if seen.vmi is not None and migrating.is_under_way(migrating.state_of(seen.vmi, _uid(seen))):
        ended: Document = {
            "completed": True,
            "failed": True,
            "failureReason": why,
            "endTimestamp": stamp(now),
        }
        if is_deleting(seen.migration):
            ended |= {"abortRequested": True, "abortStatus": "Succeeded"}
        state |= ended
        wanted = migrating.with_state(seen.vmi, **ended)
        yield from status_patch(VIRTUAL_MACHINE_INSTANCE, seen.vmi, wanted)
    if state:
        status["migrationState"] = state
    message = f"Source node reported migration failed: {why}"
    yield Announce(about=seen.migration, reason="FailedMigration", message=message, warning=True)


def _uid(seen: Seen) -> str:
    return uid_of(seen.migration)


def _after(seen: Seen) -> Iterator[Change]:
    """What is left to do about a migration that is over."""
    vmi, migration = seen.vmi, seen.migration
    if vmi is not None and migrating.TARGET_NODE in strings(vmi, "metadata", "labels"):
        others = migrating.migrations_of(seen.others, name_of(vmi))
        if not any(text(one, "status", "phase") in _AT_WORK for one in others):
            gone: Document = {"metadata": {"labels": {migrating.TARGET_NODE: None}}}
            yield patch(VIRTUAL_MACHINE_INSTANCE, vmi, gone)
    target = seen.target
    if seen.phase == "Failed" and target is not None and not is_deleting(target):
        yield delete(POD, target, grace=0)
    if vmi is None and not is_deleting(migration):
        yield delete(MIGRATION, migration)
    if FINALIZER in finalizers(migration):
        yield patch(MIGRATION, migration, without_finalizer(migration, FINALIZER))
    elif vmi is not None and not is_deleting(migration):
        yield from _forget(seen)


def _forget(seen: Seen) -> Iterator[Change]:
    """Keep the latest of an instance's migrations that are over."""
    namespace = namespace_of(seen.migration)
    near = [one for one in seen.others if namespace_of(one) == namespace]
    same = migrating.migrations_of([*near, seen.migration], _vmi_name(seen.migration))
    over = [one for one in same if migrating.is_final(one) and not is_deleting(one)]
    over.sort(key=lambda one: (text(one, "metadata", "creationTimestamp"), name_of(one)))
    for one in over[:-_KEPT]:
        yield delete(MIGRATION, one)
