"""UserDefinedNetworks and ClusterUserDefinedNetworks: their definitions in namespaces, their end.

A definition that pods use stays, and so does its network, which says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from virtctl.errors import NotFound, VirtctlError
from virtctl.local.api.service import ApiService
from virtctl.local.networks import selections, usernetworks
from virtctl.local.networks.usernetworks import FINALIZER
from virtctl.local.runtime import conditions, reconcile
from virtctl.local.runtime.changes import Change, Create, delete, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import (
    controller_reference,
    finalizers,
    is_controlled_by,
    is_deleting,
    with_finalizer,
    without_finalizer,
)
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched, itself, owner
from virtctl.models.documents import (
    Document,
    child,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
)
from virtctl.models.kinds import (
    ATTACHMENT_DEFINITION,
    CLUSTER_USER_NETWORK,
    NAMESPACE,
    POD,
    USER_NETWORK,
    Kind,
)
from virtctl.wire.labelselectors import read_selector

_CONDITION = "NetworkCreated"
_CREATED = "NetworkAttachmentDefinitionCreated"
_GOING = "NetworkAttachmentDefinitionDeleted"
_FAILED = "NetworkAttachmentDefinitionSyncError"


@dataclass(frozen=True)
class Seen:
    """A network, namespaces that are to have it, definitions of its name, and who uses them."""

    network: Document
    namespaces: tuple[str, ...]
    definitions: tuple[Document, ...]
    users: dict[str, list[str]] = field(default_factory=dict)


class UserNetworkController:
    """Keeps the definitions of one of the two kinds."""

    component = "ovnkube-control-plane"

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.name = "user networks" if kind == USER_NETWORK else "cluster user networks"
        self._known: set[Key] = set()

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Networks, definitions, pods that use them, and namespaces for their labels."""
        everything: Callable[[Document], Iterable[Key]] = lambda _: tuple(self._known)  # noqa: E731
        watched = (
            Watched(self._kind, self._note),
            Watched(ATTACHMENT_DEFINITION, owner(self._kind)),
            Watched(POD, everything),
        )
        if self._kind == CLUSTER_USER_NETWORK:
            return (*watched, Watched(NAMESPACE, everything))
        return watched

    def _note(self, network: Document) -> Iterable[Key]:
        keys = tuple(itself(network))
        self._known.update(keys)
        return keys

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The network of ``key``."""
        try:
            network = service.get(self._kind, key.namespace or None, key.name)
        except NotFound:
            self._known.discard(key)
            return None
        found = tuple(
            one for one in service.list(ATTACHMENT_DEFINITION).items if name_of(one) == key.name
        )
        users = {
            f"{namespace_of(one)}/{key.name}": sorted(_users(service, one))
            for one in found
            if is_controlled_by(one, network)
        }
        return Seen(network, tuple(self._namespaces(service, network)), found, users)

    def _namespaces(self, service: ApiService, network: Document) -> Iterator[str]:
        if self._kind == USER_NETWORK:
            yield namespace_of(network)
            return
        try:
            selector = read_selector(child(network, "spec", "namespaceSelector"))
        except VirtctlError:
            return
        for namespace in service.list(NAMESPACE).items:
            labels = strings(namespace, "metadata", "labels")
            if selector.matches(labels) and not is_deleting(namespace):
                yield name_of(namespace)

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """Make, change and remove definitions, and say how it is."""
        network = seen.network
        if is_deleting(network):
            return self._end(seen, now)
        changes: list[Change] = []
        if FINALIZER not in finalizers(network):
            changes.append(patch(self._kind, network, with_finalizer(network, FINALIZER)))
        problems: list[str] = []
        ours = {namespace_of(one): one for one in seen.definitions}
        for namespace in seen.namespaces:
            try:
                changes += self._definition(network, namespace, ours.get(namespace))
            except VirtctlError as error:
                problems.append(str(error))
        gone = [one for one in seen.definitions if namespace_of(one) not in seen.namespaces]
        kept = [one for one in gone if is_controlled_by(one, network)]
        changes += _removals(kept, seen.users, problems)
        return [*changes, *self._status(seen, problems, now)]

    def _definition(
        self, network: Document, namespace: str, known: Document | None
    ) -> Iterator[Change]:
        owner_of = controller_reference(self._kind, network)
        wanted = usernetworks.definition(network, namespace, owner_of)
        if known is None:
            yield Create(kind=ATTACHMENT_DEFINITION, document=wanted)
        elif not is_controlled_by(known, network):
            raise VirtctlError(
                "foreign NetworkAttachmentDefinition with the desired name already exist "
                f"[{namespace}/{name_of(network)}]"
            )
        elif text(known, "spec", "config") != text(wanted, "spec", "config"):
            yield patch(ATTACHMENT_DEFINITION, known, {"spec": wanted["spec"]})

    def _end(self, seen: Seen, now: float) -> Sequence[Change]:
        ours = [one for one in seen.definitions if is_controlled_by(one, seen.network)]
        problems: list[str] = []
        changes = _removals(ours, seen.users, problems)
        if problems:
            return [*changes, *self._status(seen, problems, now)]
        if FINALIZER in finalizers(seen.network):
            free = without_finalizer(seen.network, FINALIZER)
            changes.append(patch(self._kind, seen.network, free))
        return changes

    def _status(self, seen: Seen, problems: Sequence[str], now: float) -> Sequence[Change]:
        known = child(seen.network, "status")
        going = sorted(
            f"{namespace_of(one)}/{name_of(one)}" for one in seen.definitions if is_deleting(one)
        )
        if problems:
            wanted = condition(_CONDITION, "False", reason=_FAILED, message="\n".join(problems))
        elif going:
            message = f"NetworkAttachmentDefinition are being deleted: [{' '.join(going)}]"
            wanted = condition(_CONDITION, "False", reason=_GOING, message=message)
        else:
            message = "NetworkAttachmentDefinition has been created"
            if self._kind == CLUSTER_USER_NETWORK:
                message += f" in following namespaces: [{', '.join(sorted(seen.namespaces))}]"
            wanted = condition(_CONDITION, "True", reason=_CREATED, message=message)
        told = conditions.merged(objects(known, "conditions"), [wanted], now)
        return status_patch(self._kind, seen.network, {**known, "conditions": told})


def _removals(
    definitions: Iterable[Document], users: dict[str, list[str]], problems: list[str]
) -> list[Change]:
    """Remove definitions that no pod uses; ``problems`` gets the others."""
    changes: list[Change] = []
    for one in definitions:
        called = f"{namespace_of(one)}/{name_of(one)}"
        if using := users.get(called):
            problems.append(
                f"failed to delete NetworkAttachmentDefinition [{called}]: network in use by the "
                f"following pods: [{' '.join(using)}]"
            )
            continue
        if FINALIZER in finalizers(one):
            changes.append(patch(ATTACHMENT_DEFINITION, one, without_finalizer(one, FINALIZER)))
        if not is_deleting(one):
            changes.append(delete(ATTACHMENT_DEFINITION, one))
    return changes


def _users(service: ApiService, definition: Document) -> Iterator[str]:
    """Pods on a definition's network, as namespace/name."""
    wanted = f"{namespace_of(definition)}/{name_of(definition)}"
    for pod in service.list(POD).items:
        asked = strings(pod, "metadata", "annotations").get(selections.NETWORKS, "")
        if text(pod, "status", "phase") in {"Succeeded", "Failed"} or not asked:
            continue
        try:
            chosen = selections.parse(asked, namespace_of(pod))
        except VirtctlError:
            continue
        if any(one.network == wanted for one in chosen):
            yield f"{namespace_of(pod)}/{name_of(pod)}"
