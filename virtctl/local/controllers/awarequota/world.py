"""What application-aware quotas are about: namespaces, their pods and machines, and the quotas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from virtctl.local.api.quotas import aware
from virtctl.local.api.quotas.allowance import hard, in_scope
from virtctl.local.api.quotas.usage import Usage, counts, total
from virtctl.local.runtime.podmanifest import overhead_of, settings_of
from virtctl.models.documents import (
    Document,
    child,
    flag,
    name_of,
    namespace_of,
    strings,
    text,
)
from virtctl.models.kinds import POD
from virtctl.wire.quantities import Quantity

_ALLOWED = ("spec", "configuration", "allowApplicationAwareClusterResourceQuota")


@dataclass(frozen=True)
class World:
    """Everything, as it was read at once. ``others`` is what is used of things that are no pods.

    ``configuration`` is that of the KubeVirt object.
    """

    aaq: Document | None
    namespaces: tuple[Document, ...] = ()
    pods: tuple[Document, ...] = ()
    machines: dict[tuple[str, str], Document] = field(default_factory=dict)
    quotas: tuple[Document, ...] = ()
    cluster_quotas: tuple[Document, ...] = ()
    applied: tuple[Document, ...] = ()
    managed: tuple[Document, ...] = ()
    others: dict[tuple[str, str], Usage] = field(default_factory=dict)
    configuration: Document = field(default_factory=dict)

    @property
    def allows_cluster_quotas(self) -> bool:
        """Whether quotas of several namespaces are followed."""
        return self.aaq is not None and flag(self.aaq, *_ALLOWED)

    def usage(self, pod: Document) -> Usage:
        """What ``pod`` uses."""
        domain = strings(pod, "metadata", "annotations").get("kubevirt.io/domain", "")
        vmi = self.machines.get((namespace_of(pod), domain))
        overhead = 0 if vmi is None else overhead_of(vmi, settings_of(self.configuration))
        return aware.pod_usage(pod, vmi, aware.method_of(self.aaq or {}), overhead)

    def is_for(self, namespace: str) -> bool:
        """Whether AAQ is for the namespace called so."""
        if self.aaq is None:
            return False
        found = (one for one in self.namespaces if name_of(one) == namespace)
        return any(aware.selects(self.aaq, one) for one in found)

    def limits(self) -> Iterator[Limit]:
        """All quotas that are followed."""
        for quota in self.quotas:
            yield Limit(quota, quota, (namespace_of(quota),))
        if self.allows_cluster_quotas:
            for quota in self.cluster_quotas:
                rules: Document = {"spec": child(quota, "spec", "quota")}
                yield Limit(quota, rules, tuple(self.chosen(quota)))

    def chosen(self, quota: Document) -> Iterator[str]:
        """The namespaces that a cluster quota is for, in the order of their names."""
        labels = child(quota, "spec", "selector", "labels")
        notes = child(quota, "spec", "selector", "annotations")
        for namespace in sorted(self.namespaces, key=name_of):
            theirs = strings(namespace, "metadata", "annotations")
            is_noted = all(theirs.get(key) == value for key, value in notes.items())
            if is_noted and aware.fits(labels, namespace):
                yield name_of(namespace)


@dataclass(frozen=True)
class Limit:
    """A quota. ``rules`` is a document with ``spec.hard`` and scopes, as ResourceQuotas have."""

    quota: Document
    rules: Document
    namespaces: tuple[str, ...]

    @property
    def hard(self) -> dict[str, Quantity]:
        """How much there may be."""
        return hard(self.rules)

    def counts(self, pod: Document) -> bool:
        """Whether ``pod`` counts for it, if it runs."""
        return namespace_of(pod) in self.namespaces and in_scope(self.rules, POD, pod)

    def used(self, world: World, pods: tuple[Document, ...], namespace: str) -> Usage:
        """How much ``pods`` of ``namespace``, and other things there, use of it."""
        counted = [
            world.usage(pod) for pod in pods if namespace_of(pod) == namespace and self.counts(pod)
        ]
        sums = total(counted) | world.others.get((name_of(self.quota), namespace), {})
        return {name: sums.get(name, Quantity(0)) for name in self.hard}


def runs(pod: Document) -> bool:
    """Whether ``pod`` uses anything: it has been let go, and is not over."""
    return counts(POD, pod) and not aware.is_gated(pod)


def waiting(world: World) -> list[Document]:
    """Pods that wait for room, those first that have waited longest."""
    gated = [pod for pod in world.pods if counts(POD, pod) and aware.is_gated(pod)]
    return sorted(gated, key=lambda pod: (text(pod, "metadata", "creationTimestamp"), name_of(pod)))
