"""VirtualMachineInstanceReplicaSet: so many instances of one template (api.md §1.3).

Instances that ended are deleted and replaced; those that are not ready go first when there are
too many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass

from virtctl.errors import ApiError, InvalidField, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, naming, phases, reconcile
from virtctl.local.runtime.changes import Announce, Change, Create, delete, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import (
    controller_of,
    controller_reference,
    is_controlled_by,
    is_deleting,
    references,
)
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.versions import note_version
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    flag,
    integer,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import INSTANCE_REPLICA_SET, VIRTUAL_MACHINE_INSTANCE
from virtctl.wire.labelselectors import read_selector, spell_selector

BURST = 250
"""Creations or deletions in one turn, as virt-controller's limit."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A replica set, its instances, and those that fit it and belong to nobody."""

    replica_set: Document
    instances: tuple[Document, ...] = ()
    orphans: tuple[Document, ...] = ()
    strangers: tuple[Document, ...] = ()

    @property
    def active(self) -> list[Document]:
        """The instances that count: neither over nor on their way out."""
        return [one for one in self.instances if _is_active(one)]

    @property
    def finished(self) -> list[Document]:
        """The instances that are to be replaced."""
        return [one for one in self.instances if not is_deleting(one) and not _is_active(one)]


class ReplicaSetController:
    """Keeps the number of instances."""

    name = "replicaset"
    component = "virtualmachinereplicaset-controller"

    def __init__(self) -> None:
        self._known: dict[Key, Document] = {}

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Replica sets, their instances, and instances that may become theirs."""
        return (
            Watched(INSTANCE_REPLICA_SET, self._note),
            Watched(VIRTUAL_MACHINE_INSTANCE, self._keepers),
        )

    def _note(self, document: Document) -> Iterable[Key]:
        key = Key(namespace_of(document), name_of(document))
        self._known[key] = child(document, "spec", "selector")
        return (key,)

    def _keepers(self, vmi: Document) -> Iterable[Key]:
        """The replica set of an instance; of nobody's instance, those that it may fit."""
        if controller_of(vmi) is not None:
            yield from reconcile.owner(INSTANCE_REPLICA_SET)(vmi)
            return
        labels = strings(vmi, "metadata", "labels")
        for key, selector in self._known.items():
            if key.namespace == namespace_of(vmi) and _fits(selector, labels):
                yield key

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The replica set of ``key`` and its instances; None when its selector is no good."""
        try:
            found = service.get(INSTANCE_REPLICA_SET, *key)
            selector = read_selector(child(found, "spec", "selector"))
        except NotFound:
            self._known.pop(key, None)
            return None
        except InvalidField:
            return None
        labels = strings(found, "spec", "template", "metadata", "labels")
        if not labels or not selector.matches(labels):
            return None
        near = service.list(VIRTUAL_MACHINE_INSTANCE, key.namespace).items
        fits = {uid_of(one) for one in near if selector.matches(strings(one, "metadata", "labels"))}
        ours = [one for one in near if is_controlled_by(one, found)]
        free = [one for one in near if controller_of(one) is None and not is_deleting(one)]
        return Seen(
            replica_set=found,
            instances=tuple(one for one in ours if uid_of(one) in fits),
            orphans=tuple(one for one in free if uid_of(one) in fits),
            strangers=tuple(one for one in ours if uid_of(one) not in fits),
        )

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """What to change about one replica set."""
        if is_deleting(seen.replica_set):
            return []
        made: list[Change] = list(note_version(INSTANCE_REPLICA_SET, seen.replica_set))
        made.extend(_claim(seen))
        if not is_paused(seen.replica_set) and not seen.orphans:
            made.extend(_scale(seen, now))
        made.extend(_report(seen, now, None))
        return made

    def refused(
        self, seen: Seen, change: reconcile.Doable, error: ApiError, now: float
    ) -> Sequence[reconcile.Doable]:
        """A creation or deletion that was refused is a failure of the replica set."""
        making = isinstance(change, Create)
        reason = "FailedCreate" if making else "FailedDelete"
        what = (
            "creating virtual machine instance" if making else "deleting virtual machine instance"
        )
        message = f"Error {what}: {error}"
        said = Announce(about=seen.replica_set, reason=reason, message=message, warning=True)
        failure = condition("ReplicaFailure", "True", reason=reason, message=str(error))
        return [said, *_report(seen, now, failure)]


def _fits(selector: Document, labels: dict[str, str]) -> bool:
    try:
        return read_selector(selector).matches(labels)
    except InvalidField:
        return False


def is_paused(document: Document) -> bool:
    """Whether nothing is to be made or deleted."""
    return flag(document, "spec", "paused")


def replicas(document: Document) -> int:
    """``spec.replicas``, 1 unless given."""
    return integer(document, "spec", "replicas", default=1)


def _is_active(vmi: Document) -> bool:
    ready = conditions.find_condition(vmi, "Ready")
    losing = ready is not None and text(ready, "reason") == "PodTerminating"
    return not (phases.is_final(vmi) or is_deleting(vmi) or losing)


def _claim(seen: Seen) -> Iterator[Change]:
    """Adopt what fits and is nobody's; let go of what fits no more."""
    owner = controller_reference(INSTANCE_REPLICA_SET, seen.replica_set)
    for orphan in seen.orphans:
        yield _with_owners(orphan, [*references(orphan), owner])
    for stranger in seen.strangers:
        kept = [one for one in references(stranger) if text(one, "uid") != uid_of(seen.replica_set)]
        yield _with_owners(stranger, kept)


