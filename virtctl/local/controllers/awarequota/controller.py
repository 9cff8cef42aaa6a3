"""Keeps application-aware quotas, and lets gated pods go when there is room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from virtctl.local.api.quotas import aware
from virtctl.local.api.quotas.allowance import hard, used_of
from virtctl.local.api.quotas.usage import Usage, is_launcher
from virtctl.local.api.service import ApiService
from virtctl.local.controllers.awarequota.decision import decide, is_managed
from virtctl.local.controllers.awarequota.world import World
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Change
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, child, name_of, namespace_of
from virtctl.models.kinds import (
    AAQ,
    AWARE_APPLIED_QUOTA,
    AWARE_CLUSTER_QUOTA,
    AWARE_QUOTA,
    KUBEVIRT,
    NAMESPACE,
    POD,
    RESOURCE_QUOTA,
    VIRTUAL_MACHINE_INSTANCE,
    Kind,
)

_ALL = Key("", "all")
_QUOTAS = (AAQ, AWARE_QUOTA, AWARE_CLUSTER_QUOTA, AWARE_APPLIED_QUOTA)


class AwareQuotaController:
    """All quotas are looked at together: a pod may be held by several, of several namespaces."""

    name = "aware quotas"
    component = "aaq-controller"

    def __init__(self, version: str) -> None:
        self._version = version
        self._is_used = False

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Quotas, and while there are any, what they count."""
        always = (Watched(kind, lambda _: (_ALL,)) for kind in _QUOTAS)
        counted = (POD, VIRTUAL_MACHINE_INSTANCE, NAMESPACE, RESOURCE_QUOTA)
        return (*always, *(Watched(kind, self._counted) for kind in counted))

    def _counted(self, document: Document) -> Iterable[Key]:
        return (_ALL,) if self._is_used or aware.is_gated(document) else ()

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> World | None:
        """Everything that quotas are about; nothing while nobody has any."""
        del key
        found = {kind: tuple(service.list(kind).items) for kind in _QUOTAS}
        self._is_used = any(found.values())
        pods = tuple(service.list(POD).items)
        if not self._is_used:
            gated = tuple(pod for pod in pods if aware.is_gated(pod))
            return World(None, pods=gated) if gated else None
        return World(
            aaq=next(iter(found[AAQ]), None),
            namespaces=tuple(service.list(NAMESPACE).items),
            pods=pods,
            machines={
                (namespace_of(one), name_of(one)): one
                for one in service.list(VIRTUAL_MACHINE_INSTANCE).items
            }
            if any(is_launcher(pod) for pod in pods)
            else {},
            quotas=found[AWARE_QUOTA],
            cluster_quotas=found[AWARE_CLUSTER_QUOTA],
            applied=found[AWARE_APPLIED_QUOTA],
            managed=tuple(one for one in service.list(RESOURCE_QUOTA).items if is_managed(one)),
            others={
                (name_of(quota), namespace_of(quota)): _others(quota, service)
                for quota in found[AWARE_QUOTA]
            },
            configuration=next(
                (child(one, "spec", "configuration") for one in service.list(KUBEVIRT).items), {}
            ),
        )

    def decide(self, seen: World, now: float) -> Sequence[Change]:
        """Pods to let go, and the status of all quotas."""
        return list(decide(seen, self._version, now))


def _others(quota: Document, service: ApiService) -> Usage:
    names = [name for name in hard(quota) if not aware.is_of_pods(name)]
    return used_of(quota, names, _Stored(service)) if names else {}


class _Stored:
    """What ``service`` has, as rules read it."""

    def __init__(self, service: ApiService) -> None:
        self._service = service

    def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """One object; None when it is not there."""
        return self._service.find(kind, namespace, name)

    def list(self, kind: Kind, namespace: str) -> Iterable[Document]:
        """The objects of a namespace."""
        return self._service.list(kind, namespace).items
