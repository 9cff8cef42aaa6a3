"""Keeps KubeVirt and AAQ as the HyperConverged object wants them, and says how they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.controllers.hyperconverged.configuration import (
    AAQ_NAME,
    Surroundings,
    aware_quotas,
    configured,
)
from virtctl.local.runtime import conditions, reconcile
from virtctl.local.runtime.changes import Change, Create, Patch, delete, patch_of, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    flag,
    integer,
    name_of,
    namespace_of,
    objects,
    text,
    uid_of,
)
from virtctl.models.kinds import AAQ, HYPERCONVERGED, KUBEVIRT, NODE, Kind

NAME = "kubevirt-hyperconverged"
_DONE = ("ReconcileCompleted", "Reconcile completed successfully")
_TYPES = ("ReconcileComplete", "Available", "Progressing", "Degraded", "Upgradeable")


@dataclass(frozen=True)
class Seen:
    """The object, and what it is about."""

    hco: Document
    kubevirt: Document | None = None
    aaq: Document | None = None
    architectures: tuple[str, ...] = ()
    nodes: int = 1


class HyperConvergedController:
    """The operator of HyperConverged objects in ``namespace``; ``version`` is the daemon's."""

    name = "hyperconverged"
    component = "hyperconverged-cluster-operator"

    def __init__(self, namespace: str, version: str) -> None:
        self._namespace = namespace
        self._version = version

    @property
    def watched(self) -> tuple[Watched, ...]:
        """HyperConverged objects, what they manage and set again, and what that depends on."""
        return (
            Watched(HYPERCONVERGED, reconcile.itself),
            Watched(KUBEVIRT, self._ours),
            Watched(AAQ, self._ours),
            Watched(NODE, self._ours),
        )

    def _ours(self, document: Document) -> Iterable[Key]:
        del document
        return (Key(self._namespace, NAME),)

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The object of ``key``, the KubeVirt of its namespace, AAQ's object, and the nodes."""
        try:
            hco = service.get(HYPERCONVERGED, *key)
        except NotFound:
            return None
        installed = service.list(KUBEVIRT, self._namespace).items
        nodes = service.list(NODE).items
        found = {text(node, "status", "nodeInfo", "architecture") for node in nodes}
        return Seen(
            hco,
            installed[0] if installed else None,
            service.find(AAQ, "", AAQ_NAME),
            tuple(sorted(found - {""})),
            len(nodes),
        )

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """What to set, and the status."""
        if is_deleting(seen.hco):
            return []
        if (namespace_of(seen.hco), name_of(seen.hco)) != (self._namespace, NAME):
            return list(status_patch(HYPERCONVERGED, seen.hco, self._refused(seen, now)))
        changes: list[Change] = []
        if seen.kubevirt is not None:
            changes.extend(_configure(seen.kubevirt, seen))
        changes.extend(_quotas(seen))
        changes.extend(status_patch(HYPERCONVERGED, seen.hco, self._status(seen, now)))
        return changes

    def _refused(self, seen: Seen, now: float) -> Document:
        why = f"Request does not match expected name ({NAME}) and namespace ({self._namespace})"
        said = [condition("ReconcileComplete", "False", reason="InvalidRequest", message=why)]
        said += [
            condition(kind, "Unknown", reason="InvalidRequest", message=why) for kind in _TYPES[1:]
        ]
        return _with_conditions(seen.hco, said, now)

    def _status(self, seen: Seen, now: float) -> Document:
        problems = _problems(seen.kubevirt)
        made = _with_conditions(seen.hco, _conditions(problems), now)
        several = seen.nodes > 1
        made |= {
            "infrastructureHighlyAvailable": several,
            "nodeInfo": {
                "controlPlaneArchitectures": [*seen.architectures],
                "workloadsArchitectures": [*seen.architectures],
            },
            "observedGeneration": integer(seen.hco, "metadata", "generation"),
            "relatedObjects": _related((KUBEVIRT, seen.kubevirt), (AAQ, seen.aaq)),
            "systemHealthStatus": "error" if problems else "healthy",
            "versions": [{"name": "operator", "version": self._version or "dev"}],
        }
        return made


def _configure(kubevirt: Document, seen: Seen) -> tuple[Change, ...]:
    spec = child(kubevirt, "spec")
    emulated = flag(spec, "configuration", "developerConfiguration", "useEmulation")
    wanted = configured(spec, seen.hco, Surroundings(emulated, seen.nodes > 1))
    return patch_of(KUBEVIRT, kubevirt, {**kubevirt, "spec": wanted})


def _quotas(seen: Seen) -> list[Change]:
    wanted = aware_quotas(seen.hco)
    if wanted is None:
        return [] if seen.aaq is None else [delete(AAQ, seen.aaq)]
    if seen.aaq is None:
        return [Create(kind=AAQ, document=wanted)]
    changes: tuple[Patch, ...] = patch_of(AAQ, seen.aaq, {**seen.aaq, "spec": wanted["spec"]})
    return [*changes]


def _problems(kubevirt: Document | None) -> list[tuple[str, str]]:
    """What keeps KubeVirt from being well: conditions and what they say."""
    if kubevirt is None:
        return [("NotFound", "there is no KubeVirt object")]
    well = {"Available": "True", "Progressing": "False", "Degraded": "False"}
    found = []
    for kind, wanted in well.items():
        known = conditions.find_condition(kubevirt, kind)
        if known is not None and text(known, "status") != wanted:
            found.append((kind, text(known, "message")))
    return found


def _conditions(problems: list[tuple[str, str]]) -> list[Document]:
    reason, message = _DONE
    wanted = {kind: kind not in {"Progressing", "Degraded"} for kind in _TYPES}
    made = {
        kind: condition(kind, str(value), reason=reason, message=message)
        for kind, value in wanted.items()
    }
    for about, said in problems:
        kind = "Available" if about == "NotFound" else about
        why = "KubeVirtConditions" if about == "NotFound" else f"KubeVirt{about}"
        told = f"KubeVirt: {said or 'it does not say why'}"
        made[kind] = condition(kind, str(not wanted[kind]), reason=why, message=told)
        made["Upgradeable"] = condition("Upgradeable", "False", reason=why, message=told)
    return list(made.values())


def _with_conditions(hco: Document, said: list[Document], now: float) -> Document:
    status = dict(child(hco, "status"))
    generation = integer(hco, "metadata", "generation")
    stamped: list[Document] = [{**one, "observedGeneration": generation} for one in said]
    status["conditions"] = conditions.merged(objects(status, "conditions"), stamped, now)
    return status


def _related(*found: tuple[Kind, Document | None]) -> list[JsonValue]:
    return [
        {
            "apiVersion": kind.api_version,
            "kind": kind.name,
            "name": name_of(document),
            **({"namespace": namespace_of(document)} if kind.namespaced else {}),
            "uid": uid_of(document),
        }
        for kind, document in found
        if document is not None
    ]