def _with_owners(vmi: Document, owners: Iterable[Document]) -> Change:
    listed: list[JsonValue] = list(owners)
    body: Document = {"metadata": {"ownerReferences": listed or None}}
    return patch(VIRTUAL_MACHINE_INSTANCE, vmi, body)


def _scale(seen: Seen, now: float) -> Iterator[Change]:
    active = seen.active
    excess = len(active) - replicas(seen.replica_set)
    for position in range(min(-excess, BURST)):
        vmi = build_instance(seen.replica_set, now, position)
        yield Create(kind=VIRTUAL_MACHINE_INSTANCE, document=vmi)
        message = "Started the virtual machine by creating the new virtual machine instance "
        yield _said(seen, "SuccessfulCreate", message + name_of(vmi))
    for vmi in sorted(active, key=_worth)[: min(max(excess, 0), BURST)]:
        yield delete(VIRTUAL_MACHINE_INSTANCE, vmi)
        message = "Stopped the virtual machine by deleting the virtual machine instance "
        yield _said(seen, "SuccessfulDelete", message + uid_of(vmi))
    for vmi in seen.finished[:BURST]:
        yield delete(VIRTUAL_MACHINE_INSTANCE, vmi)
        yield _said(seen, "SuccessfulDelete", f"Deleted finished virtual machine: {uid_of(vmi)}")


def _said(seen: Seen, reason: str, message: str) -> Announce:
    return Announce(about=seen.replica_set, reason=reason, message=message)


def _worth(vmi: Document) -> tuple[bool, bool, str]:
    """What goes first sorts first: what does not run, then what is not ready, then by name."""
    return phases.phase_of(vmi) == "Running", conditions.holds(vmi, "Ready"), name_of(vmi)


def build_instance(replica_set: Document, now: float, position: int) -> Document:
    """A new instance of the template; ``now`` and ``position`` make its name its own."""
    template = deepcopy(child(replica_set, "spec", "template"))
    metadata = child(template, "metadata")
    base = text(metadata, "name") or text(metadata, "generateName") or name_of(replica_set)
    made: Document = {
        "name": naming.generated(base, uid_of(replica_set), now, position),
        "generateName": base,
        "namespace": namespace_of(replica_set),
        "labels": dict(strings(metadata, "labels")),
        "annotations": dict(strings(metadata, "annotations")),
        "ownerReferences": [controller_reference(INSTANCE_REPLICA_SET, replica_set)],
    }
    return {
        "apiVersion": VIRTUAL_MACHINE_INSTANCE.api_version,
        "kind": VIRTUAL_MACHINE_INSTANCE.name,
        "metadata": {key: value for key, value in made.items() if value},
        "spec": child(template, "spec"),
    }


def _report(seen: Seen, now: float, failure: Document | None) -> Iterator[reconcile.Doable]:
    document = seen.replica_set
    status = dict(child(document, "status"))
    paused = is_paused(document)
    was_paused = conditions.holds(document, "ReplicaPaused")
    wanted = [] if failure is None else [failure]
    if paused:
        wanted.append(
            condition("ReplicaPaused", "True", reason="Paused", message="Controller got paused")
        )
    drop = {"ReplicaFailure", "ReplicaPaused"} - {text(one, "type") for one in wanted}
    found = conditions.merged(objects(document, "status", "conditions"), wanted, now, drop=drop)
    status["labelSelector"] = spell_selector(child(document, "spec", "selector"))
    _put(status, "replicas", len(seen.active))
    _put(status, "readyReplicas", sum(conditions.holds(one, "Ready") for one in seen.active))
    _put(status, "conditions", found)
    yield from status_patch(INSTANCE_REPLICA_SET, document, status)
    if paused and not was_paused:
        yield _said(seen, "SuccessfulPaused", "Paused")
    elif was_paused and not paused:
        yield _said(seen, "SuccessfulResumed", "Resumed")


def _put(status: Document, key: str, value: JsonValue) -> None:
    """Set ``key``, or leave it out when it says nothing, as Go's ``omitempty`` does."""
    if value:
        status[key] = value
    elif find(status, key) is not None:
        status.pop(key)
