"""Status of policies for networks of nodes, from what each node made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import nodepolicies, reconcile
from virtctl.local.runtime.changes import Change, delete, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched, itself
from virtctl.models.documents import Document, name_of, strings
from virtctl.models.kinds import NODE, NODE_NETWORK_ENACTMENT, NODE_NETWORK_POLICY


@dataclass(frozen=True)
class Seen:
    """A policy, the nodes that it is for, and their enactments."""

    policy: Document
    nodes: tuple[Document, ...]
    enactments: tuple[Document, ...]
    orphans: tuple[Document, ...] = ()


class NodeNetworkController:
    """Keeps the status of NodeNetworkConfigurationPolicies."""

    name = "node networks"
    component = "nmstate-handler"

    def __init__(self) -> None:
        self._known: set[Key] = set()

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Policies, enactments, and nodes for their labels."""
        return (
            Watched(NODE_NETWORK_POLICY, self._note),
            Watched(NODE_NETWORK_ENACTMENT, _policy_of),
            Watched(NODE, lambda _: tuple(self._known)),
        )

    def _note(self, policy: Document) -> Iterable[Key]:
        keys = tuple(itself(policy))
        self._known.update(keys)
        return keys

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The policy of ``key``."""
        try:
            policy = service.get(NODE_NETWORK_POLICY, None, key.name)
        except NotFound:
            self._known.discard(key)
            return None
        every = service.list(NODE).items
        nodes = tuple(
            node
            for node in every
            if nodepolicies.selects(policy, strings(node, "metadata", "labels"))
        )
        enactments = tuple(
            each
            for each in service.list(NODE_NETWORK_ENACTMENT).items
            if _labels(each) in {(key.name, name_of(node)) for node in nodes}
        )
        there = {name_of(node) for node in every}
        orphans = tuple(
            each
            for each in service.list(NODE_NETWORK_ENACTMENT).items
            if _labels(each)[0] == key.name and _labels(each)[1] not in there
        )
        return Seen(policy, nodes, enactments, orphans)

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """The policy's status, and the end of enactments on nodes that are gone."""
        if is_deleting(seen.policy):
            return ()
        status = nodepolicies.policy_status(seen.policy, seen.nodes, seen.enactments, now)
        gone = [delete(NODE_NETWORK_ENACTMENT, each) for each in seen.orphans]
        return (*gone, *status_patch(NODE_NETWORK_POLICY, seen.policy, status))


def _labels(enactment: Document) -> tuple[str, str]:
    labels = strings(enactment, "metadata", "labels")
    return labels.get(nodepolicies.POLICY_LABEL, ""), labels.get(nodepolicies.NODE_LABEL, "")


def _policy_of(enactment: Document) -> Iterable[Key]:
    policy, _ = _labels(enactment)
    return (Key("", policy),) if policy else ()
