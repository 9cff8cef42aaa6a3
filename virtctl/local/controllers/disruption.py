"""PodDisruptionBudgets say how many pods may go, as kube-controller-manager's controller has it.

Who evicts is answered by the pods themselves (:mod:`virtctl.local.api.verbs.eviction`); this is
what ``kubectl get pdb`` and those who drain nodes read.
"""

from __future__ import annotations

from dataclasses import dataclass

from virtctl.local.api.service import ApiService
from virtctl.local.api.verbs.eviction import standing
from virtctl.local.runtime import conditions, reconcile
from virtctl.local.runtime.changes import Change, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, JsonValue, integer, namespace_of, objects
from virtctl.models.kinds import DISRUPTION_BUDGET, POD


@dataclass(frozen=True)
class Seen:
    """The budgets of a namespace and, when there are any, its pods."""

    budgets: tuple[Document, ...] = ()
    pods: tuple[Document, ...] = ()


class DisruptionController:
    """Keeps the status of disruption budgets."""

    name = "disruption"
    component = "disruption-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Budgets, and the pods that they may be about."""
        return (Watched(DISRUPTION_BUDGET, _all), Watched(POD, _all))

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen:
        """What is in the namespace."""
        budgets = service.list(DISRUPTION_BUDGET, key.namespace).items
        if not budgets:
            return Seen()
        pods = service.list(POD, key.namespace).items
        return Seen(tuple(budgets), tuple(pod for pod in pods if not is_deleting(pod)))

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """Write what is out of date."""
        return [
            change
            for budget in seen.budgets
            for change in status_patch(DISRUPTION_BUDGET, budget, _status(budget, seen.pods, now))
        ]


def _all(document: Document) -> tuple[Key, ...]:
    return (Key(namespace_of(document), "*"),)


def _status(budget: Document, pods: tuple[Document, ...], now: float) -> Document:
    found = standing(budget, pods)
    generation = integer(budget, "metadata", "generation")
    said = condition(
        "DisruptionAllowed",
        "True" if found.spare else "False",
        reason="SufficientPods" if found.spare else "InsufficientPods",
    )
    said |= {"message": "", "observedGeneration": generation}
    known = objects(budget, "status", "conditions")
    merged: list[JsonValue] = [*conditions.merged(known, [said], now)]
    return {
        "conditions": merged,
        "currentHealthy": found.healthy,
        "desiredHealthy": found.needed,
        "disruptionsAllowed": found.spare,
        "expectedPods": found.expected,
        "observedGeneration": generation,
    }
