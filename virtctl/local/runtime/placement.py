"""Where a pod's affinities and spread constraints let it go. Pure.

Each function gives the reason against a node in the scheduler's words, or an empty string.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from virtctl.models.documents import (
    Document,
    child,
    find,
    integer,
    items,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
)
from virtctl.wire.labelselectors import read_requirements, read_selector

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_SPREAD = "node(s) didn't match pod topology spread constraints"
HOSTNAME = "kubernetes.io/hostname"


def selection_refusal(pod: Document, node: Document) -> str:
    """Whether the pod's node selector and node affinity leave ``node`` out."""
    labels = strings(node, "metadata", "labels")
    wanted = strings(pod, "spec", "nodeSelector")
    terms = find(pod, "spec", "affinity", "nodeAffinity", _REQUIRED, "nodeSelectorTerms")
    matches = all(labels.get(key) == value for key, value in wanted.items())
    if matches and isinstance(terms, list):
        matches = any(isinstance(term, dict) and _fits(term, node, labels) for term in terms)
    return "" if matches else "node(s) didn't match Pod's node affinity/selector"


def _fits(term: Document, node: Document, labels: dict[str, str]) -> bool:
    if not term.get("matchExpressions") and not term.get("matchFields"):
        return False  # a term that asks for nothing selects nothing
    fields = {"metadata.name": name_of(node)}
    return read_requirements(term, "matchExpressions").matches(labels) and read_requirements(
        term, "matchFields"
    ).matches(fields)


def affinity_refusal(
    pod: Document, node: Document, nodes: Sequence[Document], placed: Sequence[Document]
) -> str:
    """Whether pods that ``pod`` must be with are elsewhere, or those that it avoids are there.

    The first pod of a group whose members want to be together may go anywhere.
    """
    for term in objects(pod, "spec", "affinity", "podAffinity", _REQUIRED):
        about = [other for other in placed if _is_meant(pod, term, other)]
        if not about and _is_meant(pod, term, pod):
            continue
        if not _share(term, node, nodes, about):
            return "node(s) didn't match pod affinity rules"
    for term in objects(pod, "spec", "affinity", "podAntiAffinity", _REQUIRED):
        about = [
            other
            for other in placed
            if name_of(other) != name_of(pod) and _is_meant(pod, term, other)
        ]
        if _share(term, node, nodes, about):
            return "node(s) didn't match pod anti-affinity rules"
    return ""


def _is_meant(pod: Document, term: Document, other: Document) -> bool:
    namespaces = [*items(term, "namespaces")] or [namespace_of(pod)]
    return namespace_of(other) in namespaces and read_selector(
        child(term, "labelSelector")
    ).matches(strings(other, "metadata", "labels"))


def _share(
    term: Document, node: Document, nodes: Sequence[Document], pods: Iterable[Document]
) -> bool:
    """Whether one of ``pods`` is in the domain of ``node``."""
    domains = _domains(nodes, text(term, "topologyKey"))
    here = domains.get(name_of(node))
    return here is not None and any(
        domains.get(text(pod, "spec", "nodeName")) == here for pod in pods
    )


def _domains(nodes: Iterable[Document], key: str) -> dict[str, str]:
    """The value of the topology label, by node. Nodes without it are left out."""
    found = {}
    for node in nodes:
        labels = strings(node, "metadata", "labels")
        default = name_of(node) if key == HOSTNAME else ""
        if value := labels.get(key, default):
            found[name_of(node)] = value
    return found


def spread_refusal(
    pod: Document, node: Document, nodes: Sequence[Document], placed: Sequence[Document]
) -> str:
    """Whether the pod would be one too many in the domain of ``node``."""
    eligible = [one for one in nodes if not selection_refusal(pod, one)]
    for constraint in _constraints(pod):
        domains = _domains(eligible, text(constraint, "topologyKey"))
        here = domains.get(name_of(node))
        if here is None:
            return f"{_SPREAD} (missing required label)"
        selector = read_selector(child(constraint, "labelSelector"))
        counts = dict.fromkeys(domains.values(), 0)
        for other in placed:
            domain = domains.get(text(other, "spec", "nodeName"))
            if domain and namespace_of(other) == namespace_of(pod):
                counts[domain] += selector.matches(strings(other, "metadata", "labels"))
        itself = selector.matches(strings(pod, "metadata", "labels"))
        skew = counts[here] + itself - min(counts.values())
        if skew > integer(constraint, "maxSkew", default=1):
            return _SPREAD
    return ""


def _constraints(pod: Document) -> Iterator[Document]:
    for constraint in objects(pod, "spec", "topologySpreadConstraints"):
        if text(constraint, "whenUnsatisfiable") != "ScheduleAnyway":
            yield constraint
