"""Whether a pod may be evicted: what the machine in it and the disruption budgets say.

A launcher pod whose machine is to be moved is not deleted: its machine is marked with the node
that it shall leave, and the eviction is refused, so that who drains the node asks again
(spec/api.md section 5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from virtctl.errors import Cause, NotFound, StatusDetails, TooManyRequests
from virtctl.local.api.service import Actor, ApiService, WriteOptions
from virtctl.local.api.verbs import instances
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import (
    DISRUPTION_BUDGET,
    KUBEVIRT,
    POD,
    VIRTUAL_MACHINE_INSTANCE,
)
from virtctl.wire.labelselectors import read_selector
from virtctl.wire.patches import json_patch
from virtctl.wire.quantities import int_or_percent

WEBHOOK = "virt-launcher-eviction-interceptor.kubevirt.io"
_DOMAIN = "kubevirt.io/domain"
_ROLE = "kubevirt.io"


class Evictions:
    """Judges evictions of pods in ``service``."""

    def __init__(self, service: ApiService) -> None:
        self._service = service

    def check(self, pod: Document, actor: Actor, *, dry_run: bool = False) -> None:
        """Refuse an eviction, or let it pass. Raises ``TooManyRequests``."""
        role = documents.strings(pod, "metadata", "labels").get(_ROLE)
        if role == "hotplug-disk":
            self._check_attached(pod)
        if role == "virt-launcher":
            self._check_machine(pod, actor, dry_run=dry_run)
        namespace = documents.namespace_of(pod)
        budgets = self._service.list(DISRUPTION_BUDGET, namespace).items
        if budgets:
            check_budgets(pod, budgets, self._service.list(POD, namespace).items)

    def _check_attached(self, pod: Document) -> None:
        """Keep the pod that holds a volume of a machine while that runs."""
        namespace = documents.namespace_of(pod)
        owners = [*documents.objects(pod, "metadata", "ownerReferences")]
        owner = documents.text(owners[0], "name") if len(owners) == 1 else ""
        launcher = self._service.find(POD, namespace, owner) if owner else None
        if launcher is None or _is_over(launcher):
            return
        if documents.strings(launcher, "metadata", "labels").get(_ROLE) != "virt-launcher":
            return
        name = documents.strings(launcher, "metadata", "annotations").get(_DOMAIN, "")
        if name and self._service.find(VIRTUAL_MACHINE_INSTANCE, namespace, name) is not None:
            raise _denied(
                f"cannot evict hotplug pod: {documents.name_of(pod)} associated with running vmi: "
                f"{name} in namespace {namespace}"
            )

    def _check_machine(self, pod: Document, actor: Actor, *, dry_run: bool) -> None:
        name = documents.strings(pod, "metadata", "annotations").get(_DOMAIN, "")
        namespace = documents.namespace_of(pod)
        try:
            vmi = self._service.get(VIRTUAL_MACHINE_INSTANCE, namespace, name)
        except NotFound as error:
            if not name or _is_over(pod):
                return
            raise _denied(f"kubevirt failed getting the vmi: {error}") from None
        node = documents.text(pod, "spec", "nodeName")
        if _is_over(pod) or not must_move(vmi, self._configuration()):
            return
        triggered = f'Eviction triggered evacuation of VMI "{namespace}/{name}"'
        if documents.text(vmi, "status", "evacuationNodeName"):
            raise _denied(f"Evacuation in progress: {triggered}")
        if documents.text(vmi, "status", "nodeName") not in {"", node}:
            raise _denied("Eviction request for target Pod")
        system = Actor(actor.name, actor.groups, actor.uid, system=True)
        mark: Document = {"op": "add", "path": "/status/evacuationNodeName", "value": node}
        options = WriteOptions(actor=system, dry_run=dry_run)
        patch = json_patch(mark)
        self._service.patch(VIRTUAL_MACHINE_INSTANCE, namespace, name, patch, options=options)
        raise _denied(triggered)

    def _configuration(self) -> Document:
        for installed in self._service.list(KUBEVIRT).items:
            return documents.child(installed, "spec", "configuration")
        return {}


def must_move(vmi: Document, configuration: Document) -> bool:
    """Whether the machine is to be moved instead of ended. Raises ``TooManyRequests``."""
    if instances.is_final(vmi):
        return False
    movable = instances.has_condition(vmi, "LiveMigratable")
    match strategy_of(vmi, configuration):
        case "LiveMigrate" if not movable:
            raise _denied(
                f"VMI {documents.name_of(vmi)} is configured with an eviction strategy but is not "
                "live-migratable"
            )
        case "LiveMigrate" | "External":
            return True
        case "LiveMigrateIfPossible":
            return movable
        case _:
            return False


def strategy_of(vmi: Document, configuration: Document) -> str:
    """The eviction strategy in force: the machine's own, else the cluster's."""
    own = documents.text(vmi, "spec", "evictionStrategy")
    return own or documents.text(configuration, "evictionStrategy")


def _is_over(pod: Document) -> bool:
    return documents.text(pod, "status", "phase") in instances.FINAL_PHASES


def _denied(why: str) -> TooManyRequests:
    return TooManyRequests(f'admission webhook "{WEBHOOK}" denied the request: {why}')


def check_budgets(pod: Document, budgets: Iterable[Document], pods: Iterable[Document]) -> None:
    """Refuse when a PodDisruptionBudget forbids it. Raises ``TooManyRequests``."""
    near = list(pods)
    for budget in budgets:
        if not covers(budget, pod):
            continue
        found = standing(budget, near)
        if instances.has_condition(pod, "Ready") and found.spare < 1:
            raise _exhausted(budget, found)


@dataclass(frozen=True)
class Standing:
    """How the pods of a budget are: how many there are, are healthy, and have to be."""

    expected: int
    healthy: int
    needed: int

    @property
    def spare(self) -> int:
        """How many may go."""
        return max(self.healthy - self.needed, 0)


def covers(budget: Document, pod: Document) -> bool:
    """Whether ``pod`` counts for a budget: it is selected, and not over."""
    selector = documents.child(budget, "spec", "selector")
    labels = documents.strings(pod, "metadata", "labels")
    return (
        bool(selector)
        and read_selector(selector).matches(labels)
        and documents.text(pod, "status", "phase") not in instances.FINAL_PHASES
    )


def standing(budget: Document, pods: Iterable[Document]) -> Standing:
    """How those of ``pods`` are that a budget is about."""
    counted = [one for one in pods if covers(budget, one)]
    healthy = sum(instances.has_condition(one, "Ready") for one in counted)
    return Standing(len(counted), healthy, needed_by(budget, len(counted)))


def needed_by(budget: Document, expected: int) -> int:
    """How many healthy pods of ``expected`` a budget asks for."""
    least = documents.find(budget, "spec", "minAvailable")
    if isinstance(least, (int, str)):
        return int_or_percent(least, expected, round_up=True)
    most = documents.find(budget, "spec", "maxUnavailable")
    if isinstance(most, (int, str)):
        return max(expected - int_or_percent(most, expected, round_up=True), 0)
    return 0


def _exhausted(budget: Document, found: Standing) -> TooManyRequests:
    name = documents.name_of(budget)
    cause = Cause(
        "DisruptionBudget",
        f"The disruption budget {name} needs {found.needed} healthy pods"
        f" and has {found.healthy} currently",
        "",
    )
    return TooManyRequests(
        "Cannot evict pod as it would violate the pod's disruption budget.",
        StatusDetails(causes=(cause,)),
    )
